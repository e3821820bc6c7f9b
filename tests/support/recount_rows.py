"""The rows of every read model and the sums of lists, gone through with a pencil (see `recount`).

A row is given by the columns that can be told from raw facts; what else it has is how it is kept.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sla_engine.item.events import (
    ItemAssigned,
    ItemCancelled,
    ItemLinked,
    ItemListed,
    ItemRebounded,
    ItemStarted,
    ItemVerified,
)
from sla_engine.petition.events import (
    CallbackDone,
    Closed,
    Dispatched,
    Excluded,
    ExclusionLifted,
    Merged,
    Rated,
    Registered,
    Resolved,
    ReturnRequested,
    ReworkOrdered,
)
from sla_engine.petition.kind import OPEN, RESOLVED
from sla_engine.record import Instant
from sla_engine.roster.kind import holdings
from sla_engine.round.board import means, standing
from sla_engine.round.events import (
    Drafted,
    Objected,
    PlaceOverturned,
    Published,
    RoundReported,
    StatementSigned,
)
from sla_engine.talk.events import NoShow, TalkProposed
from sla_engine.unit.events import Counted, Discounted
from sla_engine.worktime import format_instant
from tests.support.recount import Case, Columns, orders

Rows = dict[str, dict[str, Columns]]
Sums = dict[str, dict[str, Counter[str]]]


def rows(case: Case) -> Rows:
    """Every row of every read model that one dossier gives, by read model and key."""
    own = _KINDS[case.kind.name](case)
    return {**own, "supervision": orders(case)}


def _petition(case: Case) -> Rows:
    lanes = case.chronicle.lanes.all.values()
    leads = [lane for lane in lanes if lane.lead]
    unit = leads[-1].unit if leads else ""
    ended = ("closed", "declined", "merged", "withdrawn")
    about = {"phase": case.chronicle.phase, "unit": unit, **case.standing()}
    lifted = [each.exclusion for each in case.said(ExclusionLifted)]
    rated, called = case.said(Rated), case.said(CallbackDone)
    into = [each.into for each in case.said(Merged)]
    card = {
        **about,
        "registered_at": case.first(Registered),
        "dispatched_at": case.first(Dispatched),
        "resolved_at": case.first(Resolved),
        "closed_at": case.first(Closed),
        "returns": len(case.of(ReturnRequested)),
        "reworks": len(case.of(ReworkOrdered)),
        "callbacks": len(called),
        "merged_into": into[-1] if into else "",
        "assignments": [
            {"assignment": lane.name, "unit": lane.unit, "at": lane.opened_at} for lane in lanes
        ],
        "answers": dict(called[-1].answers) if called else {},
        "exclusions": [
            each.exclusion for each in case.said(Excluded) if each.exclusion not in lifted
        ],
        "rated": rated[-1].satisfied if rated else None,
    }
    return {
        "worklist": {case.stream: {**about, "open": case.chronicle.phase not in ended}},
        "petition_card": {case.stream: card},
        "callbacks": _waiting(case),
    }


def _waiting(case: Case) -> dict[str, Columns]:
    """A row where somebody has to call back."""
    ours = [
        fact
        for fact in case.of(Resolved)
        if not case.before(fact).lanes.assists(getattr(fact.event, "assignment", ""))
    ]
    if case.chronicle.phase != RESOLVED or not ours:
        return {}
    order = case.facts.index
    if any(order(call) > order(ours[-1]) for call in case.of(CallbackDone)):
        return {}
    lane = case.before(ours[-1]).lanes.current
    unit = lane.unit if lane is not None else ""
    return {case.stream: {"unit": unit, "resolved_at": ours[-1].meta.occurred_at}}


def _talk(case: Case) -> Rows:
    live = case.chronicle.phase in case.kind.live and case.chronicle.phase != "struck_off"
    row = {
        "phase": case.chronicle.phase,
        "open": live,
        "unit": case.traits["unit"],
        "proposed_at": case.first(TalkProposed),
        "absences": len(case.of(NoShow)),
        "round": len(case.chronicle.lanes.all),
        **case.standing(),
    }
    return {"talk_register": {case.stream: row}}


def _item(case: Case) -> Rows:
    lane = list(case.chronicle.lanes.all.values())[-1]
    struck = case.chronicle.phase == "struck_off"
    links = [each.petition for each in case.said(ItemLinked)]
    (listed,), started = case.said(ItemListed), case.said(ItemStarted)
    row = {
        "unit": lane.unit,
        "person": lane.traits["person"],
        "phase": case.chronicle.phase,
        "list": listed.list,
        "listed_at": case.first(ItemListed),
        "struck_off_at": case.last(ItemVerified) if struck else None,
        "rebounds": len(case.of(ItemRebounded)),
        "petitions": [*listed.petitions, *links],
        "owed": list(started[-1].owed) if started and _awaited(case) else [],
        **case.standing(),
    }
    return {"items": {case.stream: row}}


def _awaited(case: Case) -> bool:
    """Whether papers that were owed are still to come: by their own clock, where the pack has one,
    for as long as the item is open where it has none."""
    ends = [each.cycle.end for each in case.assess().readings if "owed" in each.clause.start]
    if ends:
        return ends[-1] is None
    return case.chronicle.phase not in ("struck_off", "cancelled")


def _round(case: Case) -> Rows:
    members = [lane.name for lane in case.chronicle.lanes.all.values() if lane.ended_at is None]
    reports: list[Any] = case.of(RoundReported)
    figures: Counter[str] = Counter()
    for report in reports:
        figures.update(report.event.figures)
    reported = {each.event.member: each.meta.occurred_at for each in reversed(reports)}
    about = {"phase": case.chronicle.phase, "members": members, "series": case.traits["series"]}
    row = {
        **about,
        "reported": reported,
        "missing": [member for member in members if member not in reported],
        "figures": dict(figures),
        "statements": _statements(case),
        "means": means(case.chronicle),
    }
    board = {
        **about,
        "places": {
            (each.member, each.place, each.rank, each.score) for each in standing(case.chronicle)
        },
        "overturned": [each.member for each in case.said(PlaceOverturned)],
        "objections": [each.member for each in case.said(Objected)],
        "published_at": case.first(Published),
    }
    return {
        "rounds": {case.stream: row},
        "board": {case.stream: board} if case.of(Drafted) else {},
    }


def _statements(case: Case) -> dict[str, dict[str, int]]:
    signed: dict[str, dict[str, int]] = {}
    for each in case.said(StatementSigned):
        signed.setdefault(each.member, {})[each.side] = each.carried_over
    return signed


def _roster(case: Case) -> Rows:
    found: dict[str, Columns] = {}
    for held in holdings(case.chronicle):
        region = case.stream.split("/", 1)[1]
        row = found.setdefault(f"{region}|{held.role}|{held.about}", {"holders": []})
        row["holders"].append((held.holder, held.unit, held.since, held.until))
    return {"roster": found}


def _tally(case: Case) -> Rows:
    counted: list[Counted] = []
    for each in case.events:
        if isinstance(each.event, Counted):
            counted.append(each.event)
        elif isinstance(each.event, Discounted):
            counted = [event for event in counted if event.cause != each.event.cause]
    reached = [act.fired.clause for act in case.acts() if act.stands]
    row = {
        "counts": dict(Counter(event.what for event in counted)),
        "level": case.standing()["level"],
        "reached": sorted(reached),
    }
    return {"repetition": {case.stream: row}}


_KINDS: Mapping[str, Callable[[Case], Rows]] = {
    "petition": _petition,
    "talk": _talk,
    "item": _item,
    "round": _round,
    "roster": _roster,
    "unit": _tally,
}


# ------------------------------------------------------------------------------------------- sums


def sums(case: Case) -> Sums:
    """What one dossier gives to sums that many share, by table and cell."""
    found: Sums = {"reconciliation.cells": {}, "stewards.cells": {}, "duplicates.cells": {}}
    if case.kind.name == "item":
        found["reconciliation.cells"] = _account(case)
        found["stewards.cells"] = _project(case)
    elif case.kind.name == "round":
        found["stewards.cells"] = _visits(case)
    elif case.kind.name == "petition":
        found["duplicates.cells"] = _matter(case)
    return found


def _account(case: Case) -> dict[str, Counter[str]]:
    traits, found = case.traits, dict[str, Counter[str]]()
    for at, unit, what in _moves(case):
        month = format_instant(at)[:7]
        key = f"{traits['pack']}|{traits['region']}|{month}|{traits['list']}|{unit}"
        found.setdefault(key, Counter())[what] += 1
    return found


def _moves(case: Case) -> Iterator[tuple[Instant, str, str]]:
    """The life of an item instant by instant: who has it, whether it is open, whether late."""
    unit, is_open, late = "", False, False
    for at in sorted({*(fact.meta.occurred_at for fact in case.facts), *_lapses(case)}):
        events = [fact.event for fact in case.facts if fact.meta.occurred_at == at]
        if at in _lapses(case) and is_open and not late:
            late = True
            yield at, unit, "late"
        for event in events:
            match event:
                case ItemListed(unit=owner):
                    unit, is_open = owner, True
                    yield at, unit, "listed"
                case ItemAssigned(unit=owner) if owner != unit:
                    yield at, unit, "handed_over"
                    yield at, owner, "taken_over"
                    if late:
                        yield at, unit, "late_ended"
                        yield at, owner, "late"
                    unit = owner
                case ItemVerified() | ItemCancelled():
                    if late:
                        yield at, unit, "late_ended"
                    is_open, late = False, False
                    struck = isinstance(event, ItemVerified)
                    yield at, unit, "struck_off" if struck else "cancelled"
                case ItemRebounded():
                    is_open = True
                    yield at, unit, "rebounded"
                case _:
                    pass


def _lapses(case: Case) -> set[Instant]:
    """First late instants of the clocks that only the strike-off stops, past or still ahead."""
    readings = [
        reading
        for reading in case.assess().readings
        if "verified" in reading.clause.stop_any and "reported" not in reading.clause.start
    ]
    return {
        reading.due + 1
        for reading in readings
        if reading.due is not None
        and (reading.cycle.end is None or reading.cycle.end > reading.due)
    }


def _project(case: Case) -> dict[str, Counter[str]]:
    (listed,), row = case.said(ItemListed), _item(case)["items"][case.stream]
    if not listed.project:
        return {}
    found = Counter(["items", f"phase:{row['phase']}"])
    title = listed.title if listed.title else listed.item
    if row["phase"] not in ("struck_off", "cancelled"):
        found["|".join((f"owes:{row['unit']}", title))] = 1
    for paper in row["owed"]:
        found["|".join((f"paper:{row['unit']}", title, paper))] = 1
    return {f"{listed.pack}|{listed.region}|{listed.project}": found}


def _visits(case: Case) -> dict[str, Counter[str]]:
    found, traits = dict[str, Counter[str]](), case.traits
    for report in case.said(RoundReported):
        key = f"{traits['pack']}|{traits['region']}|{report.member}"
        cell = found.setdefault(key, Counter())
        cell[f"visits:{traits['series']}"] += 1
        for name, count in report.figures.items():
            cell[f"figure:{traits['series']}|{name}"] += count
    return found


def _matter(case: Case) -> dict[str, Counter[str]]:
    (event,), at = case.said(Registered), case.first(Registered)
    assert at is not None
    own = f"of/{event.no}"
    if case.chronicle.phase not in OPEN or event.petitioner in ("", own):
        return {}
    key = f"{event.pack}|{event.region}|{event.petitioner}|{event.kind}|{event.matter}"
    return {key: Counter({f"{event.channel}|{case.stream}": at})}
