"""What is new in the log, told to whoever listens in this process.

One task reads the log, woken by a commit here and looking by itself for those of other processes.
Nobody waits for a listener: one that does not keep up is told so and starts again from where it
was, which the position of each event makes exact.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from sla_engine.errors import Unavailable, register
from sla_engine.ports import Log
from sla_engine.record import Recorded

STREAMS_FULL = register(
    "STREAMS_FULL",
    "同时接收事件的连接已达 {allowed} 个",
    "there are {allowed} connections already that events are sent to",
    "稍后再连，从上次的位置继续",
    "connect again later, from the position that was reached",
)

_PAGE = 500
_LOOK_S = 1.0
_ROOM = 50
"""Pages that may wait for one listener."""


class Listener(NamedTuple):
    """One who listens from behind position `begins`. Pages of events wait in `pages`; None is the
    end: the listener `lags`, or the process stops."""

    begins: int
    pages: "asyncio.Queue[Sequence[Recorded] | None]"


class Broadcast:
    """Belongs to one event loop, that of whoever joins first; `moved` may be called by any thread,
    all else by the loop alone."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.seats = Counter[str]()
        """How many streams each listener has, those included that are still reading the past."""
        self._listeners: dict[int, Listener] = {}
        self._position = 0
        self._news = asyncio.Event()
        self._joining = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def moved(self) -> None:
        """The log has grown. Returns at once."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # Nobody listens any more where the loop is closed.
                loop.call_soon_threadsafe(self._news.set)

    def __len__(self) -> int:
        return len(self._listeners)

    async def join(self) -> Listener:
        """Listen from here on."""
        async with self._joining:
            if self._task is None or self._task.done():
                self._loop = asyncio.get_running_loop()
                self._position = await run_in_threadpool(self._log.head)
                self._task = asyncio.create_task(self._tell())
        listener = Listener(self._position, asyncio.Queue(_ROOM))
        self._listeners[id(listener.pages)] = listener
        return listener

    def leave(self, listener: Listener) -> None:
        """Listen no longer; the last one who leaves ends the reading."""
        self._listeners.pop(id(listener.pages), None)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    def close(self) -> None:
        """End every listener; may be called by any thread."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        for listener in list(self._listeners.values()):
            self._drop(listener)

    async def _tell(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), _LOOK_S)
            self._news.clear()
            # A store that is away comes back; what was missed meanwhile is read then.
            with suppress(Unavailable):
                await self._read_on()

    async def _read_on(self) -> None:
        while page := await run_in_threadpool(self._log.follow, self._position, _PAGE):
            self._position = page[-1].position
            for listener in list(self._listeners.values()):
                if listener.pages.full():
                    self._drop(listener)
                else:
                    listener.pages.put_nowait(page)

    def _drop(self, listener: Listener) -> None:
        """Its connection is to end; what still waits for it is read again by position."""
        self._listeners.pop(id(listener.pages), None)
        while not listener.pages.empty():
            listener.pages.get_nowait()
        listener.pages.put_nowait(None)
