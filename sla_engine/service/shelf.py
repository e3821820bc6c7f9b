"""Folded dossiers of streams that were in use lately, so that a fact is added to what is known.

A dossier is off the shelf while somebody works on it. It comes back as the log holds it, and for
others only when its transaction has committed: of one that fails nothing is kept. What other
processes have written meanwhile is read on from the log.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from weakref import WeakKeyDictionary

from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.ports import Transaction

_KEPT = 4_096


class Shelf:
    """The dossiers of one log; the one used longest ago makes room for another. Transactions of
    several threads may use it at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[str, Dossier] = OrderedDict()
        self._desks: WeakKeyDictionary[Transaction, dict[str, Dossier]] = WeakKeyDictionary()

    def take(self, tx: Transaction, stream: str) -> Dossier:
        """A dossier as `tx` sees it. It is the caller's until it is given back."""
        return self.take_all(tx, (stream,))[stream]

    def take_all(self, tx: Transaction, streams: Iterable[str]) -> Mapping[str, Dossier]:
        """Several dossiers at once, which is one reading of the log instead of many."""
        found = self._found(tx, streams)
        later = tx.load_all({stream: dossier.version for stream, dossier in found.items()})
        for stream, events in later.items():
            dossier = found[stream]
            for recorded in events:
                evolve(dossier, recorded)
        return found

    def give_back(self, tx: Transaction, dossier: Dossier) -> None:
        """Whatever was written to the dossier has been appended in `tx`."""
        self._desk(tx)[dossier.stream] = dossier

    def _found(self, tx: Transaction, streams: Iterable[str]) -> dict[str, Dossier]:
        """What is on the desk or the shelf, else an empty dossier."""
        desk = self._desk(tx)
        with self._lock:
            return {
                stream: _taken(stream, desk, self._kept) or Dossier(stream) for stream in streams
            }

    def _desk(self, tx: Transaction) -> dict[str, Dossier]:
        """What was given back within a transaction."""
        with self._lock:
            desk = self._desks.get(tx)
            if desk is not None:
                return desk
            desk = self._desks[tx] = {}
        tx.after_commit(lambda: self._keep(desk))
        return desk

    def _keep(self, desk: dict[str, Dossier]) -> None:
        with self._lock:
            self._kept.update(desk)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


def _taken(stream: str, *places: dict[str, Dossier]) -> Dossier | None:
    return next((place.pop(stream) for place in places if stream in place), None)
