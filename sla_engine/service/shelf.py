"""Folded dossiers of streams that were in use lately, so that a fact is added to what is known.

A dossier is off the shelf while somebody works on it. It comes back as the log holds it, and for
others only when its transaction has committed: of one that fails nothing is kept. What other
processes have written meanwhile is read on from the log.
"""

from collections import OrderedDict

from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.ports import Transaction

_KEPT = 4_096


class Shelf:
    """The dossiers of one log; the one used longest ago makes room for another."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Dossier] = OrderedDict()
        self._tx: Transaction | None = None
        self._desk: dict[str, Dossier] = {}

    def take(self, tx: Transaction, stream: str) -> Dossier:
        """A dossier as `tx` sees it. It is the caller's until it is given back."""
        kept = self._of(tx).pop(stream, None) or self._kept.pop(stream, None)
        dossier = kept or Dossier(stream)
        for recorded in tx.load(stream, dossier.version):
            evolve(dossier, recorded)
        return dossier

    def give_back(self, tx: Transaction, dossier: Dossier) -> None:
        """Whatever was written to the dossier has been appended in `tx`."""
        self._of(tx)[dossier.stream] = dossier

    def _of(self, tx: Transaction) -> dict[str, Dossier]:
        """What was given back within a transaction; writers take turns, so there is one."""
        if tx is not self._tx:
            desk: dict[str, Dossier] = {}
            self._tx, self._desk = tx, desk
            tx.after_commit(lambda: self._keep(desk))
        return self._desk

    def _keep(self, desk: dict[str, Dossier]) -> None:
        self._kept.update(desk)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
