"""The writer's answers brought to the event loop: those that come together in one call."""

import asyncio
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Waking(Generic[T]):
    """Awaits futures that another thread completes many at a time, as a commit does. The loop is
    woken once for all of them: each waking costs the threads a turn of the interpreter's lock."""

    def __init__(self) -> None:
        self._done: deque[tuple[asyncio.Future[T], Future[T]]] = deque()
        self._woken = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait(self, future: "Future[T]") -> T:
        """The result; raises what the future raises. Belongs to one loop at a time."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._woken = loop, False
        waiter: asyncio.Future[T] = loop.create_future()

        def done(future: "Future[T]") -> None:
            self._done.append((waiter, future))
            if not self._woken:
                self._woken = True
                with suppress(RuntimeError):  # Nobody waits any more where the loop is closed.
                    loop.call_soon_threadsafe(self._deliver)

        future.add_done_callback(done)
        return await waiter

    def _deliver(self) -> None:
        # First this: what comes from now on wakes the loop again.
        self._woken = False
        while self._done:
            waiter, future = self._done.popleft()
            if waiter.done():
                continue
            if (error := future.exception()) is not None:
                waiter.set_exception(error)
            else:
                waiter.set_result(future.result())
