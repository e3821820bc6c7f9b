"""What a clause is: one promise of time, when it starts, what stops it, what breach leads to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Literal

from sla_engine.policy.case import Case
from sla_engine.worktime import Amount, Instant, OfficeHours, Term

Status = Literal["published", "default"]

Liable = Literal["unit", "centre"]
"""Who answers for a clock: the unit that has the matter or is talked to, or whoever receives,
dispatches, calls back, verifies, talks or rules (受理中心)."""

ALL_HOURS = "24x7"
OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Text:
    """Chinese for officials, English beside it."""

    zh: str
    en: str


class Scope(Enum):
    """Whose clock it is (rule D16).

    PETITION clocks are never reset by return or redispatch; ASSIGNMENT clocks start anew for each
    handling unit; TALK clocks in each round (tier) of a talk. ITEM clocks belong to an entry of a
    list, ROUND clocks to a round, MEMBER clocks to its members, DISPUTE clocks to a dispute.
    """

    PETITION = "petition"
    ASSIGNMENT = "assignment"
    TALK = "talk"
    ITEM = "item"
    ROUND = "round"
    MEMBER = "member"
    DISPUTE = "dispute"

    kind: str
    """The kind of dossier that has such clocks."""
    laned: bool
    """Whether every lane of the dossier has a clock of its own."""

    def __init__(self, name: str) -> None:
        self.kind = {"assignment": "petition", "member": "round"}.get(name, name)
        self.laned = name in ("assignment", "talk", "member")


@dataclass(frozen=True, slots=True)
class Match:
    """All named fields must have one of their values, e.g. {"kind": ("建议", "投诉")}."""

    fields: Mapping[str, tuple[str, ...]]

    def __call__(self, traits: Mapping[str, str]) -> bool:
        return all(traits.get(name, "") in values for name, values in self.fields.items())


class Anchor(Enum):
    """Where a rung is measured from."""

    START = "start"
    DUE = "due"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class When:
    """Instant of a rung relative to its clock.

    START: `offset` after the start. DUE: `offset` before (sign -1) or after (sign +1) the due
    instant; whole working days mean the opening of the k-th working day before or after the due
    date (0: of the due date itself), natural days mean midnight so many days from the due date;
    `offset` None is the first instant that is late. PERCENT: share of the term's own clock.
    """

    anchor: Anchor
    sign: int = 0
    offset: Amount | None = None
    percent: int = 0

    @property
    def is_breach(self) -> bool:
        """Whether it is the first instant that is late."""
        return self.anchor is Anchor.DUE and self.offset is None


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder. `level` is an ordinal severity (never a colour; red may be praise).

    `from_cycle`: in a repeating clause the rung exists from that cycle on (2: the second time).
    """

    id: str
    when: When
    level: int
    act: str
    to: tuple[str, ...] = ()
    tier: int = 0
    basis: str = ""
    status: Status = "default"
    from_cycle: int = 1


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """延期 limits (D12): how often, how much each time, how much all extensions may add.

    `ask_before`: how long before the due instant it must be asked for at the latest; None: in time.
    """

    max_count: int
    each_max: Amount | None = None
    total_max: Amount | None = None
    basis: tuple[str, ...] = ()
    status: Status = "default"
    ask_before: Amount | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    """One clock's rule. `start` lists marks, the earliest starts it; `stop_any`/`stop_all` end it.

    `repeat`: every occurrence of a start mark opens a new cycle (rework); otherwise the first
    alone counts. `revision`: whether a calendar revision may shorten a term already notified.
    `late`: what is done after the due instant is "overdue", or "barred": the right is lost and the
    stop marks are refused (a return, an objection, a request for review); `final`: when it passes
    unused, the matter is finally closed (三级终结). `own_limit`: a list item may bring a limit of
    its own, `term` is for one that does not. `beside` names clauses of the same start and stop but
    another limit that run at the same time (a promise beside the statutory limit). `liable`: who is
    late when the term has passed. `measured`: a measure of the pack counts its verdicts.
    """

    id: str
    name: Text
    scope: Scope
    match: Match
    start: tuple[str, ...]
    stop_any: tuple[str, ...]
    stop_all: tuple[str, ...]
    term: Term
    hours: str
    pauses: frozenset[str]
    extension: ExtensionRule | None
    repeat: bool
    revision: Literal["recompute", "never_earlier"]
    rungs: tuple[Rung, ...]
    basis: tuple[str, ...]
    status: Status
    late: Literal["overdue", "barred"] = "overdue"
    own_limit: bool = False
    final: bool = False
    beside: tuple[str, ...] = ()
    liable: Liable = "unit"
    measured: bool = False
    barred: frozenset[str] = field(init=False)
    """Marks that come too late after the due instant. A return always does: silence is acceptance
    (rules D17, D18)."""
    lapses: bool = field(init=False)
    """Whether nobody is late after the due instant: whatever could stop the clock is a right that
    is lost then; or silence counts as consent (who has not returned a petition in time has
    accepted it), and no measure counts it as a miss."""

    @property
    def names_unit(self) -> bool:
        """Whether a unit answers for its clocks. In a round that is, for the centre, the office
        that runs it."""
        return self.liable == "unit" or self.scope.kind == "round"

    def __post_init__(self) -> None:
        stops = frozenset((*self.stop_any, *self.stop_all))
        lost = frozenset(self.stop_any if self.late == "barred" else ())
        if self.scope is Scope.ASSIGNMENT:
            lost |= stops & {"return_requested"}
        deemed = any(rung.act == "deem_accepted" and rung.when.is_breach for rung in self.rungs)
        lapses = (deemed and not self.measured) or (bool(lost) and lost == stops)
        object.__setattr__(self, "barred", lost)
        object.__setattr__(self, "lapses", lapses)


Cycle = Literal["", "day", "week", "month", "quarter", "half_year", "year"]

Form = Literal["board", "award", "report", "statement", "score", "walk", "publication", "batch"]


@dataclass(frozen=True, slots=True)
class Place:
    """One list of a board (榜): who gets on it. `praise`: it is an honour (红榜), no penalty.

    The `top` or `bottom` so many by score, those `below` a score, those of `at_least` a score;
    what is None or 0 does not select. Places are given in the order of the file, each member at
    most one; ties at the edge are all in.
    """

    id: str
    name: Text
    praise: bool
    top: int = 0
    bottom: int = 0
    below: int | None = None
    at_least: int | None = None
    basis: str = ""
    status: Status = "default"


@dataclass(frozen=True, slots=True)
class Series:
    """轮次 rules: rounds that come again (boards, awards, daily reports, statements, walks, scoring
    by enterprises, publications, batches). `cycle` "": opened by hand.

    `dimensions`: what is scored, `floor`: the mean score in a dimension below which an item is
    opened in the list `improve`. `measure`: the rate a board ranks by where scores come from the
    scorecard ("" when they are entered).
    """

    id: str
    name: Text
    form: Form
    cycle: Cycle
    places: tuple[Place, ...] = ()
    dimensions: Mapping[str, Text] = field(default_factory=dict)
    floor: Mapping[str, int] = field(default_factory=dict)
    improve: str = ""
    measure: str = ""
    basis: tuple[str, ...] = ()
    status: Status = "default"


@dataclass(frozen=True, slots=True)
class ListRules:
    """清单 rules. `needs`: milestones without which an item cannot be struck off. `despite`:
    grounds (容缺, 函证并行) on which an item may start while a predecessor is open."""

    id: str
    name: Text
    needs: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    status: Status = "default"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Escalation by repetition, per unit.

    `counts` names what is counted: "act:yellow" (an act told against the unit; "act:circular@month"
    only of that clause), "place:black" (a published board place), "talk:2" (a talk held at that
    tier). It is reached when `at_least` of them fall within `within`: a calendar period ("month",
    "quarter" …: once in each), or a length ("12个月": each one that completes the number);
    `consecutive` counts rounds of one series that follow each other without a gap.
    """

    id: str
    name: Text
    counts: tuple[str, ...]
    at_least: int
    within: str
    consecutive: bool
    act: str
    level: int
    tier: int = 0
    to: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    status: Status = "default"


@dataclass(frozen=True, slots=True)
class Measure:
    """A published rate: sum of the `numerator` counters over the sum of the `denominator` ones
    (projections/scorecard.py lists the counters). `numerator` alone: a count. `weights` instead: a
    composite of other measures in percent."""

    id: str
    name: Text
    formula: Text
    numerator: tuple[str, ...] = ()
    denominator: tuple[str, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    basis: tuple[str, ...] = ()
    status: Status = "default"

    @property
    def clauses(self) -> frozenset[str]:
        """Clauses whose verdicts it counts."""
        counters = (*self.numerator, *self.denominator)
        return frozenset(name.partition(".")[0] for name in counters if "." in name)

    @property
    def is_count(self) -> bool:
        """Published as a number, which is a share of nothing."""
        return bool(self.numerator) and not self.denominator and not self.weights


@dataclass(frozen=True, slots=True)
class Route:
    """派单目录: which unit a petition with these traits is dispatched to when nobody is named.

    `unit`, or whoever's unit holds `role` in the roster of the petition's region."""

    match: Match
    unit: str = ""
    role: str = ""
    level: str = ""
    basis: str = ""
    status: Status = "default"


@dataclass(frozen=True, slots=True)
class TalkRules:
    """约谈 rules: who may approve, how long a notice must precede, whether a deputy may come."""

    group_by: Literal["unit", "petition"]
    delegation_allowed: bool
    notice_lead: Mapping[int, Amount]
    parties: Mapping[int, tuple[Text, Text]]
    top_tier: int = 3
    basis: tuple[str, ...] = ()
    status: Status = "default"


@dataclass(frozen=True, slots=True)
class Level:
    """Label of an ordinal severity and the light it is shown in (display only)."""

    ordinal: int
    name: Text
    light: str


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a value comes from, for what is neither clause nor rung (office hours)."""

    basis: tuple[str, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class Pack:
    """One edition of a place's rules; immutable, identified by `digest`.

    `effective` is half open in local dates: [from, to), `to` None until a later edition begins.
    `recorded_at` is when the edition became known. `anchors` are the marks that start a clock.
    `digest` covers everything but the cases. `talks_by` names the pack that governs the talks this
    one leads to, where it has no rules of its own for them. `final`: marks that close
    a matter for good (三级终结).
    """

    name: str
    edition: str
    title: Text
    region: str
    calendar: str
    effective: tuple[date, date | None]
    basis: tuple[str, ...]
    status: Status
    hours: Mapping[str, OfficeHours]
    steps: Mapping[str, Text]
    roles: Mapping[str, Text]
    grounds: Mapping[str, Text]
    acts: Mapping[str, Text]
    levels: tuple[Level, ...]
    settle: Amount
    clauses: tuple[Clause, ...]
    talk: TalkRules | None
    cases: tuple[Case, ...]
    digest: str
    anchors: frozenset[str] = field(default=frozenset())
    recorded_at: Instant = 0
    cited: Mapping[str, Citation] = field(default_factory=dict)
    talks_by: str = ""
    final: tuple[str, ...] = ()
    exclusions: Mapping[str, Text] = field(default_factory=dict)
    questions: Mapping[str, Text] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    lists: Mapping[str, ListRules] = field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()
    measures: Mapping[str, Measure] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()

    def clause(self, clause_id: str) -> Clause:
        """The clause of that id; KeyError when the pack has none."""
        for clause in self.clauses:
            if clause.id == clause_id:
                return clause
        raise KeyError(clause_id)

    def level(self, ordinal: int) -> Level | None:
        """The level of that ordinal, None when the pack does not name it."""
        return next((level for level in self.levels if level.ordinal == ordinal), None)
