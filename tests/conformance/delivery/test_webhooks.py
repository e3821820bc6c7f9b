"""Webhooks against a real receiver that fails, is slow, goes away, and deduplicates by id."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any
from zlib import crc32

import pytest

from sla_engine.clock import SystemClock, VirtualClock
from sla_engine.delivery import letters
from sla_engine.delivery.courier import Courier
from sla_engine.delivery.settings import Delivery, Endpoint
from sla_engine.delivery.webhook import Webhook
from tests.conformance.delivery.city import (
    HASTY,
    acts,
    courier,
    disordered,
    noted,
    settled,
    statuses,
)
from tests.conformance.delivery.receiver import SECRET, Answer, Receiver
from tests.conformance.store.samples import OpenLog


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as each:
        yield each


class Post:
    """A courier to a receiver, on a clock that begins now and moves when it is told to."""

    def __init__(
        self, log: OpenLog, url: str, timeout_s: float = 5, settings: Delivery = HASTY
    ) -> None:
        self.log = log
        self.clock = VirtualClock(SystemClock().now())
        endpoint = Endpoint(
            name="oa", kind="webhook", url=url, secrets=(SECRET,), since="start",
            timeout_s=timeout_s,
        )  # fmt: skip
        self.courier: Courier = courier(log, endpoint, Webhook(endpoint), self.clock, settings)

    def run(self, turns: int = 1, seconds: float = 0.6) -> None:
        for _ in range(turns):
            self.courier.run()
            self.clock.set(self.clock.now() + int(seconds * 1_000_000))

    def until_settled(self) -> None:
        for _ in range(200):
            self.run()
            if settled(self.log, "oa"):
                return
        raise AssertionError(letters.standing(self.log, "oa"))


Start = Callable[..., Post]


@pytest.fixture
def start(log: OpenLog, receiver: Receiver) -> Iterator[Start]:
    """Couriers to the receiver, or to another address; closed at the end."""
    with ExitStack() as stack:

        def begin(url: str = "", **more: Any) -> Post:
            post = Post(log, url or receiver.url, **more)
            stack.callback(post.courier.close)
            return post

        yield begin


def test_a_receiver_that_fails_at_random_gets_everything_in_order_and_once(
    log: OpenLog, start: Start, receiver: Receiver
) -> None:
    def decide(name: str, before: int) -> Answer:
        return Answer(500 if crc32(f"{name}{before}".encode()) % 3 == 0 and before < 6 else 204)

    receiver.decide = decide
    wanted = acts(log, 10, 4)
    post = start()
    post.until_settled()
    assert sorted(receiver.ids) == sorted(wanted)
    assert sum(receiver.came.values()) > len(wanted), "nothing failed"
    assert disordered(receiver.ids) == []
    assert noted(log, "oa") == dict.fromkeys(wanted, 1)
    assert (receiver.forged, receiver.repeated) == (0, 0)


def test_a_message_that_always_fails_holds_back_its_own_dossier_alone(
    log: OpenLog, start: Start, receiver: Receiver
) -> None:
    receiver.decide = lambda name, _: Answer(500 if name == "petition/P1@1" else 204)
    acts(log, 3, 2)
    post = start()
    post.run(3)
    assert receiver.ids == ["petition/P0@1", "petition/P2@1", "petition/P0@2", "petition/P2@2"]
    post.run(20)
    (dead,) = letters.dead_letters(log, "oa")
    assert (dead[0], dead[1].reason, dead[1].failures) == ("petition/P1@1", "HTTP_500", 20)
    assert receiver.ids[-1] == "petition/P1@2"


def test_an_answer_that_comes_too_late_is_a_repeated_send_under_the_same_id(
    log: OpenLog, start: Start, receiver: Receiver
) -> None:
    receiver.decide = lambda _, before: Answer(204, delay_s=0.6 if before == 0 else 0)
    wanted = acts(log, 2, 1)
    start(timeout_s=0.2).until_settled()
    assert sorted(receiver.ids) == wanted
    assert receiver.repeated == 2
    assert noted(log, "oa") == dict.fromkeys(wanted, 1)


def test_a_receiver_that_is_away_costs_no_message_its_tries(
    log: OpenLog, start: Start, receiver: Receiver
) -> None:
    with Receiver() as gone:
        url = gone.url
    wanted = acts(log, 30, 1)
    start(url).run(25, seconds=5)
    assert letters.dead_letters(log, "oa") == []
    assert letters.standing(log, "oa").waiting == 30
    start().until_settled()
    assert sorted(receiver.ids) == sorted(wanted)


def test_a_busy_receiver_is_left_alone_as_long_as_it_asks(
    log: OpenLog, start: Start, receiver: Receiver
) -> None:
    receiver.decide = lambda _, before: Answer(503, {"retry-after": "30"} if not before else {})
    acts(log, 1, 1)
    start(settings=Delivery()).run(4)
    assert receiver.came == {"petition/P0@1": 1}


def test_a_receiver_that_is_gone_for_good_gets_nothing_more(
    log: OpenLog, start: Start, receiver: Receiver
) -> None:
    receiver.decide = lambda *_: Answer(410)
    acts(log, 3, 1)
    post = start()
    post.run(5)
    assert len(receiver.came) == 1
    assert letters.standing(log, "oa").disabled == "HTTP_410"
    receiver.decide = lambda *_: Answer(204)
    letters.enable(log, "oa", post.clock.now())
    (dead,) = letters.dead_letters(log, "oa")
    letters.replay(log, "oa", [dead[0]], post.clock.now(), HASTY.in_flight)
    post.until_settled()
    assert len(receiver.ids) == 3
    assert statuses(log, "oa") == ["begun", "disabled", "enabled"]


def test_of_several_addresses_the_first_that_answers_is_taken(
    log: OpenLog, receiver: Receiver
) -> None:
    wanted = acts(log, 2, 1)
    endpoint = Endpoint(
        name="oa", kind="webhook", url=receiver.url.replace("127.0.0.1", "localhost"),
        secrets=(SECRET,), since="start",
    )  # fmt: skip
    channel = Webhook(endpoint, resolve=lambda *_: ["::1", "127.0.0.1"])
    with closing(courier(log, endpoint, channel, SystemClock())) as ours:
        ours.run()
    assert sorted(receiver.ids) == wanted


def test_a_redirection_is_not_followed(log: OpenLog, start: Start, receiver: Receiver) -> None:
    with Receiver() as elsewhere:
        receiver.decide = lambda *_: Answer(307, {"location": elsewhere.url})
        acts(log, 1, 1)
        start().run(2)
        assert len(receiver.came) == 1
        assert elsewhere.came == {}


def test_a_long_answer_is_not_read(log: OpenLog, start: Start, receiver: Receiver) -> None:
    receiver.decide = lambda *_: Answer(200, body=b"x" * 3_000_000)
    wanted = acts(log, 3, 1)
    start().until_settled()
    assert sorted(receiver.ids) == wanted


def test_after_a_downtime_one_digest_for_each_recipient_arrives(
    log: OpenLog, start: Start, receiver: Receiver
) -> None:
    wanted = acts(log, 20, 2, late=True)
    post = start()
    post.until_settled()
    assert len(receiver.ids) == 1
    assert sorted(receiver.told) == sorted(wanted)
    assert noted(log, "oa") == dict.fromkeys(wanted, 1)


def test_four_couriers_of_one_channel_send_everything_once(
    log: OpenLog, receiver: Receiver
) -> None:
    wanted = acts(log, 20, 3)
    endpoint = Endpoint(
        name="oa", kind="webhook", url=receiver.url, secrets=(SECRET,), since="start"
    )
    clock = SystemClock()

    def work(seed: int) -> None:
        with closing(courier(log, endpoint, Webhook(endpoint), clock, seed=seed)) as ours:
            for _ in range(400):
                ours.run()
                if settled(log, "oa"):
                    return
                threading.Event().wait(0.02)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(receiver.ids) == sorted(wanted)
    assert disordered(receiver.ids) == []
    assert noted(log, "oa") == dict.fromkeys(wanted, 1)
