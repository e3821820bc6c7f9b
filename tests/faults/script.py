"""A small history that goes through every step of every port, to be broken off at any of them.

Whoever plays it again goes on where it was: a scene may be played any number of times.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

from projections import READ_MODELS
from scenarios.workload import DAY, HOUR, MINUTE, Fact, fact_of
from sla_engine.clock import VirtualClock
from sla_engine.delivery.book import looked_into
from sla_engine.delivery.channel import Outcome as Sent
from sla_engine.delivery.courier import Courier
from sla_engine.delivery.message import Parcel
from sla_engine.delivery.wording import Words
from sla_engine.followers.projector import rebuild as rebuild_rows
from sla_engine.followers.runner import Runner
from sla_engine.record import Instant
from sla_engine.scheduler.alarm_index import rebuild as rebuild_index
from sla_engine.scheduler.pace import unpaced
from sla_engine.scheduler.sweep import Sweeper
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission, parse
from sla_engine.service.writer import Writer
from sla_engine.settings import Settings
from sla_engine.store.application import PetitionLog
from sla_engine.streams.client import connect
from sla_engine.streams.intake import StreamIntake, Terms
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.faults.load import STREAM, post
from tests.support.delivery import RULES
from tests.support.faults import (
    Hook,
    faulty_channel,
    faulty_clock,
    faulty_log,
    faulty_redis,
)
from tests.support.post import ENDPOINT, SETTINGS, Post
from tests.support.witness import Witness

BEGIN = parse_instant("2025-03-03T09:00:00+08:00")
END = BEGIN + 90 * DAY
NOTICE = """
title = "模拟通知：三月十日放假一天"
number = "模拟〔2025〕9号"
region = "CN"
published = 2025-03-05
covers = []
verified = false

[[holiday]]
name = "模拟假日"
off = ["2025-03-10"]
work = ["2025-03-15"]
"""
TRAITS = {"pack": "zaozhuang-2110", "region": "CN-3704", "kind": "投诉", "subject": "enterprise"}

Say = Callable[[Sequence[Submission], Sequence[Outcome]], None]
"""Told of every answer, as the sender is."""


def facts(no: str, begin: Instant, unit: str) -> list[Fact]:
    """A petition that is handled slowly."""
    opened = fact_of(no, "registered", begin, **TRAITS)
    opened["personal"] = {"name": "张三", "phone": "13900000000"}
    found = [
        opened,
        fact_of(no, "admitted", begin + 10 * MINUTE),
        fact_of(no, "dispatched", begin + 30 * MINUTE, unit=unit, assignment=f"{no}-1"),
    ]
    return [{name: each[name] for name in each if name != "_at"} for each in found]


def later(no: str, name: str, at: Instant, **data: object) -> Fact:
    fact = fact_of(no, name, at, **data)
    del fact["_at"]
    return fact


NEWS = later("P0", "accepted", BEGIN + 3 * HOUR)
"""One fact more of a petition."""


class _Mailbox(Post):
    """A receiver that outlives the process: it writes down the id of whatever it gets."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def send(self, parcels: Sequence[Parcel], token: str, now: Instant) -> Sequence[Sent]:
        with self._path.open("a") as book:
            for parcel in parcels:
                book.writelines(f"{message.id}\n" for message in parcel.messages)
            book.flush()
            os.fsync(book.fileno())
        return super().send(parcels, token, now)

    def ids(self) -> set[str]:
        """Of every message that ever arrived."""
        return set(self._path.read_text().split()) if self._path.exists() else set()


class Play:
    """One playing of the script by one process."""

    def __init__(self, log: PetitionLog, redis: str, mailbox: Path, hook: Hook, say: Say) -> None:
        self.clock = VirtualClock(BEGIN)
        self.hook = hook
        self.say = say
        self.plain = log
        self.redis = redis
        self.mailbox = _Mailbox(mailbox)
        self.witness = Witness(poison="admitted")
        # Whoever plays on does not set the clock back.
        self._latest = max((each.meta.recorded_at for each in log.scan()), default=BEGIN)
        self._move(BEGIN)
        clock = faulty_clock(self.clock, hook)
        self.engine = Engine(faulty_log(log, hook), clock, Settings(tolerance_s=0), RULES)

    def run(self) -> None:
        for at, scene in self._scenes():
            self._move(at)
            self.engine.log.now()
            scene()

    def _move(self, at: Instant) -> None:
        self.clock.set(max(at, self._latest))

    def _scenes(self) -> Iterator[tuple[Instant, Callable[[], object]]]:
        first, begin = facts("P1", BEGIN, "U1"), BEGIN
        yield begin + HOUR, partial(self._write, first)
        yield begin + HOUR, partial(self._take, [*first, *facts("P2", begin + 5 * MINUTE, "U2")])
        yield begin + 2 * HOUR, self._receive
        yield begin + 4 * HOUR, self._sweep
        merged = later("P2", "merged", begin + 5 * HOUR, into="P1")
        yield begin + 6 * HOUR, partial(self._take, [merged])
        yield begin + 6 * HOUR, self._follow
        yield begin + 7 * HOUR, self._rebuild
        yield begin + 26 * HOUR, self._sweep
        yield begin + 2 * DAY, partial(self.engine.load_notice, NOTICE)
        yield begin + 3 * DAY, self._deliver
        resolved = later("P1", "resolved", begin + 20 * DAY)
        yield begin + 21 * DAY, partial(self._take, [resolved])
        yield END, self._sweep
        yield END, self._follow
        yield END, self._sweep
        yield END, self._look
        yield END, self._erase
        yield END, self._follow
        yield END, self._deliver_everything

    # -------------------------------------------------------------------------------- scenes

    def _take(self, sent: Sequence[Fact]) -> None:
        submissions = [parse(fact) for fact in sent]
        self.say(submissions, self._record(submissions))

    def _record(self, submissions: Sequence[Submission]) -> list[Outcome]:
        self.engine.refresh_rules()
        return self.engine.handler.take(submissions, self.engine.clock.now())

    def _write(self, sent: Sequence[Fact]) -> None:
        submissions = [parse(fact) for fact in sent]
        with Writer(self._record) as writer:
            self.say(submissions, writer.submit(submissions).result())

    def _receive(self) -> None:
        """By Redis; what was sent and not yet acknowledged is sent again."""
        client = connect(self.redis, "sender")
        post(client, facts("P3", BEGIN + MINUTE, "U3"))
        with Writer(self._record) as writer:
            patient = Terms(idle_s=0.05, patience_s=0.05)
            intake = StreamIntake(
                faulty_redis(connect(self.redis, "intake"), self.hook),
                writer.submit,
                self.engine.clock,
                STREAM,
                f"player-{os.getpid()}",
                patient,
            )
            while client.xlen(STREAM):
                self.clock.set(self.clock.now() + MINUTE)
                intake.step()
            intake.close()

    def _sweep(self) -> None:
        engine = self.engine
        engine.refresh_rules()
        touch, made = engine.handler.touch_all, engine.ready_made
        sweeper = Sweeper(engine.log, touch, engine.clock, ready=made, pace=unpaced(3))
        while sweeper.sweep().touched:
            pass

    def _follow(self) -> None:
        self.engine.follow()
        Runner(self.engine.log, self.witness).run()

    def _rebuild(self) -> None:
        rebuild_rows(self.engine.log, READ_MODELS[0])
        rebuild_index(self.engine.log, self.engine.alarm_rows, self.engine.clock.now())

    def _look(self) -> None:
        """What only people ask for."""
        self.engine.log.personal("of/P1")
        assert list(self.engine.log.histories("petition/"))
        self.engine.log.count_due(self.engine.clock.now())
        assert self.engine.page("docket", limit=2)
        assert self.engine.row("docket.base", "petition/P1")
        assert self.engine.counts("docket", [("", "~")])[0]

    def _erase(self) -> None:
        if not self.engine.events("subject/of/P2"):
            self.engine.erase("of/P2", "依申请")

    def _deliver(self) -> None:
        courier = self._courier()
        courier.run()
        courier.close()

    def _deliver_everything(self) -> None:
        courier = self._courier()
        courier.run()
        while courier.lag() or looked_into(self.plain, ENDPOINT.name).size:
            self.clock.set(self.clock.now() + HOUR)
            courier.run()
        self._follow()

    def _courier(self) -> Courier:
        return Courier(
            self.engine.log,
            ENDPOINT,
            faulty_channel(self.mailbox, self.hook),
            SETTINGS,
            Words(lambda: self.engine.rules),
            clock=self.engine.clock,
            chance=Random(os.getpid()),
        )
