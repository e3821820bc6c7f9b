"""What comes in by a Redis Stream is recorded once, and what cannot be taken blocks nobody."""

import json
import random
import threading
from collections.abc import Sequence

import msgspec

from sla_engine.errors import Fault, Unavailable
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission
from sla_engine.service.writer import Limits, Writer
from tests.conformance.streams.desk import (
    GROUP,
    HASTY,
    STREAM,
    Sender,
    accepting,
    consume,
    consumer,
    drain,
    fact,
    failing,
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

PATIENT = HASTY._replace(patience_s=60)


# --------------------------------------------------------------------------- exactly once, in order


def test_duplicates_and_any_order_through_two_consumers_record_every_fact_once(
    store: str, redis_url: str, sender: Sender
) -> None:
    facts = lives(20)
    sender.send(*shuffled(facts, random.Random(7), copies=3))
    with opened(store) as log, Writer(taking(log)) as writer:
        with (
            consumer(redis_url, writer.submit, "one", PATIENT) as one,
            consumer(redis_url, writer.submit, "two", PATIENT) as two,
        ):
            other = threading.Thread(target=drain, args=(two, sender))
            other.start()
            drain(one, sender)
            other.join()
        assert recorded(log) == once(facts)
        assert sender.answers() == sender.dead() == []
        assert one.tally["recorded"] + two.tally["recorded"] == len(facts)


def test_a_stream_that_is_there_again_from_its_start_records_nothing_new(
    file: str, redis_url: str, sender: Sender
) -> None:
    facts = lives(5)
    ids = sender.send(*facts)
    with opened(file) as log:
        consume(redis_url, log)
        head = log.head()
        sender.redis.delete(STREAM)
        for id_, each in zip(ids, facts, strict=True):
            sender.redis.xadd(STREAM, {"data": json.dumps(each)}, id=id_)
        again = consume(redis_url, log)
        assert log.head() == head
    assert again.tally == {"repeated": len(facts)}


def test_a_body_may_be_messagepack(file: str, redis_url: str, sender: Sender) -> None:
    facts = life("P1", petitioner="caller-1", personal={"name": "张三"})
    sender.post(*map(msgspec.msgpack.encode, facts))
    with opened(file) as log:
        consume(redis_url, log)
        assert recorded(log) == once(facts)
        assert log.personal("caller-1") == {"name": "张三"}


def test_what_has_been_recorded_is_gone_from_redis(redis_url: str, sender: Sender) -> None:
    sender.send(*life("P1"))
    taken: list[str] = []
    with consumer(redis_url, plainly(accepting(taken))) as intake:
        drain(intake, sender)
    assert taken == ["P1-1", "P1-2", "P1-3", "P1-4"]
    assert sender.redis.xinfo_groups(STREAM)[0]["pending"] == 0
    assert {*sender.redis.keys()} == {STREAM.encode()}


def test_nothing_is_acknowledged_before_it_is_committed(redis_url: str, sender: Sender) -> None:
    pending: list[int] = []

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        pending.append(sender.redis.xinfo_groups(STREAM)[0]["pending"])
        return accepting([])(submissions)

    sender.send(*lives(3))
    with consumer(redis_url, plainly(take)) as intake:
        drain(intake, sender)
    assert pending == [12]


def test_a_fact_that_overtook_the_one_before_it_is_held_until_that_arrives(
    file: str, redis_url: str, sender: Sender
) -> None:
    first, *rest = life("P1")
    sender.send(*rest)
    with (
        opened(file) as log,
        consumer(redis_url, plainly(taking(log)), terms=PATIENT) as intake,
    ):
        until(lambda: intake.held == 3, lambda: step(intake))
        sender.send(first)
        drain(intake, sender)
        assert recorded(log) == once([first, *rest])
    assert intake.held == 0
    assert sender.answers() == []


def test_a_fact_whose_predecessor_never_comes_is_answered_in_the_end(
    file: str, redis_url: str, sender: Sender
) -> None:
    (entry,) = sender.send(fact("P1", 2, "admitted"))
    with opened(file) as log:
        intake = consume(redis_url, log)
    (answer,) = sender.answers()
    assert sender.codes([answer]) == ["NOT_REGISTERED"]
    assert (answer["entry"], answer["status"], answer["key"]) == (entry, "refused", "P1-2")
    assert intake.tally == {"refused": 1}
    assert sender.dead() == []


# ------------------------------------------------------------------------------ what is not taken


def test_a_refused_fact_is_answered_with_its_faults_and_holds_up_nobody(
    file: str, redis_url: str, sender: Sender
) -> None:
    facts = life("P1")
    wrong = fact("P1", 5, "step_done", data={"step": "onsite_arived"})
    sender.send(*facts[:2], wrong, *facts[2:])
    with opened(file) as log:
        consume(redis_url, log)
        assert recorded(log) == once(facts)
    (answer,) = sender.answers()
    (fault,) = json.loads(answer["faults"])
    assert (fault["code"], fault["near"]) == ("STEP_NOT_IN_PACK", "onsite_arrived")
    assert (answer["stream"], answer["source"], answer["key"]) == ("petition/P1", "hotline", "P1-5")
    assert sender.dead() == []


UNREADABLE = [
    b"",
    b"\x00\xff",
    b"[1]",
    b'{"petition": "P9"',
    b"[" * 100_000,
    b'{"petition": "P9", "type": "no_such"}',
    b'{"petition": "\\ud800", "type": "registered"}',
    b"\x81\x01\x02",
    b"\x81\xa1a\xc7\x01\x05a",
    b"\x91" * 50_000,
    msgspec.msgpack.encode({"petition": "P9", 5: {"x": b"\xff"}}),
    msgspec.json.encode(fact("P9", 1, "registered", data={"x": "y" * 1_100_000})),
]


def test_what_cannot_be_read_is_buried_as_it_was_sent_and_holds_up_nobody(
    redis_url: str, sender: Sender
) -> None:
    taken: list[str] = []
    for body in UNREADABLE:
        sender.post(body)
        sender.send(*life("P1")[:1])
    sender.redis.xadd(STREAM, {"payload": b"{}"})
    with consumer(redis_url, plainly(accepting(taken))) as intake:
        drain(intake, sender)
    assert taken == ["P1-1"] * len(UNREADABLE)
    assert sender.buried() == [*UNREADABLE, None]
    assert sender.codes(sender.answers()) == sender.codes(sender.dead())
    assert {*sender.codes(sender.dead())} == {
        "BODY_UNREADABLE", "INPUT_NOT_JSON", "INPUT_TOO_LONG", "FIELD_MISSING", "FIELD_UNKNOWN",
        "TEXT_UNSTORABLE",
    }  # fmt: skip


def test_a_fact_the_program_fails_on_is_buried_after_bounded_tries_and_blocks_nobody(
    redis_url: str, sender: Sender
) -> None:
    taken: list[str] = []
    facts = lives(3)
    entries = sender.send(*facts)
    with consumer(redis_url, plainly(failing("P00001-2", taken))) as intake:
        drain(intake, sender)
    assert sorted(taken) == sorted(keys(facts) - {"P00001-2"})
    (letter,) = sender.dead()
    assert sender.codes([letter]) == ["SUBMISSION_FAILED"]
    assert (letter["entry"], letter["key"]) == (entries[5], "P00001-2")
    assert letter["deliveries"] == "3"
    assert int(letter["first"]) <= int(letter["last"])
    assert int(letter["first"]) // 1_000 == int(entries[5].partition("-")[0])
    assert intake.tally["failed"] == 3


def test_an_entry_trimmed_away_before_it_was_taken_is_noticed(
    redis_url: str, sender: Sender
) -> None:
    entries = sender.send(*lives(2))
    sender.redis.xgroup_create(STREAM, GROUP, id="0")
    sender.redis.xreadgroup(GROUP, "one that died", {STREAM: ">"}, count=5)
    sender.redis.xtrim(STREAM, minid=entries[3], approximate=False)
    taken: list[str] = []
    with consumer(redis_url, plainly(accepting(taken))) as intake:
        until(
            lambda: not sender.redis.xinfo_groups(STREAM)[0]["pending"] and not sender.unsettled(),
            lambda: step(intake),
        )
    assert sorted(taken) == sorted(keys(lives(2)[3:]))
    lost = sender.dead()
    assert sender.codes(lost) == ["LOST_IN_TRANSPORT"] * 3
    assert [each["entry"] for each in lost] == entries[:3]
    assert all("data" not in each for each in lost)


# -------------------------------------------------------------------------------- back-pressure


def test_while_the_store_is_away_no_more_is_read_than_one_batch(
    redis_url: str, sender: Sender
) -> None:
    away, taken = True, list[str]()

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        if away:
            raise Unavailable(Fault("STORE_BUSY"))
        return accepting(taken)(submissions)

    facts = lives(100)
    sender.send(*facts)
    with Writer(take) as writer, consumer(redis_url, writer.submit) as intake:
        until(lambda: intake.held > 0, lambda: step(intake))
        for _ in range(20):
            assert not step(intake)
            assert sender.redis.xinfo_groups(STREAM)[0]["pending"] == intake.held == HASTY.batch
        away = False
        drain(intake, sender)
    assert sorted(taken) == sorted(keys(facts))
    assert sender.dead() == []


def test_what_waits_for_the_store_is_not_taken_over_and_no_delivery_counts(
    redis_url: str, sender: Sender
) -> None:
    def away(_: Sequence[Submission]) -> list[Outcome]:
        raise Unavailable(Fault("STORE_BUSY"))

    sender.send(*life("P1"))
    with (
        consumer(redis_url, plainly(away), "waits") as waits,
        consumer(redis_url, plainly(accepting([])), "idle") as idle,
    ):
        until(lambda: waits.held == 4, lambda: step(waits))
        for _ in range(8):
            step(waits)
            step(idle)
        rows = sender.redis.xpending_range(STREAM, GROUP, "-", "+", 10)
    assert [(each["consumer"], each["times_delivered"]) for each in rows] == [(b"waits", 1)] * 4
    assert idle.tally == {}


def test_while_others_fill_the_writer_nothing_is_read_and_nothing_is_lost(
    redis_url: str, sender: Sender
) -> None:
    busy, go, taken = threading.Event(), threading.Event(), list[str]()

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        busy.set()
        assert go.wait(30)
        return accepting(taken)(submissions)

    sender.send(*lives(50))
    with Writer(take, Limits(waiting=3)) as writer, consumer(redis_url, writer.submit) as intake:
        foreign = [_submission(f"X{n}") for n in range(3)]
        others = writer.submit(foreign)
        assert busy.wait(30)
        until(lambda: intake.held > 0, lambda: step(intake))
        for _ in range(5):
            assert not step(intake)
        assert (writer.depth, intake.held) == (3, HASTY.batch)
        go.set()
        assert len(others.result(30)) == 3
        drain(intake, sender)
    assert len(taken) == 203


def _submission(no: str) -> Submission:
    from sla_engine.service.intake import parse

    return parse(life(no)[0])


# ----------------------------------------------------------------------------- coming and going


def test_a_consumer_that_stops_leaves_what_it_holds_to_others_and_no_delivery_counts(
    file: str, redis_url: str, sender: Sender
) -> None:
    first, second, *_ = life("P1")
    sender.send(second)
    patient = HASTY._replace(idle_s=30, patience_s=60)
    with opened(file) as log:
        for name in "abcdefgh":
            with consumer(redis_url, plainly(taking(log)), name, patient) as intake:
                until(lambda: intake.held == 1, lambda: step(intake))
                intake.close()
        (row,) = sender.redis.xpending_range(STREAM, GROUP, "-", "+", 10)
        assert row["times_delivered"] == 0
        sender.send(first)
        consume(redis_url, log, patient)
        assert recorded(log) == once([first, second])


def test_a_group_that_is_gone_is_made_again_and_takes_everything_there_is(
    redis_url: str, sender: Sender
) -> None:
    taken: list[str] = []
    with consumer(redis_url, plainly(accepting(taken))) as intake:
        for round_ in range(3):
            facts = lives(1, first=round_)
            sender.send(*facts)
            drain(intake, sender)
            assert taken == [each["id"] for each in facts]
            taken.clear()
            sender.redis.flushall()


def test_consumers_that_died_are_struck_off_once_they_have_left_nothing(
    redis_url: str, sender: Sender
) -> None:
    sender.send(*life("P1"))
    sender.redis.xgroup_create(STREAM, GROUP, id="0")
    sender.redis.xreadgroup(GROUP, "one that died", {STREAM: ">"}, count=5)
    with consumer(redis_url, plainly(accepting([])), "alive") as intake:
        drain(intake, sender)
        until(
            lambda: (
                [each["name"] for each in sender.redis.xinfo_consumers(STREAM, GROUP)] == [b"alive"]
            ),
            lambda: step(intake),
        )


def test_a_redis_that_is_full_is_waited_for(redis_url: str, sender: Sender) -> None:
    taken: list[str] = []
    with consumer(redis_url, plainly(accepting(taken))) as intake:
        step(intake)
        sender.send(*life("P1"), {"petition": "P2"})
        sender.redis.config_set("maxmemory", "1")
        try:
            until(lambda: len(taken) == 4, lambda: step(intake))
            assert not step(intake)
            assert sender.answers() == []
        finally:
            sender.redis.config_set("maxmemory", "0")
        drain(intake, sender)
    assert len(taken) == 4
    assert len(sender.answers()) == len(sender.dead()) == 1
