"""What every handler is given: the engine, its one writer, and who may come in."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sla_engine.record import Instant
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission
from sla_engine.settings import Settings
from sla_engine.web.broadcast import Broadcast
from sla_engine.web.gate import Access
from sla_engine.web.jobs import Jobs, unguessable
from sla_engine.web.waking import Waking
from sla_engine.wiring import Engine

_LOOK_S, _PATIENCE_S = 0.01, 2.0


class Submit(Protocol):
    """Hands submissions to the writer of this process. Raises errors.Unavailable."""

    def __call__(self, submissions: Sequence[Submission]) -> "Future[list[Outcome]]": ...


class House:
    """One for each process. Handlers that only read are plain functions, which run in threads;
    those that write are coroutines and share commits by way of `take`."""

    def __init__(self, engine: Engine, submit: Submit, access: Access) -> None:
        self.engine = engine
        self.access = access
        self.broadcast = Broadcast(engine.log)
        self.jobs = Jobs(engine.clock.now, unguessable)
        self._submit = submit
        self._waking = Waking[list[Outcome]]()

    @property
    def settings(self) -> Settings:
        return self.engine.settings

    def now(self) -> Instant:
        return self.engine.clock.now()

    def moved(self) -> None:
        """The log has grown: whoever listens is told. May be called by any thread."""
        self.broadcast.moved()

    def close(self) -> None:
        """Streams end, and jobs are not gone on with; what was accepted is still answered."""
        self.broadcast.close()
        self.jobs.close()

    async def take(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Record submissions; one outcome for each, in order, when they are on the disk. Raises
        errors.Unavailable."""
        return await self._waking.wait(self._submit(submissions))

    async def tell(self, submission: Submission) -> Outcome:
        """Record what a person at a screen did, and wait until the screens show it."""
        (outcome,) = await self.take([submission])
        await self.heard()
        return outcome

    async def heard(self) -> None:
        """Wait until the read models have come as far as the log is now; not for ever: they may be
        kept by another process that is down, and then the screens are late and nothing is wrong."""
        log = self.engine.log
        head = await run_in_threadpool(log.head)
        followers = [name for runner in self.engine.runners for name in runner.names]

        def behind() -> bool:
            reached = log.positions()
            return any(reached.get(name, 0) < head for name in followers)

        waited = 0.0
        while waited < _PATIENCE_S and await run_in_threadpool(behind):
            await asyncio.sleep(_LOOK_S)
            waited += _LOOK_S


async def house_of(request: Request) -> House:
    """The house of the app that is asked. A coroutine, for a plain function would take a thread."""
    found: House = request.app.state.house
    return found


HouseDep = Annotated[House, Depends(house_of)]
