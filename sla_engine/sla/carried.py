"""What held up, and extended, a clock that was taken over in a merge as it stood (rule D19)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sla_engine.dossier.chronicle import Pause
from sla_engine.record import Value
from sla_engine.sla.cycle import Cycle
from sla_engine.worktime import Amount, Term


class Lengthening(Value):
    """An extension that had taken effect in the duplicate."""

    request: str
    amount: Amount
    approver: str


def carried_pauses(cycle: Cycle) -> Iterator[Pause]:
    """The duplicate's pauses that the clause honours; all of them had ended with the merge."""
    taken, fact = cycle.carried, cycle.start.fact
    for ground, begin, end in taken.pauses if taken is not None else ():
        if ground in cycle.clause.pauses:
            yield Pause(ground, begin, fact, end, cycle.known_at, ended_by=fact)


def lengthenings(cycle: Cycle) -> Iterator[Lengthening]:
    """The duplicate's extensions; an edition that counts in another unit knows none of them."""
    taken = cycle.carried
    for request, text, approver in taken.extensions if taken is not None else ():
        amount = Amount.parse(text)
        if amount.unit is cycle.term.amount.unit:
            yield Lengthening(request, amount, approver)


def lengthened(term: Term, brought: Iterable[Lengthening]) -> Term:
    """The term with what was carried over; the same object where nothing was."""
    for each in brought:
        term = replace(term, amount=term.amount + each.amount)
    return term
