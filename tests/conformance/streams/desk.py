"""An intake from a Redis Stream as the tests set it up: a sender, consumers, what came of it."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from threading import Event
from typing import Any

import redis

from sla_engine.catalog import load_rulebook
from sla_engine.clock import SystemClock
from sla_engine.errors import Fault, Unavailable
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import Transaction
from sla_engine.record import Draft, Meta
from sla_engine.service.handler import Handler, Outcome
from sla_engine.service.intake import Submission
from sla_engine.service.writer import Take, Writer
from sla_engine.store.application import PetitionLog, open_store
from sla_engine.streams.client import connect
from sla_engine.streams.intake import StreamIntake, Terms
from sla_engine.worktime import parse_instant

STREAM = "sla:{intake}"
ANSWERS, DEAD = f"{STREAM}:answers", f"{STREAM}:dead"
GROUP = "sla-engine"
NOW = parse_instant("2024-09-13T12:00:00+08:00")
TRAITS = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}

HASTY = Terms(batch=50, idle_s=0.2, patience_s=0.6, tries=3)
"""Terms under which nobody waits long."""

Fact = dict[str, Any]


def fact(no: str, step: int, type_: str, **more: Any) -> Fact:
    at = f"2024-09-13T09:{step:02}:00+08:00"
    return {
        "petition": no,
        "type": type_,
        "id": f"{no}-{step}",
        "source": "hotline",
        "at": at,
        **more,
    }


def life(no: str, **more: Any) -> list[Fact]:
    """A petition from registration to acceptance, in order; `more` goes with the registration."""
    return [
        fact(no, 1, "registered", data=TRAITS, **more),
        fact(no, 2, "admitted"),
        fact(no, 3, "dispatched", data={"unit": "市城乡水务局"}),
        fact(no, 4, "accepted"),
    ]


def lives(count: int, first: int = 0) -> list[Fact]:
    return [each for no in range(first, first + count) for each in life(f"P{no:05}")]


def keys(facts: Iterable[Mapping[str, Any]]) -> set[str]:
    return {each["id"] for each in facts}


class Sender:
    """An upstream system on a plain connection."""

    def __init__(self, url: str) -> None:
        self.redis = redis.Redis.from_url(url)

    def send(self, *facts: Mapping[str, Any]) -> list[str]:
        return self.post(*(json.dumps(each, ensure_ascii=False).encode() for each in facts))

    def post(self, *bodies: bytes) -> list[str]:
        """Bodies as they are; returns the ids of their entries."""
        ids: Any = [self.redis.xadd(STREAM, {"data": each}) for each in bodies]
        return [id_.decode() for id_ in ids]

    def waiting(self) -> list[str]:
        """Ids of the entries in the stream."""
        found: Any = self.redis.xrange(STREAM)
        return [id_.decode() for id_, _ in found]

    def unsettled(self) -> int:
        """Entries that nobody has read or nobody has acknowledged."""
        return self.redis.xlen(STREAM)

    def answers(self) -> list[dict[str, str]]:
        return self._read(ANSWERS)

    def dead(self) -> list[dict[str, str]]:
        return self._read(DEAD)

    def buried(self) -> list[bytes | None]:
        """The bodies of the dead letters."""
        found: Any = self.redis.xrange(DEAD)
        return [fields.get(b"data") for _, fields in found]

    def codes(self, messages: Iterable[Mapping[str, str]]) -> list[str]:
        """The first fault of each message."""
        return [json.loads(each["faults"])[0]["code"] for each in messages]

    def _read(self, key: str) -> list[dict[str, str]]:
        found: Any = self.redis.xrange(key)
        return [
            {name.decode(): value.decode(errors="replace") for name, value in fields.items()}
            for _, fields in found
        ]


def taking(log: PetitionLog) -> Take:
    """Record into a log under the shipped rules, at an instant that stands still."""
    handler = Handler(log, rules)
    return lambda submissions: handler.take(submissions, NOW)


@cache
def rules() -> Rulebook:
    return load_rulebook()


def filing(log: PetitionLog) -> Take:
    """Record whatever comes unless its key is there already; no rules, which take long to load."""

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        with log.transact() as tx:
            return [_filed(tx, each) for each in submissions]

    return take


def _filed(tx: Transaction, each: Submission) -> Outcome:
    key = (each.source, each.key)
    known = tx.answers([key]).get(key)
    if known is not None:
        return Outcome("repeated", known.stream, known.version)
    meta = Meta(occurred_at=each.occurred_at, recorded_at=NOW, source=each.source, key=each.key)
    (recorded,) = tx.append(each.stream, len(tx.load(each.stream)), [Draft(meta, each.event)])
    return Outcome("recorded", each.stream, recorded.version)


def accepting(taken: list[str]) -> Take:
    """Says of every submission that it is recorded."""

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        taken.extend(each.key for each in submissions)
        return [Outcome("recorded", each.stream, 1) for each in submissions]

    return take


def failing(on: str, taken: list[str]) -> Take:
    """Says that the program cannot deal with one key."""
    accept, fault = accepting(taken), Fault("SUBMISSION_FAILED", "", "TypeError")

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        return [
            Outcome("failed", each.stream, 0, (fault,)) if each.key == on else accept([each])[0]
            for each in submissions
        ]

    return take


def plainly(take: Take) -> "Callable[[Sequence[Submission]], Future[list[Outcome]]]":
    """A stand-in for the writer: one transaction for each call, in the caller's thread."""

    def submit(submissions: Sequence[Submission]) -> "Future[list[Outcome]]":
        future: Future[list[Outcome]] = Future()
        future.set_result(take(submissions))
        return future

    return submit


@contextmanager
def opened(address: str) -> Iterator[PetitionLog]:
    log = open_store(address, wait=30)
    try:
        yield log
    finally:
        log.close()


@contextmanager
def consumer(
    url: str, submit: Any, name: str = "one", terms: Terms = HASTY, timeout_s: float = 1.0
) -> Iterator[StreamIntake]:
    client = connect(url, f"test-{name}", timeout_s)
    intake = StreamIntake(client, submit, SystemClock(), STREAM, name, terms)
    try:
        yield intake
    finally:
        client.close()


def step(intake: StreamIntake) -> bool:
    """One step, whatever is away; whether nothing was."""
    try:
        intake.step()
    except Unavailable:
        Event().wait(0.05)
        return False
    return True


def until(true: Callable[[], bool], do: Callable[[], object]) -> None:
    """Do something again and again until that holds; a bound on steps, so that no test hangs."""
    for _ in range(400):
        if true():
            return
        do()
    raise AssertionError("it never came to that")


def drain(intake: StreamIntake, sender: Sender) -> None:
    """Step until everything that was sent is acknowledged."""
    until(lambda: not sender.unsettled(), lambda: step(intake))


def consume(
    url: str, log: PetitionLog, terms: Terms = HASTY, how: Callable[[PetitionLog], Take] = taking
) -> StreamIntake:
    """Take everything there is, as a process would that is started and stopped in good order."""
    with Writer(how(log)) as writer, consumer(url, writer.submit, "last", terms) as intake:
        drain(intake, Sender(url))
        intake.close()
    return intake


def recorded(log: PetitionLog) -> Counter[str]:
    """How often each of the sender's facts is in the log."""
    return Counter(each.meta.key for each in log.scan() if each.meta.source == "hotline")


def once(facts: Iterable[Mapping[str, Any]]) -> Counter[str]:
    return Counter(dict.fromkeys(keys(facts), 1))


def shuffled(facts: Sequence[Fact], chance: random.Random, copies: int = 1) -> list[Fact]:
    """In any order, some of them several times."""
    sent = [each for each in facts for _ in range(chance.randint(1, copies))]
    chance.shuffle(sent)
    return sent
