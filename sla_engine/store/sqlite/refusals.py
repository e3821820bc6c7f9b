"""What SQLite's errors mean to whoever uses the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.persistence import ConnectionPoolClosedError, ConnectionUnavailableError

from sla_engine.errors import Fault, Refusal, Unavailable, refuse
from sla_engine.store.refusals import STORE_AWAY, STORE_BUSY, STORE_FULL, STORE_MISFIT

_THEIRS = (sqlite3.Error, ConnectionUnavailableError, ConnectionPoolClosedError)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def busy(wait: float) -> Unavailable:
    return Unavailable(Fault(STORE_BUSY, allowed=f"{wait:g}"))


def refusal_of(error: Exception, wait: float) -> Refusal:
    """What to raise instead. `wait` in seconds: how long the database was waited for."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY or isinstance(error, ConnectionUnavailableError):
        return busy(wait)
    if code == sqlite3.SQLITE_FULL:
        return Unavailable(Fault(STORE_FULL))
    if isinstance(error, sqlite3.DataError | OverflowError | UnicodeEncodeError):
        return refuse(STORE_MISFIT, found=type(error).__name__)
    # The text of an error may quote a statement, never a value.
    found = f"{getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}"
    return Unavailable(Fault(STORE_AWAY, found=found))


def refusal_or(error: BaseException, wait: float) -> BaseException:
    """What to raise instead, if it is an error of the driver or of the connection pool."""
    return refusal_of(error, wait) if isinstance(error, _THEIRS) else error


@contextmanager
def translated(wait: float) -> Iterator[None]:
    """Let no error of the driver or of the connection pool out."""
    try:
        yield
    except _THEIRS as error:
        raise refusal_of(error, wait) from error
