"""The queue of a channel: order, digests, leases, and what becomes of what was tried."""

from collections.abc import Iterable, Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sla_engine.delivery.channel import HELD, Outcome, Result
from sla_engine.delivery.message import Recipient
from sla_engine.delivery.queue import Queue, Queued, Settled
from sla_engine.delivery.settings import Delivery, Patience
from tests.conformance.delivery.deeds import T0
from tests.unit.delivery.post import DELIVERED, FAILED, SECOND, message

SETTINGS = Delivery(patience=Patience(first_s=10, longest_s=100, tries=3), digest_wait_s=60)
LEAD, HEAD = Recipient("U1", "unit_lead"), Recipient("U1", "unit_head")
MINUTE = 60 * SECOND


def queue(*names: str, late: str = "", settings: Delivery = SETTINGS) -> Queue:
    """Messages by name, "P1@3"; those of `late` wait for a digest."""
    made = Queue.read({})
    for name in names:
        stream, _, version = name.partition("@")
        each = message(f"petition/{stream}", int(version or 1), to=[LEAD])
        made.add(each, name in late.split(), T0, settings)
    return made


def lease(
    each: Queue, now: int = T0, courier: str = "a", settings: Delivery = SETTINGS
) -> list[str]:
    return named(each.lease(courier, now, settings))


def named(entries: Iterable[Queued]) -> list[str]:
    return ["+".join(short(m.id) for m in each.parcel.messages) for each in entries]


def short(name: str) -> str:
    return name.removeprefix("petition/")


def try_all(each: Queue, outcome: Outcome, now: int = T0, settings: Delivery = SETTINGS) -> Settled:
    leased = each.lease("a", now, settings)
    return each.settle([(one, outcome) for one in leased], now, settings, Random(1))


# ------------------------------------------------------------------------------------ order


def test_of_each_dossier_one_message_goes_out_at_a_time() -> None:
    each = queue("P1@1", "P2@1", "P1@2", "P3@1")
    assert lease(each) == ["P1@1", "P2@1", "P3@1"]
    assert lease(each) == []


def test_a_message_that_failed_holds_back_its_dossier_and_no_other() -> None:
    each = queue("P1@1", "P1@2", "P2@1")
    leased = each.lease("a", T0, SETTINGS)
    each.settle([(leased[0], FAILED), (leased[1], DELIVERED)], T0, SETTINGS, Random(1))
    each.add(message("petition/P2", 2), False, T0, SETTINGS)
    assert lease(each, T0 + SECOND) == ["P2@2"]
    assert lease(each, T0 + 10 * SECOND) == ["P1@1"]


def test_what_failed_least_often_goes_first() -> None:
    each = queue("P1@1", "P2@1")
    leased = each.lease("a", T0, SETTINGS)
    each.settle([(leased[0], FAILED), (leased[1], HELD)], T0, SETTINGS, Random(1))
    assert lease(each, T0 + MINUTE) == ["P2@1", "P1@1"]


def test_one_pass_takes_no_more_than_a_batch() -> None:
    few = Delivery(batch=2)
    each = queue("P1@1", "P2@1", "P3@1", settings=few)
    assert lease(each, settings=few) == ["P1@1", "P2@1"]


def test_what_another_courier_is_sending_is_left_to_it_until_its_lease_runs_out() -> None:
    each = queue("P1@1", "P1@2")
    assert lease(each, courier="a") == ["P1@1"]
    assert lease(each, T0 + 119 * SECOND, courier="b") == []
    assert lease(each, T0 + 120 * SECOND, courier="b") == ["P1@1"]


# ---------------------------------------------------------------------------------- digests


def test_what_was_recorded_late_waits_for_its_digest() -> None:
    each = queue("P1@1", "P2@1", "P3@1", late="P1@1 P3@1")
    assert lease(each) == ["P2@1"]
    assert lease(each, T0 + MINUTE) == ["P1@1+P3@1"]
    (digest,) = [one for one in each.entries.values() if one.parcel.to]
    assert digest.parcel.to == LEAD


def test_a_digest_that_is_full_leaves_at_once_and_the_rest_follows() -> None:
    small = Delivery(digest_size=2)
    each = queue("P1@1", "P2@1", "P3@1", late="P1@1 P2@1 P3@1", settings=small)
    assert lease(each, settings=small) == ["P1@1+P2@1"]
    assert lease(each, settings=small) == []
    assert lease(each, T0 + MINUTE, settings=small) == ["P3@1"]


def test_when_the_queue_is_full_digests_leave_to_make_room() -> None:
    narrow = Delivery(in_flight=2)
    each = queue("P1@1", "P2@1", late="P1@1 P2@1", settings=narrow)
    assert lease(each, settings=narrow) == ["P1@1+P2@1"]


def test_a_digest_may_hold_several_messages_of_one_dossier() -> None:
    each = queue("P1@1", "P1@2", "P2@1", late="P1@1 P1@2 P2@1")
    assert lease(each, T0 + MINUTE) == ["P1@1+P1@2+P2@1"]


def test_a_later_message_waits_for_the_digest_that_holds_an_earlier_one() -> None:
    each = queue("P1@1", "P1@2", "P2@1", late="P1@1")
    assert lease(each) == ["P2@1"]
    assert lease(each, T0 + MINUTE) == ["P1@1"]
    assert lease(each, T0 + MINUTE) == []


def test_a_digest_waits_for_an_earlier_message_of_its_dossier() -> None:
    stubborn = Delivery(patience=Patience(first_s=1000), digest_wait_s=60)
    each = queue("P1@1", "P1@2", "P2@1", late="P1@2 P2@1", settings=stubborn)
    try_all(each, FAILED, settings=stubborn)
    assert lease(each, T0 + MINUTE, settings=stubborn) == ["P2@1"]


def test_the_digests_of_two_recipients_do_not_wait_for_each_other() -> None:
    each = Queue.read({})
    each.add(message("petition/P1", 1, to=[LEAD, HEAD]), True, T0, SETTINGS)
    each.add(message("petition/P1", 2, to=[HEAD]), True, T0, SETTINGS)
    assert lease(each, T0 + MINUTE) == ["P1@1", "P1@1+P1@2"]


def test_an_office_gets_one_digest_for_all_units_and_a_unit_its_own() -> None:
    each = Queue.read({})
    for unit in ("U1", "U2"):
        to = [Recipient(unit, "supervisor"), Recipient(unit, "handler")]
        each.add(message(f"petition/{unit}", to=to), True, T0, SETTINGS)
    leased = each.lease("a", T0 + MINUTE, SETTINGS)
    assert [(one.parcel.to, len(one.parcel.messages)) for one in leased] == [
        (Recipient("", "supervisor"), 2),
        (Recipient("U1", "handler"), 1),
        (Recipient("U2", "handler"), 1),
    ]


def test_a_digest_that_was_tried_never_changes() -> None:
    each = queue("P1@1", late="P1@1")
    first = each.lease("a", T0 + MINUTE, SETTINGS)
    each.settle([(one, FAILED) for one in first], T0 + MINUTE, SETTINGS, Random(1))
    each.add(message("petition/P2", to=[LEAD]), True, T0, SETTINGS)
    again = each.lease("a", T0 + 3 * MINUTE, SETTINGS)
    assert named(again) == ["P2@1", "P1@1"]
    assert again[1].parcel.id == first[0].parcel.id


# -------------------------------------------------------------------------------- outcomes


def test_what_was_delivered_leaves_the_queue_and_is_noted_with_its_members() -> None:
    each = queue("P1@1", "P2@1", "P3@1", late="P2@1 P3@1")
    settled = try_all(each, DELIVERED, T0 + MINUTE)
    event = settled.event("bus")
    assert event.delivered == ("petition/P1@1",)
    assert [members for _, members in event.digests] == [("petition/P2@1", "petition/P3@1")]
    assert each.entries == {}


def test_after_the_last_try_a_message_is_given_up_and_the_next_goes_out() -> None:
    each, now = queue("P1@1", "P1@2"), T0
    for _ in range(2):
        assert try_all(each, FAILED, now).dead == {}
        now += 100 * SECOND
    settled = try_all(each, FAILED, now)
    assert settled.event("bus").given_up == (("petition/P1@1", "HTTP_500"),)
    assert settled.dead["petition/P1@1"].failures == 3
    assert lease(each, now) == ["P1@2"]


def test_what_is_refused_for_good_is_put_aside_at_once() -> None:
    settled = try_all(queue("P1@1"), Outcome(Result.REFUSED, "HTTP_400"))
    assert settled.event("bus").refused == (("petition/P1@1", "HTTP_400"),)
    assert settled.dead["petition/P1@1"].refused


def test_what_was_not_tried_is_free_again_and_has_not_failed() -> None:
    each = queue("P1@1")
    for _ in range(10):
        assert try_all(each, HELD).dead == {}
    assert [one.failures for one in each.entries.values()] == [0]


def test_a_receiver_is_left_alone_as_long_as_it_asks() -> None:
    each = queue("P1@1")
    try_all(each, Outcome(Result.FAILED, "HTTP_503", wait=90 * SECOND))
    assert lease(each, T0 + 89 * SECOND) == []
    assert lease(each, T0 + 90 * SECOND) == ["P1@1"]


def test_a_clock_that_is_set_back_keeps_nothing_waiting() -> None:
    before = T0 - 24 * 3600 * SECOND
    each = queue("P1@1", "P2@1", "P3@1", late="P3@1")
    leased = each.lease("a", T0, SETTINGS)
    each.settle([(leased[0], FAILED)], T0, SETTINGS, Random(1))
    assert lease(each, before) == ["P2@1", "P3@1", "P1@1"]


def test_what_two_couriers_have_sent_is_settled_once() -> None:
    each = queue("P1@1")
    slow = each.lease("a", T0, SETTINGS)
    quick = each.lease("b", T0 + 200 * SECOND, SETTINGS)
    first = each.settle([(slow[0], DELIVERED)], T0, SETTINGS, Random(1))
    second = each.settle([(quick[0], DELIVERED)], T0, SETTINGS, Random(1))
    assert (first.delivered, second.delivered) == (["petition/P1@1"], [])


def test_a_failure_that_came_after_the_lease_had_passed_on_counts_nothing() -> None:
    each = queue("P1@1")
    slow = each.lease("a", T0, SETTINGS)
    each.lease("b", T0 + 200 * SECOND, SETTINGS)
    each.settle([(slow[0], FAILED)], T0, SETTINGS, Random(1))
    assert [(one.failures, one.courier) for one in each.entries.values()] == [(0, "b")]


def test_pauses_double_up_to_the_longest_and_are_spread_out() -> None:
    patience = Patience(first_s=10, longest_s=100, tries=30)
    chance = Random(1)
    pauses = [[patience.pause(n, chance) / SECOND for _ in range(50)] for n in (1, 2, 4, 5, 30)]
    bounds = [(7.5, 10), (15, 20), (60, 80), (75, 100), (75, 100)]
    for found, (least, most) in zip(pauses, bounds, strict=True):
        assert least <= min(found) < max(found) <= most
        assert len(set(found)) > 40
    assert patience.pause(1, chance, 10_000 * SECOND) == 100 * SECOND


def test_the_patience_that_ships_outlasts_a_weekend() -> None:
    patience, chance = Patience(), Random(1)
    waited = sum(patience.pause(n, chance) for n in range(1, patience.tries))
    assert 1.5 * 86_400 < waited / SECOND < 3 * 86_400


# ---------------------------------------------------------------------------------- memory


def test_the_queue_reads_back_as_it_was_written_and_writes_what_changed_alone() -> None:
    each = queue("P1@1", "P2@1", late="P2@1")
    memory = {key: value for key, value in each.changes.items() if value is not None}
    again = Queue.read(memory)
    assert (again.state, again.entries) == (each.state, each.entries)
    assert again.changes == {}
    try_all(again, DELIVERED)
    assert [(key[-1], value) for key, value in again.changes.items()] == [("1", None)]


def test_what_is_sent_again_leaves_the_queue_to_return_in_its_place() -> None:
    each = queue("P1@1", "P2@2", "P3@3")
    each.send_again(1, 2)
    assert named(each.entries.values()) == ["P1@1", "P3@3"]
    assert (each.state.again.after, each.state.again.until) == (1, 2)  # type: ignore[union-attr]
    each.send_again(0, 1)
    assert (each.state.again.after, each.state.again.until) == (0, 2)  # type: ignore[union-attr]
    assert each.state.edition == 2


# -------------------------------------------------------------------------------- property

names = st.tuples(st.integers(1, 4), st.booleans())
fates = st.lists(st.sampled_from([DELIVERED, FAILED, HELD]), min_size=1, max_size=30)


@given(st.lists(names, min_size=1, max_size=20), fates, st.integers(1, 4))
def test_whatever_fails_and_whatever_is_late_each_reader_gets_a_dossier_in_order(
    wanted: Sequence[tuple[int, bool]], outcomes: Sequence[Outcome], batch: int
) -> None:
    settings = Delivery(batch=batch, digest_size=3, patience=Patience(tries=1000))
    each, now, delivered = Queue.read({}), T0, list[tuple[str, int]]()
    for version, (no, late) in enumerate(wanted, 1):
        each.add(message(f"petition/{no}", version, to=[LEAD]), late, now, settings)
    for turn in range(300):
        if not each.entries:
            break
        leased = each.lease("a", now, settings)
        tried = [(one, outcomes[(turn + n) % len(outcomes)]) for n, one in enumerate(leased)]
        if turn > 100:
            tried = [(one, DELIVERED) for one in leased]
        each.settle(tried, now, settings, Random(turn))
        delivered += [
            (m.stream, m.version)
            for one, outcome in tried
            if outcome is DELIVERED
            for m in one.parcel.messages
        ]
        now += 6 * 3600 * SECOND
    assert len(delivered) == len(wanted)
    for stream in {stream for stream, _ in delivered}:
        versions = [version for name, version in delivered if name == stream]
        assert versions == sorted(versions)
