"""Merging petitions: one matter, so the survivor keeps the earliest clock (rule D19).

It takes over what its own clocks may ask of the duplicate: when they would have started, and what
was already done, each at its earliest; and where one of the two was held up or extended, which
clock is kept, with what held it up. That follows from the facts of both: when one of them is
learned, or voided, after the merge, it is taken over anew, in the same commit.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from sla_engine.dossier.chronicle import Chronicle, Mark, order, read
from sla_engine.dossier.decide import placed
from sla_engine.dossier.events import Carried, ExtensionGranted, Suspended, Voided
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.pending import Pending
from sla_engine.errors import refuse, register
from sla_engine.petition.events import Absorbed, Merged, Resolved
from sla_engine.petition.kind import OPEN, PETITION
from sla_engine.policy.clause import Clause, Pack, Scope
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import ENGINE, Draft, Instant, Meta, Recorded
from sla_engine.sla.clocks import Key, clocks
from sla_engine.sla.cycle import rules_for
from sla_engine.sla.kept import kept
from sla_engine.sla.schedule import Schedule

MERGE_IMPOSSIBLE = register(
    "MERGE_IMPOSSIBLE",
    "不能并入 {found}：{allowed}",
    "cannot merge into {found}: {allowed}",
)

Opener = Callable[[str], Pending]
"""Opens a dossier within the transaction at hand."""


def check_merge(dossier: Dossier, draft: Draft, opener: Opener, rules: Rulebook) -> None:
    """The other petition was open when the two were merged, and did not end up in this one.

    Raises `Refusal` MERGE_IMPOSSIBLE, or what `rules_for` raises for the other petition.
    """
    assert isinstance(draft.event, Merged)
    into = draft.event.into
    if _leads_to(_stream(into), dossier.stream, opener):
        raise refuse(MERGE_IMPOSSIBLE, "into", into, "另一件 another petition")
    survivor = opener(_stream(into)).dossier
    if read(survivor, PETITION, placed(survivor, draft)).phase not in OPEN:
        raise refuse(MERGE_IMPOSSIBLE, "into", into, "当时在办的诉求件 a petition open at the time")
    rules_for(survivor, PETITION, draft, rules)


def carry_over(stream: str, opener: Opener, rules: Rulebook, now: Instant) -> None:
    """Let this petition hold what its duplicates hand over to it, and every petition that it was
    merged into what it hands over, and no more."""
    this = opener(stream)
    for no in _duplicates(this.dossier):
        _hand_over(opener(_stream(no)).dossier, this, rules, now)
    for into in {fact.event.into for fact in this.dossier.facts if isinstance(fact.event, Merged)}:
        if _hand_over(this.dossier, opener(_stream(into)), rules, now):
            carry_over(_stream(into), opener, rules, now)


def _hand_over(duplicate: Dossier, survivor: Pending, rules: Rulebook, now: Instant) -> bool:
    """Let a survivor hold what one duplicate hands over; False when that is as it should be."""
    merge = dict(_merges(duplicate)).get(survivor.dossier.stream.split("/", 1)[1])
    wanted = _handed_over(duplicate, survivor.dossier, merge, rules, now) if merge else None
    return _take_over(survivor, duplicate, wanted, now)


def _duplicates(survivor: Dossier) -> list[str]:
    """Those merged into a petition, in the order in which they were: one builds on the other."""
    held = [fact for fact in survivor.facts if isinstance(fact.event, Absorbed)]
    if not held:
        return []
    gone = survivor.voided()
    standing = sorted((fact for fact in held if fact.version not in gone), key=order)
    return [fact.event.duplicate for fact in standing if isinstance(fact.event, Absorbed)]


def _stream(no: str) -> str:
    return f"petition/{no}"


def _merges(dossier: Dossier) -> Iterator[tuple[str, Recorded]]:
    """Merges of a petition that stand, by the number of the survivor."""
    gone = dossier.voided()
    for fact in dossier.facts:
        if isinstance(fact.event, Merged) and fact.version not in gone:
            yield fact.event.into, fact


def _leads_to(stream: str, goal: str, opener: Opener) -> bool:
    """Whether a petition is `goal`, or was merged into it directly or through others."""
    reached: set[str] = set()
    ahead = [stream]
    while ahead:
        each = ahead.pop()
        if each == goal:
            return True
        if each not in reached:
            reached.add(each)
            ahead += [_stream(into) for into, _ in _merges(opener(each).dossier)]
    return False


def _take_over(survivor: Pending, duplicate: Dossier, wanted: Draft | None, now: Instant) -> bool:
    """Replace what the survivor holds of the duplicate; False when that is as it should be."""
    held = _held(survivor.dossier, duplicate)
    if (held.event if held else None) == (wanted.event if wanted else None):
        return False
    if held is not None:
        meta = Meta(occurred_at=now, recorded_at=now, source=ENGINE, cause=duplicate.stream)
        survivor.write(Draft(meta, Voided(f"@{held.version}", "并单情况有变 the merge changed")))
    if wanted is not None:
        survivor.write(wanted)
    return True


def _held(survivor: Dossier, duplicate: Dossier) -> Recorded | None:
    gone, no = survivor.voided(), duplicate.stream.split("/", 1)[1]
    for fact in survivor.facts:
        event = fact.event
        if isinstance(event, Absorbed) and event.duplicate == no and fact.version not in gone:
            return fact
    return None


def _handed_over(
    duplicate: Dossier, survivor: Dossier, merge: Recorded, rules: Rulebook, now: Instant
) -> Draft:
    """The duplicate's marks, under the rules by which the first of them was judged."""
    chronicle, draft = read(duplicate, PETITION), Draft(merge.meta, merge.event)
    pack, calendar = rules_for(survivor, PETITION, draft, rules)
    marks = list(_asked(chronicle, pack))
    anchors = {mark.name: mark.at for mark in reversed(marks)}
    meta = msgspec.structs.replace(
        merge.meta,
        recorded_at=now,
        source=ENGINE,
        key="",
        cause=duplicate.stream,
        anomaly="",
        body_digest="",
        pack=pack.digest,
        calendar=calendar.digest,
    )
    if marks and _alike(duplicate, survivor):
        first = marks[0].fact.meta
        meta = msgspec.structs.replace(meta, pack=first.pack, calendar=first.calendar)
    carried = tuple(_carried(duplicate, survivor, merge, rules, pack, anchors))
    kept_from = {each.began for each in carried}
    named = {*anchors.items(), *((mark.name, mark.at) for mark in marks if mark.at in kept_from)}
    event = Absorbed(chronicle.traits["no"], tuple(sorted(named, key=_by_instant)), carried)
    return Draft(meta, event)


def _carried(
    duplicate: Dossier,
    survivor: Dossier,
    merge: Recorded,
    rules: Rulebook,
    pack: Pack,
    anchors: Mapping[str, Instant],
) -> Iterator[Carried]:
    """Which clocks of the two are kept, where either petition was ever held up or extended."""
    if not (_ever_held(duplicate) or _ever_held(survivor)):
        return
    theirs, own = _before(duplicate, merge, rules), _before(survivor, merge, rules)
    for clause in _once(pack):
        handed = [anchors[name] for name in clause.start if name in anchors]
        schedule = theirs.get((clause.id, "1"))
        # A closure that did not hold is not handed over, nor a clock that it began.
        if handed and schedule is not None and schedule.cycle.start.at >= min(handed):
            mine, at = own.get(schedule.cycle.key), merge.meta.occurred_at
            carried = kept(schedule, mine, at, min(handed))
            if carried is not None:
                yield carried


def _once(pack: Pack) -> Iterator[Clause]:
    """Clauses with one clock for the whole matter."""
    for clause in pack.clauses:
        if clause.scope is Scope.PETITION and not clause.repeat:
            yield clause


def _ever_held(dossier: Dossier) -> bool:
    events = (fact.event for fact in dossier.facts)
    return any(
        isinstance(event, Suspended | ExtensionGranted) or PETITION.carries(event)
        for event in events
    )


def _before(dossier: Dossier, merge: Recorded, rules: Rulebook) -> Mapping[Key, Schedule]:
    """The clocks of a petition as they stood when it was merged, or another was merged into it at
    an instant at which others may have been too."""
    meta = msgspec.structs.replace(merge.meta, key="")
    until = Recorded(dossier.stream, 0, 0, meta, merge.event)
    return clocks(dossier, read(dossier, PETITION, until), rules)


def _by_instant(anchor: tuple[str, Instant]) -> tuple[Instant, str]:
    return (anchor[1], anchor[0])


def _asked(chronicle: Chronicle, pack: Pack) -> Iterator[Mark]:
    """Marks that would start or stop a clock of the whole matter, in time order.

    No closure among them: whoever is merged is open, so a closure in its past did not hold.
    """
    names = {
        name
        for clause in _once(pack)
        for name in (*clause.start, *clause.stop_any, *clause.stop_all)
    }
    for mark in chronicle.marks:
        closure = isinstance(mark.fact.event, Resolved)
        if mark.name in names and not closure and not chronicle.lanes.assists(mark.lane):
            yield mark


def _alike(duplicate: Dossier, survivor: Dossier) -> bool:
    """Whether both are governed by one pack in one region, so that their clocks are the same."""
    one, other = (PETITION.traits(each.opening.event) for each in (duplicate, survivor))
    return (one["pack"], one["region"]) == (other["pack"], other["region"])
