"""Bells between processes: an alarm is near, the log has grown.

All of it is best effort. A hint that is lost costs the wait until the next heartbeat, and nothing
that is said here is ever believed: whoever hears it looks into the log.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread

from redis import Redis
from redis.client import PubSub

from sla_engine.clock import Clock
from sla_engine.errors import Unavailable
from sla_engine.record import Instant
from sla_engine.streams.client import BLOCK_S, reaching

logger = logging.getLogger(__name__)

_DUE, _MOVED = b"due", b"moved"

# Hints of so long a time become one: whoever writes fast must not ring without end.
_PAUSE_S = 0.01
# How long nothing is said to a Redis that is away.
_AWAY_S = 1.0


class Announcer:
    """Rings for other processes. Calls cost next to nothing and never wait for Redis: a thread
    sends what is newest, and what cannot be sent is forgotten.

    `heartbeat` in seconds: alarms that are further away will be seen without a hint.
    """

    def __init__(self, redis: Redis, channel: str, clock: Clock, heartbeat: float = 1.0) -> None:
        self._redis = redis
        self._channel = channel
        self._clock = clock
        self._heartbeat = round(heartbeat * 1_000_000)
        self._lock = Lock()
        self._news, self._stopping = Event(), Event()
        self._due: Instant | None = None
        self._moved = False
        self._thread = Thread(target=self._run, name="announcer", daemon=True)
        self._thread.start()

    def due(self, due: Instant) -> None:
        """An alarm was set for `due`; to be called after the commit."""
        if due - self._clock.now() < self._heartbeat:
            with self._lock:
                self._due = due if self._due is None else min(due, self._due)
            self._news.set()

    def moved(self) -> None:
        """The log has grown; to be called after the commit."""
        self._moved = True
        self._news.set()

    def close(self) -> None:
        self._stopping.set()
        self._news.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._news.wait()
            pause = _PAUSE_S
            try:
                self._send()
            except Unavailable:
                pause = _AWAY_S
            self._stopping.wait(pause)

    def _send(self) -> None:
        self._news.clear()
        with self._lock:
            due, self._due = self._due, None
        moved, self._moved = self._moved, False
        with reaching():
            if due is not None:
                self._redis.publish(self._channel, b"%b %d" % (_DUE, due))
            if moved:
                self._redis.publish(self._channel, _MOVED)


class Listener:
    """Hears what other processes ring, in a thread of its own; `on_due` and `on_moved` are called
    from there and are brief. Words it does not know are not for it."""

    def __init__(
        self,
        redis: Redis,
        channel: str,
        on_due: Callable[[Instant], object],
        on_moved: Callable[[], object],
    ) -> None:
        self._redis = redis
        self._channel = channel
        self._on_due = on_due
        self._on_moved = on_moved
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Returns when the thread has ended."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(Unavailable):
                self._listen()
            self._stopping.wait(_AWAY_S)

    def _listen(self) -> None:
        with reaching():
            ears = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
            try:
                ears.subscribe(self._channel)
                self._hear(ears)
            finally:
                ears.close()

    def _hear(self, ears: PubSub) -> None:
        while not self._stopping.is_set():
            message = ears.get_message(timeout=BLOCK_S)
            if message is not None:
                self._act_on(message["data"])

    def _act_on(self, said: bytes) -> None:
        word, _, rest = said.partition(b" ")
        try:
            if word == _MOVED:
                self._on_moved()
            elif word == _DUE and rest.isdigit():
                self._on_due(int(rest))
        except Exception as error:
            logger.error("a hint could not be acted on: %s", type(error).__name__)
