"""One courier over a log in memory, on virtual time, with a channel that does as it is told."""

from collections.abc import Iterator

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.delivery import letters, telling
from sla_engine.delivery.book import book_name, looked_into, opened
from sla_engine.delivery.channel import Outcome, Result
from sla_engine.delivery.courier import Courier
from sla_engine.delivery.settings import Delivery, Patience
from sla_engine.dossier.events import RungFired
from sla_engine.errors import Fault, Refusal, Unavailable
from sla_engine.petition.subject import DeliveryNoted
from sla_engine.projection import FollowedLog
from sla_engine.service.intake import parse
from sla_engine.store.application import open_memory
from sla_engine.streams.client import REDIS_AWAY
from tests.acceptance.test_personal_data import DISPATCHED, REGISTERED, SECRETS
from tests.conformance.delivery.deeds import T0, append, fired
from tests.support.given import engine, to
from tests.unit.delivery.post import DAY, DELIVERED, FAILED, HOUR, SECOND, Sack, bodies, courier


@pytest.fixture
def log() -> Iterator[FollowedLog]:
    opened_log = open_memory()
    yield opened_log
    opened_log.close()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(T0)


def notes(log: FollowedLog, channel: str = "bus") -> list[DeliveryNoted]:
    events = [each.event for each in log.read(book_name(channel))]
    assert all(isinstance(each, DeliveryNoted) for each in events)
    return [each for each in events if isinstance(each, DeliveryNoted)]


def acts(log: FollowedLog, count: int, stream: str = "petition/P", late: int = 0) -> None:
    """One act on each of so many dossiers."""
    for n in range(count):
        append(log, f"{stream}{n}", fired(), late=late)


def pass_time(clock: VirtualClock, seconds: float) -> None:
    clock.set(clock.now() + int(seconds * SECOND))


# ------------------------------------------------------------------------------- following


def test_what_the_log_says_is_sent_once_and_noted(log: FollowedLog, clock: VirtualClock) -> None:
    sack = Sack()
    acts(log, 3)
    ours = courier(log, sack, clock)
    assert ours.run() == {"delivered": 3}
    assert sack.ids == [f"petition/P{n}@1" for n in range(3)]
    assert [each.status for each in notes(log)] == ["begun", ""]
    assert sorted(notes(log)[1].delivered) == sorted(sack.ids)
    assert ours.lag() == 0


def test_deliverys_own_notes_are_not_delivered(log: FollowedLog, clock: VirtualClock) -> None:
    first, second = Sack(), Sack()
    acts(log, 3)
    both = [courier(log, first, clock), courier(log, second, clock, name="other")]
    for _ in range(5):
        for each in both:
            each.run()
    assert log.head() == 3 + 2 + 2
    assert (len(first.kept), len(second.kept)) == (3, 3)


def test_a_channel_begins_now_unless_it_is_to_begin_at_the_start(
    log: FollowedLog, clock: VirtualClock
) -> None:
    acts(log, 2)
    sack = Sack()
    ours = courier(log, sack, clock, since="now")
    ours.run()
    acts(log, 1, "petition/Q")
    ours.run()
    assert sack.ids == ["petition/Q0@1"]
    assert (notes(log)[0].status, notes(log)[0].position) == ("begun", 2)


def test_an_endpoint_gets_what_it_asks_for_and_for_whom_it_asks(
    log: FollowedLog, clock: VirtualClock
) -> None:
    append(log, "petition/P1", fired(to=("unit_lead", "supervisor")), fired(1, unit="U2"))
    sack = Sack()
    courier(log, sack, clock, roles={"supervisor"}).run()
    assert [each["to"] for each in bodies(sack.kept)] == [[{"unit": "U1", "role": "supervisor"}]]
    units = Sack()
    courier(log, units, clock, name="units", units={"U2"}).run()
    assert units.ids == ["petition/P1@2"]
    none = Sack()
    courier(log, none, clock, name="none", topics={"talk"}).run()
    assert none.ids == []
    assert log.position("delivery/none") == log.head()


def test_what_cannot_be_told_is_put_aside_and_the_rest_goes_on(
    log: FollowedLog, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(recorded: object, *rest: object) -> None:
        if getattr(recorded, "stream", "") == "petition/P1":
            raise ValueError("a fault of ours")
        return telling.tell(recorded, *rest)  # type: ignore[arg-type, return-value]

    monkeypatch.setattr("sla_engine.delivery.courier.tell", tell)
    acts(log, 3)
    sack = Sack()
    courier(log, sack, clock).run()
    assert sack.ids == ["petition/P0@1", "petition/P2@1"]
    (letter,) = log.dead_letters("delivery/bus")
    assert (letter.stream, letter.reason) == ("petition/P1", "ValueError")


def test_a_store_that_is_away_is_no_fault_of_the_event(
    log: FollowedLog, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(*_: object) -> None:
        raise Unavailable(Fault(REDIS_AWAY))

    ours = courier(log, Sack(), clock)
    acts(log, 1)
    monkeypatch.setattr("sla_engine.delivery.courier.tell", tell)
    with pytest.raises(Unavailable):
        ours.run()
    assert (list(log.dead_letters("delivery/bus")), log.position("delivery/bus")) == ([], 0)


# ---------------------------------------------------------------------------- back-pressure


def test_a_slow_consumer_never_makes_the_memory_grow(log: FollowedLog, clock: VirtualClock) -> None:
    held = Outcome(Result.HELD, "STREAM_FULL", away=True)
    acts(log, 100)
    sack = Sack({f"petition/P{n}@1": [held] for n in range(100)})
    narrow = Delivery(in_flight=10)
    ours = courier(log, sack, clock, narrow)
    for _ in range(30):
        ours.run()
        pass_time(clock, 60)
    standing = letters.standing(log, "bus")
    assert (standing.waiting, standing.behind) == (10, 100 + 1 - 10)
    assert standing.oldest == T0
    sack.fate = {}
    while ours.run() or log.position("delivery/bus") < log.head():
        pass_time(clock, 60)
    assert len(sack.kept) == 100


def test_a_channel_that_is_away_is_left_alone_longer_each_time(
    log: FollowedLog, clock: VirtualClock
) -> None:
    held = Outcome(Result.HELD, "REDIS_AWAY", away=True)
    acts(log, 5)
    sack = Sack({f"petition/P{n}@1": [held] for n in range(5)}, batch=1)
    ours = courier(log, sack, clock)
    for _ in range(600):
        ours.run()
        pass_time(clock, 1)
    assert 8 < len(sack.tried) < 30
    sack.fate = {}
    pass_time(clock, 60)
    assert ours.run() == {"delivered": 5}


def test_a_channel_that_cannot_be_opened_is_tried_again(
    log: FollowedLog, clock: VirtualClock
) -> None:
    class Closed(Sack):
        away = True

        def open(self, token: str) -> str:
            if self.away:
                raise Unavailable(Fault(REDIS_AWAY))
            return super().open(token)

    sack = Closed()
    acts(log, 1)
    ours = courier(log, sack, clock)
    assert ours.run() == {"held": 1}
    sack.away = False
    pass_time(clock, 2)
    assert ours.run() == {"delivered": 1}
    acts(log, 1, "petition/Q")
    ours.run()
    assert len(sack.opened) == 1


def test_sending_stops_when_half_of_the_lease_has_run_out(
    log: FollowedLog, clock: VirtualClock
) -> None:
    class Slow(Sack):
        def send(self, *arguments: object) -> list[Outcome]:
            pass_time(clock, 25)
            return super().send(*arguments)  # type: ignore[arg-type]

    acts(log, 9)
    sack = Slow(batch=1)
    ours = courier(log, sack, clock)
    assert ours.step().outcomes == {"delivered": 3, "held": 6}


# --------------------------------------------------------------------- failures, dead letters


def dead(log: FollowedLog) -> list[tuple[str, str, bool]]:
    return [(name, each.reason, each.refused) for name, each in letters.dead_letters(log, "bus")]


def test_what_fails_for_ever_becomes_a_dead_letter_that_a_person_can_send_again(
    log: FollowedLog, clock: VirtualClock
) -> None:
    acts(log, 2)
    sack = Sack({"petition/P0@1": [FAILED]})
    ours = courier(log, sack, clock, Delivery(patience=Patience(tries=3)))
    for _ in range(5):
        ours.run()
        pass_time(clock, 6 * 3600)
    assert sack.ids == ["petition/P1@1"]
    assert dead(log) == [("petition/P0@1", "HTTP_500", False)]
    assert notes(log)[-1].given_up == (("petition/P0@1", "HTTP_500"),)
    sack.fate = {}
    assert letters.replay(log, "bus", ["petition/P0@1"], clock.now(), 10) == ["petition/P0@1"]
    assert (dead(log), notes(log)[-1].replayed) == ([], ("petition/P0@1",))
    assert ours.run() == {"delivered": 1}
    assert sack.ids == ["petition/P1@1", "petition/P0@1"]


def test_what_is_refused_becomes_a_dead_letter_that_a_person_can_drop(
    log: FollowedLog, clock: VirtualClock
) -> None:
    acts(log, 1)
    ours = courier(log, Sack({"petition/P0@1": [Outcome(Result.REFUSED, "HTTP_400")]}), clock)
    ours.run()
    assert dead(log) == [("petition/P0@1", "HTTP_400", True)]
    assert letters.drop(log, "bus", ["petition/P0@1"], clock.now()) == ("petition/P0@1",)
    assert (dead(log), notes(log)[-1].dropped) == ([], ("petition/P0@1",))


def test_no_more_dead_letters_return_than_the_queue_has_room_for(
    log: FollowedLog, clock: VirtualClock
) -> None:
    acts(log, 3)
    refused = [Outcome(Result.REFUSED, "HTTP_400")]
    courier(log, Sack({f"petition/P{n}@1": refused for n in range(3)}), clock).run()
    names = [name for name, *_ in dead(log)]
    assert letters.replay(log, "bus", names, clock.now(), 2) == names[:2]
    assert letters.standing(log, "bus")[1:4] == (2, T0, 1)


@pytest.mark.parametrize(
    ("channel", "name", "code"),
    [("nowhere", "x", "CHANNEL_UNKNOWN"), ("bus", "x", "MESSAGE_NOT_DEAD")],
)
def test_what_is_not_there_cannot_be_sent_again_or_dropped(
    log: FollowedLog, clock: VirtualClock, channel: str, name: str, code: str
) -> None:
    courier(log, Sack(), clock).run()
    with pytest.raises(Refusal) as refusal:
        letters.replay(log, channel, [name], clock.now(), 10)
    assert refusal.value.code == code
    with pytest.raises(Refusal) as refusal:
        letters.drop(log, channel, [name], clock.now())
    assert refusal.value.code == code


def test_a_receiver_that_is_gone_closes_its_channel_until_a_person_opens_it(
    log: FollowedLog, clock: VirtualClock
) -> None:
    acts(log, 3)
    gone = Outcome(Result.GONE, "HTTP_410", away=True)
    sack = Sack({"petition/P0@1": [gone]}, batch=1)
    ours = courier(log, sack, clock)
    for _ in range(5):
        ours.run()
        pass_time(clock, 3600)
    assert sack.tried == ["petition/P0@1"]
    assert letters.standing(log, "bus").disabled == "HTTP_410"
    assert (notes(log)[-1].status, dead(log)) == (
        "disabled",
        [("petition/P0@1", "HTTP_410", True)],
    )
    assert letters.enable(log, "bus", clock.now())
    assert not letters.enable(log, "bus", clock.now())
    ours.run()
    assert sack.ids == ["petition/P1@1", "petition/P2@1"]


# ----------------------------------------------------------------------------- many couriers


def test_a_courier_that_is_killed_after_sending_sends_again_under_the_same_id(
    log: FollowedLog, clock: VirtualClock
) -> None:
    acts(log, 2)
    sack = Sack()

    class Killed(Exception):
        pass

    class Dying(Courier):
        def _note(self, *_: object) -> None:
            raise Killed

    dying = courier(log, sack, clock)
    dying.__class__ = Dying
    with pytest.raises(Killed):
        dying.run()
    other = courier(log, sack, clock)
    assert other.run() == {}
    pass_time(clock, 121)
    assert other.run() == {"delivered": 2}
    assert sack.ids == ["petition/P0@1", "petition/P1@1"] * 2
    assert [name for each in notes(log) for name in each.delivered] == sack.ids[:2]


def test_two_couriers_share_a_channel(log: FollowedLog, clock: VirtualClock) -> None:
    sack = Sack()
    pair = [courier(log, sack, clock, Delivery(batch=3)) for _ in range(2)]
    acts(log, 20)
    for _ in range(20):
        for each in pair:
            each.step()
    assert sorted(sack.ids) == sorted(f"petition/P{n}@1" for n in range(20))


# -------------------------------------------------------------------------------- digests


def test_after_two_days_of_downtime_people_get_a_digest_and_not_a_storm(
    log: FollowedLog, clock: VirtualClock
) -> None:
    for n in range(40):
        unit, level = f"U{n % 4}", 20 + 20 * (n % 3)
        roles = ("handler", "supervisor")
        act = fired(level=level, unit=unit, to=roles)
        append(log, f"petition/P{n}", act, at=T0 - 2 * DAY, late=2 * DAY)
    append(log, "petition/P0", fired(1, to=("handler",)))
    sack = Sack()
    ours = courier(log, sack, clock)
    assert ours.run() == {}
    pass_time(clock, 60)
    ours.run()
    told = bodies(sack.kept)
    digests = [each for each in told if each["type"] == "digest"]
    recipients = [(each["to"][0]["unit"], each["to"][0]["role"]) for each in digests]
    assert sorted(recipients) == [("", "supervisor"), *((f"U{n}", "handler") for n in range(4))]
    assert [sum(count["count"] for count in each["counts"]) for each in digests] == [
        10,
        40,
        10,
        10,
        10,
    ]
    assert [each["id"] for each in told if each["type"] != "digest"] == ["petition/P0@2"]
    worst = [each["entries"][0]["level"] for each in digests]
    assert worst == [60] * 5
    members = [name for each in notes(log) for _, names in each.digests for name in names]
    assert len(members) == 80


def test_an_engine_that_was_down_for_two_days_sends_digests_and_no_warning_overtaken() -> None:
    sack = Sack()
    with engine("2025-06-03 12:00") as running:
        clock = running.clock
        assert isinstance(clock, VirtualClock)
        ours = courier(running.log, sack, clock, topics={"act"})
        for n in range(6):
            facts = [
                {**each, "petition": f"P{n}", "id": f"{each['id']}-{n}", "petitioner": f"c-{n}"}
                for each in (REGISTERED, {**DISPATCHED, "data": {"unit": f"U{n % 2}"}})
            ]
            facts[1].pop("petitioner")
            assert {each.status for each in running.take([parse(f) for f in facts])} == {"recorded"}
        ours.run()
        sack.kept.clear()
        clock.set(clock.now() + 2 * DAY)
        running.run_due()
        ours.run()
        pass_time(clock, 60)
        ours.run()
        silent = [
            each
            for each in running.log.scan()
            if isinstance(each.event, RungFired) and each.event.silent == "superseded"
        ]
    told = bodies(sack.kept)
    alone = [each for each in sack.kept if each.to is None]
    digests = [each for each in told if each["type"] == "digest"]
    recipients = [(each["to"][0]["unit"], each["to"][0]["role"]) for each in digests]
    assert len(recipients) == len(set(recipients)) <= 7
    assert ("", "supervisor") in recipients
    assert all(m.recorded - m.at <= 6 * HOUR for each in alone for m in each.messages)
    sent = {entry["id"] for each in told for entry in each.get("entries", [each])}
    assert len(silent) > 10
    assert sent.isdisjoint({f"{each.stream}@{each.version}" for each in silent})


def test_digests_go_on_collecting_while_the_log_is_behind(
    log: FollowedLog, clock: VirtualClock
) -> None:
    sack = Sack()
    ours = courier(log, sack, clock)
    for n in range(3):
        append(log, f"petition/P{n}", fired(), at=T0 - DAY, late=DAY)
        ours.run()
        pass_time(clock, 15)
    assert sack.kept == []
    pass_time(clock, 15)
    ours.run()
    assert [len(each.messages) for each in sack.kept] == [3]


# -------------------------------------------------------------------------- sending again


def test_what_a_receiver_has_lost_is_sent_again_from_a_position(
    log: FollowedLog, clock: VirtualClock
) -> None:
    sack = Sack()
    ours = courier(log, sack, clock)
    acts(log, 5)
    ours.run()
    letters.replay_from(log, "bus", 3, 5, clock.now())
    acts(log, 1, "petition/Q")
    ours.run()
    assert sack.ids[5:] == ["petition/P3@1", "petition/P4@1", "petition/Q0@1"]
    assert {each.edition for each in sack.kept[5:7]} == {1}
    assert (notes(log)[2].status, notes(log)[2].position) == ("replayed", 3)


def test_what_was_published_and_lost_is_published_again_in_order(
    log: FollowedLog, clock: VirtualClock
) -> None:
    sack = Sack()
    ours = courier(log, sack, clock, Delivery(republish_s=3600))
    append(log, "petition/OLD", fired(), at=T0 - 2 * HOUR)
    append(log, "petition/P1", fired())
    ours.run()
    assert sack.ids == ["petition/OLD@1", "petition/P1@1"]
    sack.empty()
    append(log, "petition/P1", fired(1))
    ours.run()
    assert sack.ids == ["petition/P1@1", "petition/P1@2"]
    assert [each.status for each in notes(log) if each.status] == ["begun", "emptied"]
    assert len(sack.opened) == 2


def test_a_full_queue_does_not_cut_short_what_is_published_again(
    log: FollowedLog, clock: VirtualClock
) -> None:
    sack = Sack()
    ours = courier(log, sack, clock, Delivery(in_flight=3, batch=2))
    acts(log, 20)
    ours.run()
    sack.empty()
    acts(log, 1, "petition/Q")
    while ours.run():
        pass_time(clock, 1)
    assert sorted(sack.ids) == sorted([*(f"petition/P{n}@1" for n in range(20)), "petition/Q0@1"])


def test_nothing_from_before_a_channel_began_is_published_again(
    log: FollowedLog, clock: VirtualClock
) -> None:
    acts(log, 3)
    sack = Sack()
    ours = courier(log, sack, clock, since="now")
    ours.run()
    acts(log, 1, "petition/Q")
    ours.run()
    sack.empty()
    acts(log, 1, "petition/R")
    ours.run()
    assert sack.ids == ["petition/Q0@1", "petition/R0@1"]


def test_two_couriers_that_find_a_stream_emptied_have_it_republished_once(
    log: FollowedLog, clock: VirtualClock
) -> None:
    sack = Sack()
    pair = [courier(log, sack, clock, Delivery(batch=1)) for _ in range(2)]
    acts(log, 2)
    for each in pair:
        each.run()
    sack.empty()
    acts(log, 2, "petition/Q")
    states = [looked_into(log, "bus").state]
    taken = []
    for each in pair:
        read = each._read(looked_into(log, "bus"), 0)
        taken.append(each._take(read, clock.now(), True)[1])
    for each, leased in zip(pair, taken, strict=True):
        sent = [(one, Outcome(Result.EMPTIED)) for one in leased]
        each._note(sent, states[0], "t")
    assert looked_into(log, "bus").state.edition == 1
    for each in pair:
        each.run()
    assert sack.ids == ["petition/P0@1", "petition/P1@1", "petition/Q0@1", "petition/Q1@1"]


# ----------------------------------------------------------------------------- personal data


def test_nothing_of_a_petitioner_reaches_a_message_before_or_after_an_erasure() -> None:
    """A petition with personal data from its registration through talks and their recall."""
    with engine("2025-06-03 12:00") as running:
        outcomes = running.take([parse(REGISTERED), parse(DISPATCHED)])
        assert [each.status for each in outcomes] == ["recorded", "recorded"]
        sack, clock = Sack({"petition/P1@2": [FAILED]}), running.clock
        assert isinstance(clock, VirtualClock)
        ours = courier(running.log, sack, clock)
        to(running, "2025-06-20 12:00")
        ours.run()
        running.erase("citizen-7", "申请删除")
        to(running, "2025-07-25 12:00")
        ours.run()
        kept = b"".join(running.log.memory("delivery/bus").values())
        kept += b"".join(each.body() for each in sack.kept)
        known = [*SECRETS, "citizen-7", "commitment"]
        assert [each for each in known if each.encode() in kept] == []
        assert len(kept) > 5_000, "nothing sent proves nothing"


def test_a_book_that_is_not_begun_has_an_empty_queue(log: FollowedLog) -> None:
    with opened(log, "bus") as book:
        assert not book.queue.begun
        assert book.queue.entries == {}


def test_what_failed_is_tried_again_after_its_pause(log: FollowedLog, clock: VirtualClock) -> None:
    acts(log, 2)
    fates = {"petition/P0@1": [FAILED, DELIVERED], "petition/P1@1": [FAILED, DELIVERED]}
    ours = courier(log, Sack(fates), clock)
    assert ours.run() == {"failed": 2}
    pass_time(clock, 5)
    assert ours.run() == {"delivered": 2}
