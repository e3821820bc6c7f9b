"""What a clause is: one promise of time, when it starts, what stops it, what breach leads to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Literal

from sla_engine.worktime import Amount, Instant, OfficeHours, Term

Status = Literal["published", "default"]

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
    handling unit; TALK clocks start anew in each round (tier) of a talk.
    """

    PETITION = "petition"
    ASSIGNMENT = "assignment"
    TALK = "talk"


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
    """延期 limits (D12): how often, how much each time, how much all extensions may add."""

    max_count: int
    each_max: Amount | None = None
    total_max: Amount | None = None
    basis: tuple[str, ...] = ()
    status: Status = "default"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clock's rule. `start` lists marks, the earliest starts it; `stop_any`/`stop_all` end it.

    `repeat`: every occurrence of a start mark opens a new cycle (rework); otherwise the first
    alone counts. `revision`: whether a calendar revision may shorten a term already notified.
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
class CaseFact:
    """A fact of a case: a mark, when it was so, and what else it says (ground, amount, tier…)."""

    type: str
    at: Instant
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one clock of a case must show.

    `due` None: not asked. A rung that must not exist has None for its instant. `absent`: the
    clause must have no clock at all. A clause with several cycles satisfies its expectation when
    one of them does.
    """

    clause: str
    due: Instant | None
    rungs: Mapping[str, Instant | None]
    absent: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A pack's own example: facts in, due and rung instants out. Lint runs it."""

    name: str
    traits: Mapping[str, str]
    facts: tuple[CaseFact, ...]
    known_at: Instant | None
    expect: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """One edition of a place's rules; immutable, identified by `digest`.

    `effective` is half open in local dates: [from, to), `to` None until a later edition begins.
    `recorded_at` is when the edition became known. `anchors` are the marks that start a clock.
    `digest` covers everything but the cases.
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

    def clause(self, clause_id: str) -> Clause:
        """The clause of that id; KeyError when the pack has none."""
        for clause in self.clauses:
            if clause.id == clause_id:
                return clause
        raise KeyError(clause_id)

    def level(self, ordinal: int) -> Level | None:
        """The level of that ordinal, None when the pack does not name it."""
        return next((level for level in self.levels if level.ordinal == ordinal), None)
