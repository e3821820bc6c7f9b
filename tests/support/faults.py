"""Ports with faults in them: every call of a port is a step at which something may go wrong.

The engine runs as it is; only what it is handed is wrapped. A hook is told of each step before and
after it and raises what is to happen there, ends the process, or lets others take their turn.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from typing import Any, cast

from sla_engine.clock import Clock
from sla_engine.delivery.channel import Channel
from sla_engine.ports import Log, Transaction
from sla_engine.projection import FollowedLog, FollowerTransaction
from sla_engine.store.application import PetitionLog


class Moment(StrEnum):
    """On which side of a step."""

    BEFORE = "before"
    AFTER = "after"


Hook = Callable[[str, Moment], None]
"""Told the name of a step ("tx.append") and the moment."""

PORTS: Mapping[str, tuple[type, ...]] = {
    "log": (Log, FollowedLog),
    "tx": (Transaction, FollowerTransaction),
    "clock": (Clock,),
    "channel": (Channel,),
}
"""The seams that are wrapped, by the first part of a step's name."""

COMMIT = "tx.commit"
"""The one step that no method is named after: the end of `Log.transact`."""

STEPS: Mapping[str, tuple[str, ...]] = {
    "log": (
        "transact", "now", "read", "follow", "scan", "streams", "head", "next_alarm", "count_due",
        "alarms", "open_streams", "count_open", "personal", "position", "memory", "table",
        "dead_letters",
    ),
    "tx": (
        "load", "load_all", "after_commit", "answers", "append", "set_alarms", "put_alarm",
        "claim", "due_among", "keep_personal", "secret", "erase", "remembered", "remember",
        "position", "advance", "clocks", "rows", "put_rows", "drop_rows", "bury", "forget",
        "commit",
    ),
    "clock": ("now", "monotonic"),
    "channel": ("open", "send"),
}  # fmt: skip
"""Every step there is, by port. A house rule of these tests compares it with the ports."""


class Crash(BaseException):
    """The process is gone from here on; nothing of it may catch this."""


class _Port:
    """A port whose every method is a step."""

    def __init__(self, prefix: str, real: object, hook: Hook) -> None:
        self._prefix = prefix
        self._real = real
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in STEPS[self._prefix]:
            return found
        step, hook = f"{self._prefix}.{name}", self._hook

        def call(*arguments: Any, **named: Any) -> Any:
            hook(step, Moment.BEFORE)
            result = found(*arguments, **named)
            hook(step, Moment.AFTER)
            return result

        setattr(self, name, call)
        return call


class _Transaction(_Port):
    """One transaction. Who waits for the commit hears of it only if its answer arrives."""

    def __init__(self, real: Any, hook: Hook) -> None:
        super().__init__("tx", real, hook)
        self.waiting: list[Callable[[], object]] = []

    def after_commit(self, do: Callable[[], object]) -> None:
        self._hook("tx.after_commit", Moment.BEFORE)
        self.waiting.append(do)
        self._hook("tx.after_commit", Moment.AFTER)


class _Log(_Port):
    """A log whose transactions may fail at their commit, on either side of it."""

    def __init__(self, real: Any, hook: Hook) -> None:
        super().__init__("log", real, hook)

    def transact(self) -> AbstractContextManager[Any]:
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[_Transaction]:
        self._hook("log.transact", Moment.BEFORE)
        with self._real.transact() as real:  # type: ignore[attr-defined]
            self._hook("log.transact", Moment.AFTER)
            transaction = _Transaction(real, self._hook)
            yield transaction
            self._hook(COMMIT, Moment.BEFORE)
        self._hook(COMMIT, Moment.AFTER)
        for do in transaction.waiting:
            do()


def faulty_log(log: PetitionLog, hook: Hook) -> PetitionLog:
    """The log as before, for those who keep to its port."""
    return cast(PetitionLog, _Log(log, hook))


def faulty_channel(channel: Channel, hook: Hook) -> Channel:
    """The channel as before."""
    return cast(Channel, _Port("channel", channel, hook))


def faulty_clock(clock: Clock, hook: Hook) -> Clock:
    """The clock as before."""
    return cast(Clock, _Port("clock", clock, hook))
