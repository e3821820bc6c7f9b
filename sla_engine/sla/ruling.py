"""What rulings leave of a clock: the verdict that counts, and the acts that keep their ground.

The computed verdict is never changed; a ruling stands beside it. Of several the latest counts, and
one that was voided counts no more.
"""

from collections.abc import Iterator, Sequence

from sla_engine.dossier.chronicle import Chronicle, order
from sla_engine.dossier.events import VerdictSuperseded
from sla_engine.record import Instant, Recorded, Value

LATE = "late"


class Ruling(Value):
    """A ruling on a clock, or on one of its acts (`rung`): made at `at`, learned at `known_at`.

    `verdict` is "met", "late" or "excluded". `lifted_at`: when it was learned to be void; None
    while it holds.
    """

    at: Instant
    known_at: Instant
    verdict: str
    dispute: str
    rung: str = ""
    lifted_at: Instant | None = None

    @property
    def overturns(self) -> bool:
        """Whether what was held against somebody falls with it."""
        return self.verdict != LATE


def rulings_on(chronicle: Chronicle, clause: str, cycle: str) -> tuple[Ruling, ...]:
    """Every ruling ever made on a clock, in the order in which they were made."""
    if not chronicle.rulings and not chronicle.voids:
        return ()
    held = [(fact, None) for fact in chronicle.rulings.get((clause, cycle), ())]
    found = [*held, *_lifted(chronicle, clause, cycle)]
    found.sort(key=lambda each: order(each[0]))
    return tuple(_ruling(fact, lifted_at) for fact, lifted_at in found)


def _lifted(
    chronicle: Chronicle, clause: str, cycle: str
) -> Iterator[tuple[Recorded, Instant | None]]:
    for fact, void in chronicle.voids:
        event = fact.event
        if isinstance(event, VerdictSuperseded) and (event.clause, event.cycle) == (clause, cycle):
            yield fact, void.meta.recorded_at


def _ruling(fact: Recorded, lifted_at: Instant | None) -> Ruling:
    event, meta = fact.event, fact.meta
    assert isinstance(event, VerdictSuperseded)
    at, known_at = meta.occurred_at, meta.recorded_at
    return Ruling(at, known_at, event.verdict, event.dispute, event.rung, lifted_at)


def in_force(rulings: Sequence[Ruling], rung: str = "") -> Ruling | None:
    """The ruling that counts for a clock, or for one act of it alone."""
    held = (each for each in reversed(rulings) if each.rung == rung and each.lifted_at is None)
    return next(held, None)


def fallen(rulings: Sequence[Ruling], rung: str, breach: bool) -> bool:
    """Whether an act has lost its ground to a ruling: on itself, or, where it rests on the
    breach, on the clock."""
    about = (rung, "") if breach else (rung,)
    found = (in_force(rulings, each) for each in about)
    return any(each is not None and each.overturns for each in found)


def restored_at(rulings: Sequence[Ruling], rung: str, breach: bool) -> Instant:
    """When it was learned that an act which had lost its ground to a ruling has it again; 0 where
    it never had lost it."""
    since, overturned = 0, {"": False, rung: False}
    for each in rulings:
        if each.rung != rung and (each.rung or not breach):
            continue
        if each.lifted_at is not None:
            since = max(since, each.lifted_at if each.overturns else 0)
        elif each.overturns:
            overturned[each.rung] = True
        elif overturned[each.rung]:
            since = max(since, each.known_at)
    return since
