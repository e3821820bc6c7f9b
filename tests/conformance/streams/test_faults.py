"""Whatever is killed, emptied, paused or lost on the way: every fact is in the log once."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sla_engine.errors import Fault
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission
from sla_engine.service.writer import Writer
from tests.conformance.streams.desk import (
    ANSWERS,
    HASTY,
    STREAM,
    Fact,
    Sender,
    consume,
    consumer,
    drain,
    fact,
    filing,
    keys,
    life,
    lives,
    once,
    opened,
    plainly,
    recorded,
    shuffled,
    step,
    taking,
    until,
)
from tests.support.proxy import Fate, Proxy, always
from tests.support.servers import RedisServer

ROOT = Path(__file__).parents[3]
SOAK = os.environ.get("SOAK") == "1"
KILLS = 200 if SOAK else 3
LIVES = 2_000 if SOAK else 40
SEEDS = range(200 if SOAK else 2)

# Deliveries that were cut short by a fault of the test are not to count.
STUBBORN = HASTY._replace(patience_s=60, tries=1_000)


def start(*arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.conformance.streams.workers", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of one's own that keeps what it was told, to be killed."""
    with RedisServer(appendonly="yes", appendfsync="always") as server:
        yield server


def test_a_consumer_killed_at_any_instant_loses_nothing_and_records_nothing_twice(
    store: str, redis_url: str, sender: Sender
) -> None:
    chance, facts = random.Random(3), lives(LIVES)
    with opened(store):
        pass
    sent = shuffled(facts, chance, copies=2)
    for turn in range(KILLS):
        process = start(store, redis_url, f"worker-{turn}")
        sender.send(*sent[turn::KILLS])
        threading.Event().wait(chance.uniform(0, 0.2))
        end(process)
    with opened(store) as log:
        consume(redis_url, log, STUBBORN, filing)
        assert recorded(log) == once(facts)
    assert sender.dead() == sender.answers() == []


def test_a_fact_that_kills_the_process_is_buried_and_its_neighbours_are_not(
    file: str, redis_url: str, sender: Sender
) -> None:
    facts = lives(12)
    with opened(file):
        pass
    entries = sender.send(*facts)
    for turn in range(6):
        process = start(file, redis_url, f"worker-{turn}", "P00005-4")
        until(
            lambda: process.poll() is not None or not sender.unsettled(),  # noqa: B023
            lambda: threading.Event().wait(0.05),
        )
        end(process)
        if not sender.unsettled():
            break
    (letter,) = sender.dead()
    assert sender.codes([letter]) == ["TRIES_EXHAUSTED"]
    assert (letter["entry"], letter["key"]) == (entries[23], "P00005-4")
    assert b'"P00005-4"' in (sender.buried()[0] or b"")
    with opened(file) as log:
        assert keys(facts) - recorded(log).keys() == {"P00005-4"}


def test_a_redis_that_is_killed_and_comes_back_goes_on_where_it_was(
    file: str, server: RedisServer
) -> None:
    facts, sender = lives(45), Sender(server.url)
    sender.send(*facts)
    with (
        opened(file) as log,
        Writer(taking(log)) as writer,
        consumer(server.url, writer.submit, terms=STUBBORN) as intake,
    ):
        for batches in range(1, 4):
            until(
                lambda: intake.tally["recorded"] >= batches * STUBBORN.batch,  # noqa: B023
                lambda: step(intake),
            )
            server.kill()
            assert not step(intake)
            server.start()
        drain(intake, sender)
        assert recorded(log) == once(facts)
    assert sender.dead() == sender.answers() == []


def test_a_redis_that_was_emptied_takes_what_is_sent_again(
    file: str, redis_url: str, sender: Sender
) -> None:
    facts = lives(LIVES // 2)
    sender.send(*facts)
    with (
        opened(file) as log,
        Writer(taking(log)) as writer,
        consumer(redis_url, writer.submit, terms=STUBBORN) as intake,
    ):
        until(lambda: intake.tally["recorded"] > 0, lambda: step(intake))
        sender.redis.flushall()
        step(intake)
        missing = keys(facts) - recorded(log).keys()
        assert missing
        sender.send(*facts)
        drain(intake, sender)
        assert recorded(log) == once(facts)
        assert intake.tally["repeated"] == len(facts) - len(missing)


def test_a_redis_that_stands_still_is_waited_for(file: str, server: RedisServer) -> None:
    facts, sender = lives(10), Sender(server.url)
    with (
        opened(file) as log,
        Writer(taking(log)) as writer,
        consumer(server.url, writer.submit, terms=STUBBORN, timeout_s=0.4) as intake,
    ):
        sender.send(*facts)
        until(lambda: intake.tally["recorded"] > 0, lambda: step(intake))
        server.pause()
        assert not step(intake)
        server.resume()
        drain(intake, sender)
        assert recorded(log) == once(facts)
    assert sender.dead() == []


@pytest.mark.parametrize("seed", SEEDS)
def test_lost_replies_record_nothing_twice_and_answer_nobody_twice(
    seed: int, file: str, redis_server: RedisServer, redis_url: str, sender: Sender
) -> None:
    chance = random.Random(seed)
    facts, wrong = lives(5), [refusable(no) for no in range(5)]
    sender.send(*shuffled([*facts, *wrong], chance))
    with Proxy(redis_server.port, lambda _: Fate.LOSE if chance.random() < 0.2 else Fate.PASS) as p:
        url = f"redis://127.0.0.1:{p.port}/0"
        terms = STUBBORN._replace(batch=10)
        with opened(file) as log, consumer(url, plainly(taking(log)), terms=terms) as intake:
            drain(intake, sender)
            assert recorded(log) == once(facts)
    assert sorted(each["key"] for each in sender.answers()) == sorted(keys(wrong))


def test_when_the_reply_to_a_refusal_is_lost_its_sender_is_answered_once(
    redis_server: RedisServer, redis_url: str, sender: Sender
) -> None:
    sender.send(*life("P1"))
    with Proxy(redis_server.port) as proxy:

        def lose_one(_: bytes) -> Fate:
            proxy.fate = always
            return Fate.LOSE

        def take(submissions: Sequence[Submission]) -> list[Outcome]:
            # The next that Redis says is what it says to the refusals.
            proxy.fate = lose_one
            fault = (Fault("KEY_REUSED", "id", "x"),)
            return [Outcome("refused", each.stream, 0, fault) for each in submissions]

        with consumer(f"redis://127.0.0.1:{proxy.port}/0", plainly(take)) as intake:
            until(lambda: bool(sender.answers()), lambda: step(intake))
            for _ in range(5):
                step(intake)
    assert sorted(each["key"] for each in sender.answers()) == sorted(keys(life("P1")))
    assert sender.unsettled() == 0


def refusable(no: int) -> Fact:
    return fact(f"P{no:05}", 9, "step_done", data={"step": "no such step"})


def test_a_connection_that_is_cut_again_and_again_is_made_again(
    file: str, redis_server: RedisServer, redis_url: str, sender: Sender
) -> None:
    facts = lives(10)
    with Proxy(redis_server.port) as proxy, opened(file) as log:
        url = f"redis://127.0.0.1:{proxy.port}/0"
        with consumer(url, plainly(taking(log)), terms=STUBBORN) as intake:
            for each in facts:
                sender.send(each)
                step(intake)
                proxy.cut()
            drain(intake, sender)
        assert recorded(log) == once(facts)


def test_a_redis_that_forgets_the_stream_to_make_room_takes_what_is_sent_again(
    file: str, redis_url: str, sender: Sender
) -> None:
    facts = life("P1")
    with opened(file) as log, consumer(redis_url, plainly(taking(log))) as intake:
        for _ in range(3):
            sender.send(*facts)
            step(intake)
            sender.redis.delete(STREAM, ANSWERS)
        sender.send(*facts)
        drain(intake, sender)
        assert recorded(log) == once(facts)
