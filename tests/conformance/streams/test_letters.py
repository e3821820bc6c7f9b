"""Dead letters: looked at, sent again, dropped, and gone with their petitioner or their time."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sla_engine.clock import SystemClock, VirtualClock
from sla_engine.errors import Refusal, Unavailable
from sla_engine.petition.subject import SubjectErased
from sla_engine.record import Draft, Meta
from sla_engine.store.application import PetitionLog
from sla_engine.streams.client import connect
from sla_engine.streams.forgetting import Forgetter
from sla_engine.streams.group import Keys
from sla_engine.streams.letters import Letters
from tests.conformance.streams.desk import (
    DEAD,
    HASTY,
    NOW,
    STREAM,
    Fact,
    Sender,
    consume,
    consumer,
    drain,
    fact,
    failing,
    life,
    lives,
    once,
    opened,
    plainly,
    recorded,
    step,
    until,
)

DAY = 86_400_000_000
PHONE = "13800001234"


@pytest.fixture
def letters(redis_url: str) -> Iterator[Letters]:
    client = connect(redis_url, "test")
    yield Letters(client, Keys.of(STREAM))
    client.close()


def broken(no: str, **more: str) -> Fact:
    """A registration whose pack is not named, so that it cannot be read."""
    return fact(no, 1, "registered", personal={"phone": PHONE}, **more)


def bury(sender: Sender, url: str, file: str, *facts: Fact) -> None:
    sender.send(*facts)
    with opened(file) as log:
        consume(url, log)


def test_a_letter_says_what_was_sent_when_and_why_it_was_given_up(
    file: str, redis_url: str, sender: Sender, letters: Letters
) -> None:
    bury(sender, redis_url, file, broken("P1"))
    (letter,) = letters.read()
    assert letters.get(letter.id) == letter
    assert letters.count() == 1
    assert {each["where"] for each in letter.faults} == {"data.pack", "data.kind", "data.region"}
    assert (letter.stream, letter.source, letter.key) == ("petition/P1", "hotline", "P1-1")
    assert letter.first <= letter.last
    assert letter.deliveries == 1
    assert PHONE.encode() in (letter.body or b"")


def test_a_letter_that_is_replayed_is_taken_as_if_it_were_sent_now(
    file: str, redis_url: str, sender: Sender, letters: Letters
) -> None:
    """The reason was a fault of the program, which is mended by then."""
    facts = life("P1")
    with opened(file) as log:
        sender.send(*facts[:1])
        with consumer(redis_url, plainly(failing("P1-1", []))) as intake:
            drain(intake, sender)
        (letter,) = letters.read()
        entry = letters.replay(letter.id)
        assert sender.waiting() == [entry]
        assert letters.count() == 0
        sender.send(*facts[1:])
        consume(redis_url, log)
        assert recorded(log) == once(facts)


def test_a_letter_whose_body_was_lost_cannot_be_replayed(
    redis_url: str, sender: Sender, letters: Letters
) -> None:
    sender.send(*life("P1"))
    sender.redis.xgroup_create(STREAM, "sla-engine", id="0")
    sender.redis.xreadgroup("sla-engine", "one that died", {STREAM: ">"})
    sender.redis.xtrim(STREAM, maxlen=0, approximate=False)
    with consumer(redis_url, plainly(lambda _: [])) as intake:
        until(lambda: letters.count() == 4, lambda: step(intake))
    letter = next(letters.read())
    with pytest.raises(Refusal) as refused:
        letters.replay(letter.id)
    assert refused.value.code == "LETTER_EMPTY"
    assert letter.body is None
    letters.drop(letter.id)
    assert letters.count() == 3


@pytest.mark.parametrize("id_", ["1-1", "no id", "", "+"])
def test_a_letter_that_is_not_there_is_named(id_: str, letters: Letters) -> None:
    for do in (letters.get, letters.replay, letters.drop):
        with pytest.raises(Refusal) as refused:
            do(id_)
        assert refused.value.code == "LETTER_UNKNOWN"


def test_erasing_a_petitioner_reaches_letters_and_answers_and_nobody_elses(
    file: str, redis_url: str, sender: Sender, letters: Letters
) -> None:
    wrong = fact("P7", 5, "admitted", petitioner="caller-1", data={"document": "x"})
    bury(
        sender,
        redis_url,
        file,
        broken("P1", petitioner="caller-1"),
        broken("P2", petitioner="caller-2"),
        broken("P3"),
        broken("P4"),
        wrong,
    )
    assert (len(sender.dead()), len(sender.answers())) == (4, 5)
    assert letters.forget("caller-1") == 3
    assert letters.forget("of/P3") == 2
    assert letters.forget("caller-9", ["petition/P4"]) == 2
    assert [each["key"] for each in sender.dead()] == ["P2-1"]
    assert [each["key"] for each in sender.answers()] == ["P2-1"]


def erased(log: PetitionLog, subject: str, at: int) -> None:
    """What `Engine.erase` writes."""
    with log.transact() as tx:
        tx.append(
            f"subject/{subject}",
            0,
            [Draft(Meta(occurred_at=at, recorded_at=at), SubjectErased(subject, "申请"))],
        )


def test_an_erasure_in_the_log_is_made_up_for_when_redis_is_there_again(
    file: str, redis_url: str, sender: Sender, letters: Letters
) -> None:
    own = {**fact("P1", 5, "no_such_type"), "personal": {"phone": PHONE}}
    bury(sender, redis_url, file, *life("P1", petitioner="caller-1"), own)
    bury(sender, redis_url, file, broken("P2", petitioner="caller-1"))
    bury(sender, redis_url, file, broken("P3", petitioner="caller-2"))
    away = Letters(connect("redis://127.0.0.1:1", "test"), Keys.of(STREAM))
    clock = VirtualClock(NOW)
    with opened(file) as log:
        erased(log, "caller-1", NOW)
        erased(log, "caller-9", NOW)
        with pytest.raises(Unavailable):
            Forgetter(log, away, clock).step()
        forgetter = Forgetter(log, letters, clock)
        forgetter.step()
        assert [each["key"] for each in sender.dead()] == ["P3-1"]
        assert [each["key"] for each in sender.answers()] == ["P3-1"]

        sender.post(json.dumps(broken("P4", petitioner="caller-1")).encode())
        consume(redis_url, log)
        assert len(sender.dead()) == 2
        forgetter.step()
        assert [each["key"] for each in sender.dead()] == ["P3-1"]


def test_an_erasure_older_than_any_letter_is_not_looked_for_again(
    file: str, redis_url: str, sender: Sender, letters: Letters
) -> None:
    clock = VirtualClock(NOW)
    with opened(file) as log:
        erased(log, "caller-1", NOW)
        forgetter = Forgetter(log, letters, clock, keep_s=86_400)
        clock.set(NOW + 3 * DAY)
        forgetter.step()
        bury(sender, redis_url, file, broken("P1", petitioner="caller-1"))
        clock.set(NOW)
        forgetter.step()
    assert len(sender.dead()) == 1


def test_answers_hold_no_body_and_no_reference_of_a_petitioner(
    file: str, redis_url: str, sender: Sender
) -> None:
    bury(sender, redis_url, file, *(broken(f"P{n}", petitioner=PHONE) for n in (1, 2)))
    one, two = sender.answers()
    assert PHONE not in str([one, two])
    assert "data" not in one
    assert one["subject"] != two["subject"], "not even that it is the same petitioner"
    for each in sender.dead():
        assert PHONE not in str({**each, "data": ""})


def test_letters_and_answers_go_when_they_are_old(
    file: str, redis_url: str, sender: Sender, letters: Letters
) -> None:
    bury(sender, redis_url, file, broken("P1"))
    now = SystemClock().now()
    letters.expire(now - DAY)
    assert letters.count() == 1
    letters.expire(now + DAY)
    assert sender.dead() == sender.answers() == []


def test_letters_that_nobody_looks_after_go_by_themselves(
    file: str, redis_url: str, sender: Sender
) -> None:
    bury(sender, redis_url, file, broken("P1"))
    for key in (DEAD, f"{STREAM}:answers"):
        assert HASTY.keep_s - 600 < sender.redis.ttl(key) <= HASTY.keep_s


def test_a_consumer_removes_old_letters_as_it_goes(
    file: str, redis_url: str, sender: Sender
) -> None:
    sender.redis.xadd(DEAD, {"entry": "1-1"}, id="1-1")
    bury(sender, redis_url, file, *lives(1))
    assert sender.dead() == []


def test_many_letters_are_read_page_by_page(sender: Sender, letters: Letters) -> None:
    words = "entry 1-1 faults [] first 1 last 2 deliveries 1 stream petition/P1 source s key k"
    fields: Any = [*words.split(), "subject", ""]
    pipeline = sender.redis.pipeline(transaction=False)
    for _ in range(1_200):
        pipeline.xadd(DEAD, dict(zip(fields[::2], fields[1::2], strict=True)))
    pipeline.execute()
    assert sum(1 for _ in letters.read()) == 1_200
    assert letters.forget("caller-1", ["petition/P1"]) == 1_200


def test_without_redis_letters_are_unavailable() -> None:
    client = connect("redis://127.0.0.1:1", "test")
    with pytest.raises(Unavailable) as refused:
        Letters(client, Keys.of(STREAM)).count()
    assert refused.value.code == "REDIS_AWAY"
