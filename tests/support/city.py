"""A month of a city delivered to an engine, in batches and swept by the hour, as a city would."""

from collections.abc import Iterable, Iterator

from scenarios.workload import HOUR, Arrival
from sla_engine.clock import VirtualClock
from sla_engine.record import Instant
from sla_engine.service.intake import Submission, parse
from sla_engine.wiring import Engine
from tests.support.delivery import PREMATURE

_PREMATURE = PREMATURE | {
    "EXCLUSION_UNKNOWN", "ITEM_NEEDS", "MEMBER_UNKNOWN", "NOT_DRAFTED", "NOT_IN_OFFICE",
    "NO_OBJECTION", "OBJECTION_PENDING",
}  # fmt: skip


class City:
    """Sends what arrives, again where a predecessor was missing, and lets time pass between.

    What is refused waits until something more about its dossier arrives. `given_up` holds the
    codes of facts that are never taken.
    """

    def __init__(self, engine: Engine, batch: int = 200) -> None:
        self.engine = engine
        self.batch = batch
        self.waiting: dict[str, list[Submission]] = {}
        self.given_up: list[str] = []

    def receive(self, arrivals: Iterable[Arrival]) -> None:
        """Arrivals, up to `batch` at a time, no more than an hour of them; what comes before its
        predecessor waits."""
        for batch in _batches(arrivals, self.batch):
            self.move_to(batch[-1].at)
            self.send([parse(arrival.fact) for arrival in batch])

    def deliver(self, arrivals: Iterable[Arrival]) -> None:
        """All arrivals, and nothing waits in the end."""
        self.receive(arrivals)
        while self.waiting:
            before = sum(map(len, self.waiting.values()))
            self.send([])
            assert sum(map(len, self.waiting.values())) < before, self.waiting

    def move_to(self, until: Instant) -> None:
        """Let time pass, with a sweep every hour in which something is due."""
        engine, clock = self.engine, self.engine.clock
        assert isinstance(clock, VirtualClock)
        while (alarm := engine.next_alarm()) is not None and alarm <= until:
            clock.set(min(max(alarm, clock.now()) // HOUR * HOUR + HOUR, until))
            assert not engine.run_due().failed
        clock.set(max(until, clock.now()))

    def send(self, submissions: list[Submission]) -> None:
        streams = {each.stream for each in submissions} or set(self.waiting)
        again = [each for stream in sorted(streams) for each in self.waiting.pop(stream, [])]
        batch = [*again, *submissions]
        for submission, outcome in zip(batch, self.engine.take(batch), strict=True):
            codes = {fault.code for fault in outcome.faults}
            if codes & _PREMATURE:
                self.waiting.setdefault(submission.stream, []).append(submission)
            else:
                self.given_up.extend(codes)


def _batches(arrivals: Iterable[Arrival], size: int) -> Iterator[list[Arrival]]:
    batch: list[Arrival] = []
    for arrival in arrivals:
        if batch and (len(batch) >= size or arrival.at - batch[0].at > HOUR):
            yield batch
            batch = []
        batch.append(arrival)
    if batch:
        yield batch
