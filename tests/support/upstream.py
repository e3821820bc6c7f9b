"""A key of one's own on a store, and load on a served process from several connections."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from sla_engine.access.registrar import Wanted, at_machine
from sla_engine.client import Answer, Client, Patience
from sla_engine.wiring import Engine

SCOPES = ("facts:append", "petition:read", "talk:read", "board:read", "rules:read", "dispute:read")


def key_on(store: Path, source: str = "zz12345", scopes: Sequence[str] = SCOPES) -> str:
    """A key for a system that speaks as `source`, on a store that is made if need be."""
    with Engine.open(store) as engine:
        wanted = Wanted("上游系统", source, scopes)
        return engine.access.registrar.issue(wanted, at_machine("test")).text


def registration(no: str, number: int) -> dict[str, object]:
    """A fact that any number of connections may send beside each other."""
    data = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}
    at = f"2025-06-03T09:{number % 60:02}:00+08:00"
    return {"petition": no, "type": "registered", "id": f"evt-{no}", "at": at, "data": data}


class Caller(threading.Thread):
    """One connection that sends fact after fact, again and again until each is answered."""

    def __init__(self, address: str, key: str, name: str) -> None:
        super().__init__(daemon=True)
        self._address, self._key, self._name = address, key, name
        self.answered: dict[str, Answer] = {}
        self.trouble: Exception | None = None
        self._enough = threading.Event()

    def run(self) -> None:
        patience = Patience(tries=10_000, first_s=0.02, most_s=0.2)
        try:
            with Client(self._address, self._key, patience=patience, timeout_s=5) as engine:
                for fact in self._facts():
                    self.answered[str(fact["id"])] = engine.append(fact)
        except Exception as error:
            self.trouble = error

    def stop(self) -> None:
        """Finish the fact under way."""
        self._enough.set()

    def _facts(self) -> Iterator[dict[str, object]]:
        number = 0
        while not self._enough.is_set():
            number += 1
            yield registration(f"{self._name}-{number}", number)
