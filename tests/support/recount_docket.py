"""Lists and the cockpit, gone through with a pencil: every petition by itself, then sorted."""

from collections import Counter
from typing import NamedTuple

from projections.docket import Filter
from sla_engine.petition.events import Excluded, ExclusionLifted, Registered
from sla_engine.record import Instant
from tests.support.recount import Case, counted, day

ENDED = ("closed", "declined", "merged", "withdrawn")


class Entry(NamedTuple):
    """One petition as a list shows it; `owed`: (unit, due instant) of each open clock; `acts`:
    (unit, act, level) of each that stands; `reds`: days of its red cards; `verdicts`: (day, unit,
    judged or met) of its clocks."""

    no: str
    phase: str
    unit: str
    kind: str
    registered_at: Instant
    ended_at: Instant | None
    owed: list[tuple[str, Instant]]
    acts: list[tuple[str, str, int]]
    reds: list[str]
    verdicts: Counter[tuple[str, str, str]]

    @property
    def open(self) -> bool:
        return self.phase not in ENDED

    def concerns(self, unit: str | None) -> bool:
        return unit is None or unit == self.unit or unit in dict(self.owed)

    def due(self, unit: str | None) -> Instant | None:
        return min((due for whose, due in self.owed if unit in (None, whose)), default=None)

    def card(self, unit: str | None) -> str:
        given = {act for whose, act, _ in self.acts if unit in (None, whose)}
        return "red" if "red" in given else "yellow" if "yellow" in given else ""

    def level(self, unit: str | None) -> int:
        return max((level for whose, _, level in self.acts if unit in (None, whose)), default=0)


def entry(case: Case) -> Entry:
    leads = [lane for lane in case.chronicle.lanes.all.values() if lane.lead]
    registered = case.first(Registered)
    assert registered is not None
    ended_at = _ended_at(case)
    return Entry(
        case.traits["no"],
        case.chronicle.phase,
        leads[-1].unit if leads else "",
        case.traits["kind"],
        registered,
        ended_at,
        [] if ended_at is not None else _owed(case),
        [(act.fired.unit, act.fired.act, act.fired.level) for act in case.acts() if act.stands],
        sorted(day(act.fired.due) for act in case.acts() if act.stands and act.fired.act == "red"),
        _verdicts(case),
    )


def _owed(case: Case) -> list[tuple[str, Instant]]:
    assessment = case.assess()
    return [
        (reading.unit, reading.due)
        for reading in (*assessment.readings, *assessment.coming)
        if reading.cycle.end is None and reading.due is not None and not reading.clause.lapses
    ]


def _ended_at(case: Case) -> Instant | None:
    """The instant of the fact since which the petition has been over."""
    phases = [*(case.before(fact).phase for fact in case.facts[1:]), case.chronicle.phase]
    since: Instant | None = None
    for fact, phase in zip(case.facts, phases, strict=True):
        if phase not in ENDED:
            since = None
        elif since is None:
            since = fact.meta.occurred_at
    return since


def _verdicts(case: Case) -> Counter[tuple[str, str, str]]:
    lifted = {each.exclusion for each in case.said(ExclusionLifted)}
    excluded = [each for each in case.said(Excluded) if each.exclusion not in lifted]
    if any(not each.measures for each in excluded):
        return Counter()
    names = [(each, each.what.rpartition(".")[2]) for each in counted(case).counts]
    return Counter((each.day, each.unit, what) for each, what in names if what in ("judged", "met"))


def listed(entries: list[Entry], asked: Filter) -> list[str]:
    """Numbers of the petitions that a filter asks for, in its order."""
    found = [each for each in entries if _wanted(each, asked)]
    if asked.number:
        found.sort(key=lambda each: each.no)
    elif asked.order == "newest" or asked.state != "open":
        found.sort(key=lambda each: (each.registered_at, each.no), reverse=True)
    else:
        dues = {each.no: each.due(asked.unit) for each in found}
        found.sort(key=lambda each: (dues[each.no] is None, dues[each.no] or 0, each.no))
    return [each.no for each in found]


def _wanted(each: Entry, asked: Filter) -> bool:
    due, card = each.due(asked.unit), each.card(asked.unit)
    bounded = asked.due_from is not None or asked.due_before is not None
    above = due is not None and (asked.due_from is None or due >= asked.due_from)
    below = due is not None and (asked.due_before is None or due < asked.due_before)
    cards = {"": {"", "red", "yellow"}, "any": {"red", "yellow"}, "none": {""}}
    return (
        (asked.state == "any" or each.open == (asked.state == "open"))
        and each.concerns(asked.unit)
        and card in cards.get(asked.card, {asked.card})
        and (not asked.phase or each.phase == asked.phase)
        and (not asked.kind or each.kind == asked.kind)
        and each.no.startswith(asked.number)
        and (not bounded or (above and below))
    )


class Figures(NamedTuple):
    """The numbers of one unit, as `cockpit.Standing` has them."""

    open: int
    overdue: int
    due_today: int
    red: int
    yellow: int
    judged: int
    met: int


def figures(entries: list[Entry], now: Instant, window: set[str], unit: str | None) -> Figures:
    """What a unit, or with None everybody, comes to; `window`: days over which clocks count."""
    own = [each for each in entries if each.open and each.concerns(unit)]
    dues = [due for each in own if (due := each.due(unit)) is not None]
    cards = Counter(each.card(unit) for each in own)
    verdicts: Counter[str] = Counter()
    for each in entries:
        for (when, liable, what), count in each.verdicts.items():
            if when in window and unit in (None, liable):
                verdicts[what] += count
    return Figures(
        len(own),
        sum(due < now for due in dues),
        sum(day(due - 1) == day(now) for due in dues),
        cards["red"],
        cards["yellow"],
        verdicts["judged"],
        verdicts["met"],
    )
