"""Stores to test and small drafts to put into them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.petition.events import Dispatched, Registered
from sla_engine.ports import AlarmRow
from sla_engine.projection import FollowedLog
from sla_engine.record import Draft, Instant, Meta
from sla_engine.store.application import open_memory, open_postgres, open_sqlite

T0: Instant = 1_773_000_000_000_000


class OpenLog(FollowedLog, Protocol):
    """What the suite is written against, and a way to close it."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Store:
    """`open` may be called again and again; `fresh` opens an empty store of its own. `address` lets
    another process open the same store by `open_address`; "" where there is only this process."""

    open: Callable[[], OpenLog]
    fresh: Callable[[], OpenLog]
    address: str = ""


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    path, numbers = folder / "log.sqlite", count()
    yield Store(
        open=lambda: open_sqlite(path, wait=30.0),
        fresh=lambda: open_sqlite(folder / f"{next(numbers)}.sqlite", synchronous="OFF"),
        address=f"sqlite {path}",
    )


@contextmanager
def memory_store() -> Iterator[Store]:
    yield Store(open=open_memory, fresh=open_memory)


_schemas = count(1)


@contextmanager
def postgres_store(url: str) -> Iterator[Store]:
    """A schema of its own in a database that many tests share."""

    def another() -> OpenLog:
        return open_postgres(url, schema=f"log_{next(_schemas)}", wait=30.0)

    schema = f"log_{next(_schemas)}"
    yield Store(
        open=lambda: open_postgres(url, schema=schema, wait=30.0),
        fresh=another,
        address=f"postgres {url} {schema}",
    )


def open_address(address: str) -> OpenLog:
    """In a worker process: the store that `Store.address` names."""
    match address.split(" "):
        case ["sqlite", path]:
            return open_sqlite(path, wait=30.0)
        case ["postgres", url, schema]:
            return open_postgres(url, schema=schema, wait=30.0)
        case _:
            raise AssertionError(f"no way to open {address}")


def meta(key: str = "", at: Instant = T0, digest: str = "") -> Meta:
    return Meta(
        occurred_at=at, recorded_at=at, source="12345" if key else "", key=key, body_digest=digest
    )


def registered(key: str = "", no: str = "1") -> Draft:
    return Draft(meta(key, digest=f"digest of {key}"), Registered(no, "pack", "投诉", "110105"))


def dispatched(key: str = "", assignment: str = "A1") -> Draft:
    return Draft(meta(key), Dispatched("区住建局", assignment))


def fired(version: int = 1, rung: str = "warn") -> Draft:
    return Draft(meta(), RungFired("reply", "1", version, rung, 1, "warn", T0, T0))


def withdrawn(version: int = 1, rung: str = "warn", by: int = 1) -> Draft:
    return Draft(meta(), RungWithdrawn("reply", "1", version, rung, by))


def alarm(
    clause: str = "reply", at: Instant | None = T0, due: Instant | None = T0, cycle: str = "1"
) -> AlarmRow:
    return AlarmRow(clause, cycle, "running", 0, "区住建局", due, at, "warn" if at else "")
