"""Which of two clocks of one clause is kept when two petitions are merged (rule D19).

The one that began first is due first. Where pauses or extensions came between, the one that is due
first is kept, as it stood: no deadline is brought forward by a merge, and none is put off.
"""

from collections.abc import Iterator

from sla_engine.dossier.chronicle import Pause
from sla_engine.dossier.events import Carried
from sla_engine.record import Instant
from sla_engine.sla.carried import carried_pauses, lengthenings
from sla_engine.sla.schedule import Schedule


def kept(
    theirs: Schedule, own: Schedule | None, merged_at: Instant, first: Instant
) -> Carried | None:
    """What the survivor is told about one of the duplicate's clocks, both as they stood just before
    the merge. None: the marks alone say it, of which the `first` would start the clause."""
    clause, began = theirs.cycle.clause.id, theirs.cycle.start.at
    earlier = own is not None and own.cycle.start.at <= began
    if first == began and (earlier or not (_held(theirs) or (own is not None and _held(own)))):
        return None
    if own is not None and (earlier or _due_before(own, theirs)):
        return Carried(clause)
    pauses, extensions = tuple(_pauses(theirs, merged_at)), tuple(_extensions(theirs))
    return Carried(clause, began, pauses, extensions)


def _held(schedule: Schedule) -> bool:
    """Whether a clock was ever held up or extended."""
    paused = any(isinstance(change, Pause) for _, change in schedule.changes)
    return paused or bool(schedule.grants) or schedule.cycle.carried is not None


def _due_before(own: Schedule, theirs: Schedule) -> bool:
    """Whether the duplicate's clock, not done yet, is due later or stands still."""
    if theirs.cycle.stop is not None or own.due is None:
        return False
    return theirs.due is None or own.due < theirs.due


def _pauses(schedule: Schedule, merged_at: Instant) -> Iterator[tuple[str, Instant, Instant]]:
    """Spans that the clock stood still; with the merge it goes on."""
    cycle = schedule.cycle
    for pause in carried_pauses(cycle):
        yield pause.ground, pause.start, pause.end or merged_at
    own = {each.fact.version: each for _, each in schedule.changes if isinstance(each, Pause)}
    for pause in own.values():
        begin, end = max(pause.start, cycle.since), pause.end or merged_at
        if begin < end:
            yield pause.ground, begin, end


def _extensions(schedule: Schedule) -> Iterator[tuple[str, str, str]]:
    for each in lengthenings(schedule.cycle):
        yield each.request, str(each.amount), each.approver
    for grant in schedule.grants:
        yield grant.request.event.request, grant.amount, grant.event.approver
