"""What PostgreSQL's errors mean to whoever uses the store."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from sla_engine.errors import Conflict, Fault, Refusal, Unavailable, refuse
from sla_engine.store.refusals import (
    FOLLOWER_MOVED,
    KEY_TAKEN,
    STORE_AWAY,
    STORE_BUSY,
    STORE_FULL,
    STORE_MISFIT,
    STORE_RACE,
    STREAM_MOVED,
    SUBJECT_TAKEN,
)

_OF_TABLE = {
    "stored_events": STREAM_MOVED,
    "stream": STREAM_MOVED,
    "intake_key": KEY_TAKEN,
    "rung_key": KEY_TAKEN,
    "position": FOLLOWER_MOVED,
    "subject_secret": SUBJECT_TAKEN,
}
_RACES = (errors.SerializationFailure, errors.DeadlockDetected)
_MISFITS = (psycopg.DataError, errors.ProgramLimitExceeded)
_BUSY = (errors.LockNotAvailable, PoolTimeout, TooManyRequests)


def busy(wait: float) -> Unavailable:
    return Unavailable(Fault(STORE_BUSY, allowed=f"{wait:g}"))


def away(found: str) -> Unavailable:
    return Unavailable(Fault(STORE_AWAY, found=found))


def refusal_of(error: psycopg.Error, wait: float) -> Refusal:
    """What to raise instead. `wait` in seconds: how long a lock was waited for."""
    if isinstance(error, errors.UniqueViolation):
        return _taken(error)
    if isinstance(error, _RACES):
        return Conflict(Fault(STORE_RACE, found=type(error).__name__))
    if isinstance(error, _BUSY):
        return busy(wait)
    if isinstance(error, errors.DiskFull):
        return Unavailable(Fault(STORE_FULL))
    if isinstance(error, _MISFITS):
        return refuse(STORE_MISFIT, found=type(error).__name__)
    # Whether it was written may be unknown: the connection may have been lost within a COMMIT.
    return away(f"{type(error).__name__} {error.sqlstate or ''}".rstrip())


def _taken(error: errors.UniqueViolation) -> Refusal:
    code = _OF_TABLE.get(error.diag.table_name or "", STORE_RACE)
    if code == STREAM_MOVED:
        # The new version is known to the other writer only.
        return Conflict(Fault(code, _values(error), "?", "?"))
    return Conflict(Fault(code, found="" if code == SUBJECT_TAKEN else _values(error)))


def _values(error: errors.UniqueViolation) -> str:
    """Those of the violated key, in whatever language the server speaks: `(a, b)=(1, 2)`."""
    found = re.search(r"=\((.*)\)", error.diag.message_detail or "")
    return found[1] if found else ""


@contextmanager
def translated(wait: float) -> Iterator[None]:
    """Let no error of the driver or of the connection pool out."""
    try:
        yield
    except PoolClosed as error:
        raise away("PoolClosed") from error
    except psycopg.Error as error:
        raise refusal_of(error, wait) from error
