"""Lists and the cockpit, gone through with a pencil: every petition by itself, then sorted."""

from collections import Counter
from typing import NamedTuple

from projections.docket import Filter
from sla_engine.petition.events import Excluded, ExclusionLifted, Registered
from sla_engine.record import Instant
from tests.support.recount import Case, counted, day

ENDED = ("closed", "declined", "merged", "withdrawn")


class Entry(NamedTuple):
    """One petition as a list shows it; `reds`: days of its red cards; `verdicts`: (day, unit,
    judged or met) of its clocks."""

    no: str
    phase: str
    unit: str
    card: str
    kind: str
    registered_at: Instant
    due: Instant | None
    ended_at: Instant | None
    reds: list[str]
    verdicts: Counter[tuple[str, str, str]]

    @property
    def open(self) -> bool:
        return self.phase not in ENDED


def entry(case: Case) -> Entry:
    leads = [lane for lane in case.chronicle.lanes.all.values() if lane.lead]
    registered = case.first(Registered)
    assert registered is not None
    ended_at = _ended_at(case)
    return Entry(
        case.traits["no"],
        case.chronicle.phase,
        leads[-1].unit if leads else "",
        next((card for card in ("red", "yellow") if card in case.standing()["acts"]), ""),
        case.traits["kind"],
        registered,
        None if ended_at is not None else _due(case),
        ended_at,
        sorted(day(act.fired.due) for act in case.acts() if act.stands and act.fired.act == "red"),
        _verdicts(case),
    )


def _due(case: Case) -> Instant | None:
    assessment = case.assess()
    dues = [
        reading.due
        for reading in (*assessment.readings, *assessment.coming)
        if reading.cycle.end is None and reading.due is not None and not reading.clause.lapses
    ]
    return min(dues, default=None)


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
        found.sort(key=lambda each: (each.due is None, each.due or 0, each.no))
    return [each.no for each in found]


def _wanted(each: Entry, asked: Filter) -> bool:
    bounded = asked.due_from is not None or asked.due_before is not None
    above = each.due is not None and (asked.due_from is None or each.due >= asked.due_from)
    below = each.due is not None and (asked.due_before is None or each.due < asked.due_before)
    cards = {"": {"", "red", "yellow"}, "any": {"red", "yellow"}, "none": {""}}
    return (
        (asked.state == "any" or each.open == (asked.state == "open"))
        and (asked.unit is None or each.unit == asked.unit)
        and each.card in cards.get(asked.card, {asked.card})
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
    own = [each for each in entries if each.open and unit in (None, each.unit)]
    verdicts: Counter[str] = Counter()
    for each in entries:
        for (when, liable, what), count in each.verdicts.items():
            if when in window and unit in (None, liable):
                verdicts[what] += count
    return Figures(
        len(own),
        sum(each.due is not None and each.due < now for each in own),
        sum(each.due is not None and day(each.due - 1) == day(now) for each in own),
        sum(each.card == "red" for each in own),
        sum(each.card == "yellow" for each in own),
        verdicts["judged"],
        verdicts["met"],
    )
