"""A small installation of real processes under load: roles, a sender, and somebody who kills."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event
from typing import Any, Self

from redis import Redis, RedisError

from sla_engine.clock import SystemClock
from sla_engine.delivery.book import looked_into
from sla_engine.delivery.wording import Words
from sla_engine.dossier.events import RungFired
from sla_engine.settings import Settings
from sla_engine.store.application import PetitionLog, open_store
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant
from tests.faults.load import STREAM, post
from tests.faults.nursery import Child, Nursery
from tests.support.delivery import RULES
from tests.support.history import disordered, put_aside, recorded_twice
from tests.support.post import due, noted

SECOND = 1_000_000
CLOCK = SystemClock()
PATIENCE_S = 120.0
ROLES = ("intake", "intake", "scheduler", "scheduler", "followers", "followers", "delivery")
CHANNEL = "bus"
ENDPOINTS = f"""
lease_s = 2

[[endpoint]]
name = "{CHANNEL}"
kind = "stream"
since = "start"
"""
TRAITS = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}


FOLLOWERS = ("reactor", "projection/worklist", "projection/scorecard", f"delivery/{CHANNEL}")


def pause(seconds: float) -> None:
    Event().wait(seconds)


def petition(no: str, warned_in: float) -> list[dict[str, Any]]:
    """A petition whose first warning is due so many seconds from now."""
    at = format_instant(CLOCK.now() + round((warned_in - 3_600) * SECOND))
    personal = {"petitioner": f"citizen-{no}", "personal": {"name": "张三"}}
    where = {"unit": f"U{int(no[1:]) % 5}", "assignment": "A1"}
    return [
        {**_fact(no, "registered", at), "data": TRAITS, **personal},
        _fact(no, "admitted", at),
        {**_fact(no, "dispatched", at), "data": where},
    ]


def _fact(no: str, name: str, at: str) -> dict[str, Any]:
    return {"petition": no, "type": name, "id": f"{no}-{name}", "source": "hotline", "at": at}


@dataclass(slots=True)
class Tally:
    """What was counted. `lost` and `twice` must be 0; a repeated send is allowed."""

    kills: int = 0
    sent: int = 0
    facts: int = 0
    lost: int = 0
    twice: int = 0
    repeated: int = 0
    acts: int = 0
    told: int = 0
    told_again: int = 0


@dataclass(slots=True)
class Town:
    """Processes on one store and one Redis. Use it as a context manager."""

    nursery: Nursery
    store: str
    redis: str
    folder: Path
    rng: Random
    children: list[tuple[str, Child]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    emptied: bool = False
    """Whether Redis has lost what it had."""

    def __enter__(self) -> Self:
        open_store(self.store).close()
        (self.folder / "endpoints.toml").write_text(ENDPOINTS)
        self.children = [(role, self._start(role)) for role in ROLES]
        return self

    def __exit__(self, *_: object) -> None:
        for _role, child in self.children:
            child.kill()

    def _start(self, role: str) -> Child:
        return self.nursery.start(
            "serve",
            roles=[role],
            store=self.store,
            redis=self.redis,
            delivery=str(self.folder / "endpoints.toml"),
            busy_s=10.0,
            stop_s=5.0,
            probe_s=5.0,
        )

    # --------------------------------------------------------------------------------- faults

    def kill_one(self, *roles: str) -> None:
        """SIGKILL to one process, of those roles if any are named; another takes its place."""
        places = [n for n, (role, _) in enumerate(self.children) if not roles or role in roles]
        place = self.rng.choice(places)
        role, child = self.children[place]
        child.kill()
        self.tally.kills += 1
        self.children[place] = (role, self._start(role))

    # --------------------------------------------------------------------------------- sending

    def client(self) -> Redis:
        return Redis.from_url(self.redis, socket_timeout=5.0)

    def send(self, count: int) -> None:
        """So many petitions more; every fact that has no answer is sent again."""
        for _ in range(count):
            no = f"K{len(self.sent) // 3:05}"
            for fact in petition(no, self.rng.uniform(0.5, 4.0)):
                self.sent[fact["id"]] = fact
                self._post([fact])
        if self.sent and self.rng.random() < 0.5:
            self._post(self.rng.sample(list(self.sent.values()), min(3, len(self.sent))))

    def send_everything_again(self) -> None:
        """What a sender does who hears that Redis has lost what it had."""
        self._post(list(self.sent.values()))

    def _post(self, facts: Sequence[Mapping[str, Any]]) -> None:
        waiting, until = list(facts), CLOCK.monotonic() + PATIENCE_S
        with self.client() as client:
            while waiting:
                assert CLOCK.monotonic() < until, "Redis never came back"
                try:
                    self.tally.sent += post(client, waiting[:1])
                    waiting.pop(0)
                except RedisError:
                    pause(0.1)

    # ---------------------------------------------------------------------------------- ending

    def settle(self) -> None:
        """Wait until everything that was sent is dealt with, and nothing is due or behind."""
        until = CLOCK.monotonic() + PATIENCE_S
        log = open_store(self.store)
        try:
            while busy := list(self._unfinished(log)):
                assert CLOCK.monotonic() < until, (busy, self._last_words())
                pause(0.1)
        finally:
            log.close()

    def _last_words(self) -> list[str]:
        return [child.output[-500:] for _, child in self.children]

    def _unfinished(self, log: PetitionLog) -> Iterator[str]:
        with self.client() as client:
            if client.exists(STREAM) and client.xlen(STREAM):
                yield "the stream holds facts"
        keys = {each.meta.key for each in log.scan() if each.meta.source == "hotline"}
        if keys != self.sent.keys():
            yield f"{len(self.sent.keys() - keys)} facts are not recorded"
        alarm = log.next_alarm()
        if alarm is not None and alarm <= CLOCK.now() + SECOND:
            yield "something is due"
        behind = [name for name in FOLLOWERS if log.position(name) < log.head()]
        if behind:
            yield f"{behind} are behind"
        if looked_into(log, CHANNEL).size:
            yield "messages wait"

    def flaws(self) -> Iterator[str]:
        """Everything that is wrong with what is left, counted as it is found."""
        for _, child in self.children:
            child.kill()
        self.children = []
        log = open_store(self.store)
        try:
            engine = Engine(log, CLOCK, Settings(), RULES)
            events = list(log.scan())
            held = [each.meta.key for each in events if each.meta.source == "hotline"]
            twice = [*recorded_twice(events)]
            self.tally.facts, self.tally.acts = (
                len(self.sent),
                sum(isinstance(each.event, RungFired) for each in events),
            )
            self.tally.lost = len(self.sent.keys() - set(held))
            self.tally.twice = len(twice)
            self.tally.repeated = self.tally.sent - len(self.sent)
            yield from twice
            yield from disordered(events)
            yield from put_aside(engine)
            if self.tally.lost:
                yield f"{self.tally.lost} facts are lost"
            if not engine.verify().identical:
                yield "acts, readings or read models are not what follows from the facts"
            yield from self._flaws_of_messages(log, engine)
        finally:
            log.close()

    def _flaws_of_messages(self, log: PetitionLog, engine: Engine) -> Iterator[str]:
        """A server that was emptied is told again, and that is noted; else each is noted once."""
        wanted, told = due(log, Words(lambda: engine.rules)), noted(log)
        with self.client() as client:
            entries = client.xrange(f"sla-engine:delivery:{{{CHANNEL}}}")
        sent = Counter(fields[b"id"].decode() for _, fields in entries)
        self.tally.told, self.tally.told_again = len(sent), sent.total() - len(sent)
        for name in wanted.keys() | told.keys():
            if not sent[name]:
                yield f"message {name} was never sent"
            if told[name] < wanted[name] or (told[name] > wanted[name] and not self.emptied):
                yield f"message {name} is due {wanted[name]} times, recorded {told[name]} times"
