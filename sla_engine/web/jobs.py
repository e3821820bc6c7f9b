"""What takes longer than an answer may: worked out in threads beside it, with progress.

Jobs and their results are kept in memory alone and for a while; nothing is written. Whoever asks
for a job again after a restart is told that there is none.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from secrets import token_urlsafe
from threading import Condition
from typing import Any

from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.record import Instant
from sla_engine.web.problems import SERVER_FAULT, tell

logger = logging.getLogger(__name__)

JOBS_FULL = tell(
    register(
        "JOBS_FULL",
        "同时进行的任务已满（{allowed}个）",
        "there are {allowed} jobs at once already",
        "等其中一个完成，或取消一个",
        "wait until one of them is done, or cancel one",
    ),
    429,
)
JOB_UNKNOWN = tell(
    register(
        "JOB_UNKNOWN",
        "没有任务“{found}”；任务及结果只在内存中保留一段时间",
        "there is no job {found}; jobs and their results are kept in memory for a while",
    ),
    404,
)
JOB_UNDONE = tell(
    register(
        "JOB_UNDONE",
        "任务尚无结果（{found}）",
        "the job has no result ({found})",
        "等到 state 为 done",
        "wait until its state is done",
    ),
    409,
)


def unguessable() -> str:
    """A name for a job."""
    return token_urlsafe(12)


AT_ONCE = 2
"""Jobs that are worked on side by side."""
WAITING = 8
"""Jobs that are taken at all, those being worked on included."""
KEPT_S = 3_600
"""How long a job that has ended is kept."""

_SECOND = 1_000_000


class State(Enum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self not in (State.WAITING, State.RUNNING)


class _Cancelled(Exception):
    """Nobody wants the result any more."""


class Job:
    """One piece of work. `asked`: what for, as plain data; `done` of `total` (0: unknown);
    `result` once it is done; `faults` of one that failed."""

    def __init__(
        self, id: str, kind: str, owner: str, asked: Mapping[str, Any], total: int, now: Instant
    ) -> None:
        self.id = id
        self.kind = kind
        self.owner = owner
        self.asked = asked
        self.total = total
        self.asked_at = now
        self.ended_at: Instant | None = None
        self.state = State.WAITING
        self.done = 0
        self.result: Any = None
        self.faults: tuple[Fault, ...] = ()
        self.unwanted = False

    def advance(self, done: int) -> None:
        """Told by the work how far it has come. Raises what ends a job that was cancelled."""
        if self.unwanted:
            raise _Cancelled
        self.done = done


Work = Callable[[Callable[[int], None]], Any]
"""Is given whom to tell of its progress, and returns the result."""


class Jobs:
    """The jobs of a process."""

    def __init__(self, now: Callable[[], Instant], names: Callable[[], str]) -> None:
        """`names` gives a name that nobody can guess."""
        self._now = now
        self._names = names
        self._jobs: dict[str, Job] = {}
        self._moved = Condition()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="job")

    def begin(self, kind: str, owner: str, asked: Mapping[str, Any], total: int, work: Work) -> Job:
        """Take a job on. Raises `JOBS_FULL`."""
        with self._moved:
            self._forget()
            if sum(not each.state.over for each in self._jobs.values()) >= WAITING:
                raise refuse(JOBS_FULL, "", "", str(WAITING))
            job = Job(self._names(), kind, owner, asked, total, self._now())
            self._jobs[job.id] = job
        self._threads.submit(self._run, job, work)
        return job

    def get(self, id: str, owner: str) -> Job:
        """Raises `JOB_UNKNOWN`, also for somebody else's."""
        with self._moved:
            self._forget()
            job = self._jobs.get(id)
        if job is None or job.owner != owner:
            raise refuse(JOB_UNKNOWN, "", id)
        return job

    def of(self, owner: str) -> list[Job]:
        """Somebody's jobs, the latest first."""
        with self._moved:
            self._forget()
            return [each for each in reversed(self._jobs.values()) if each.owner == owner]

    def under_way(self, asked: Mapping[str, Any]) -> bool:
        """Whether a job for just that is taken on and not over, whoever asked for it."""
        with self._moved:
            return any(each.asked == asked and not each.state.over for each in self._jobs.values())

    def cancel(self, job: Job) -> None:
        """End it at the next sign of progress; one that is over is forgotten."""
        with self._moved:
            job.unwanted = True
            if job.state is State.WAITING:
                self._end(job, State.CANCELLED)
            elif job.state.over:
                self._jobs.pop(job.id, None)

    def wait(self, job: Job, patience: float) -> None:
        """Until it is over, but no longer than `patience` seconds."""
        with self._moved:
            self._moved.wait_for(lambda: job.state.over, patience)

    def close(self) -> None:
        """Nothing more is begun; what is under way ends at its next sign of progress."""
        with self._moved:
            for job in self._jobs.values():
                job.unwanted = True
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job, work: Work) -> None:
        with self._moved:
            if job.state.over:
                return
            job.state = State.RUNNING
        try:
            job.result = work(job.advance)
            state = State.DONE
        except _Cancelled:
            state = State.CANCELLED
        except Refusal as refusal:
            state, job.faults = State.FAILED, refusal.faults
        except Exception as error:
            logger.error("a job failed", exc_info=error, extra={"job": job.kind})
            state, job.faults = State.FAILED, (Fault(SERVER_FAULT, "", type(error).__name__),)
        with self._moved:
            self._end(job, state)

    def _end(self, job: Job, state: State) -> None:
        job.state, job.ended_at = state, self._now()
        if state is State.DONE:
            job.done = job.total = max(job.total, job.done)
        self._moved.notify_all()

    def _forget(self) -> None:
        since = self._now() - KEPT_S * _SECOND
        self._jobs = {
            id: each
            for id, each in self._jobs.items()
            if each.ended_at is None or each.ended_at >= since
        }
