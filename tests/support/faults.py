"""Ports with faults in them: every call of a port is a step at which something may go wrong.

The engine runs as it is; only what it is handed is wrapped. A hook is told of each step before and
after it and raises what is to happen there, ends the process, or lets others take their turn.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from functools import partial
from typing import Any, cast

from redis import Redis

from sla_engine.clock import Clock
from sla_engine.delivery.channel import Channel
from sla_engine.errors import Conflict, Refusal, Unavailable
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
        "transact", "now", "read", "follow", "scan", "histories", "streams", "head", "next_alarm",
        "count_due", "alarms", "open_streams", "count_open", "personal", "position", "memory",
        "table", "page", "rows_of", "count_rows", "dead_letters",
    ),
    "tx": (
        "load", "load_all", "after_commit", "answers", "append", "expect", "set_alarms",
        "put_alarm", "claim", "due_among", "keep_personal", "secret", "erase", "remembered",
        "remember", "position", "advance", "clocks_all", "rows", "put_rows", "drop_rows", "bury",
        "forget", "commit",
    ),
    "clock": ("now", "monotonic"),
    "channel": ("open", "send", "close"),
    "redis": ("xgroup_create", "xreadgroup", "xpending_range", "xtrim", "eval", "execute"),
}  # fmt: skip
"""Every step there is, by port; of Redis the commands of its intake, `execute` being a pipeline's.
A test compares the names with the ports."""


class Crash(BaseException):
    """The process is gone from here on; nothing of it may catch this."""


class _Port:
    """A port whose every method is a step, which is over when it has answered or raised."""

    def __init__(self, prefix: str, real: object, hook: Hook) -> None:
        self._prefix = prefix
        self._real = real
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in STEPS[self._prefix]:
            return found
        call = partial(self._call, name)
        setattr(self, name, call)
        return call

    def _call(self, name: str, *arguments: Any, **named: Any) -> Any:
        step = f"{self._prefix}.{name}"
        self._hook(step, Moment.BEFORE)
        try:
            return getattr(self._real, name)(*arguments, **named)
        finally:
            self._hook(step, Moment.AFTER)


class _Transaction(_Port):
    """One transaction. Who waits for the commit hears of it only if its answer arrives; and as
    with the real one, what has gone wrong in it goes wrong again at its end."""

    def __init__(self, real: Any, hook: Hook) -> None:
        super().__init__("tx", real, self._spending(hook))
        self.waiting: list[Callable[[], object]] = []
        self.failure: Refusal | None = None
        self.streams: dict[str, None] = {}
        """Of which it has written events or alarms."""

    def after_commit(self, do: Callable[[], object]) -> None:
        self._hook("tx.after_commit", Moment.BEFORE)
        self.waiting.append(do)
        self._hook("tx.after_commit", Moment.AFTER)

    def append(self, stream: str, after: int, drafts: Any) -> Any:
        self.streams[stream] = None
        return self._call("append", stream, after, drafts)

    def set_alarms(self, stream: str, rows: Any) -> Any:
        self.streams[stream] = None
        return self._call("set_alarms", stream, rows)

    def put_alarm(self, stream: str, row: Any) -> Any:
        self.streams[stream] = None
        return self._call("put_alarm", stream, row)

    def _spending(self, hook: Hook) -> Hook:
        def step(name: str, moment: Moment) -> None:
            try:
                hook(name, moment)
            except (Conflict, Unavailable) as failure:
                self.failure = failure
                raise

        return step


class _Log(_Port):
    """A log whose transactions may fail at their commit, on either side of it."""

    def __init__(self, real: Any, hook: Hook) -> None:
        super().__init__("log", real, hook)
        self.written: Sequence[str] = ()
        """Streams that the last transaction wrote events or alarms of."""

    def transact(self) -> AbstractContextManager[Any]:
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[_Transaction]:
        self._hook("log.transact", Moment.BEFORE)
        with self._real.transact() as real:  # type: ignore[attr-defined]
            self._hook("log.transact", Moment.AFTER)
            transaction = _Transaction(real, self._hook)
            yield transaction
            if transaction.failure is not None:
                raise transaction.failure
            self._hook(COMMIT, Moment.BEFORE)
        self.written = list(transaction.streams)
        self._hook(COMMIT, Moment.AFTER)
        for do in transaction.waiting:
            do()


def faulty_log(log: PetitionLog, hook: Hook) -> PetitionLog:
    """The log as before, for those who keep to its port."""
    return cast(PetitionLog, _Log(log, hook))


def written_by(log: PetitionLog) -> Sequence[str]:
    """Streams that the last transaction on a faulty log wrote events or alarms of."""
    return cast(_Log, log).written


def faulty_channel(channel: Channel, hook: Hook) -> Channel:
    """The channel as before."""
    return cast(Channel, _Port("channel", channel, hook))


class _Redis(_Port):
    """A client whose commands are steps, also those that go out together."""

    def __init__(self, real: Redis, hook: Hook) -> None:
        super().__init__("redis", real, hook)

    def pipeline(self, **named: Any) -> Any:
        return _Port("redis", cast(Redis, self._real).pipeline(**named), self._hook)


def faulty_redis(client: Redis, hook: Hook) -> Redis:
    """The client as before, for an intake."""
    return cast(Redis, _Redis(client, hook))


def faulty_clock(clock: Clock, hook: Hook) -> Clock:
    """The clock as before."""
    return cast(Clock, _Port("clock", clock, hook))
