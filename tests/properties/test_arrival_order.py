"""Facts split and ordered arbitrarily, on time or weeks late, give the same judgments and acts."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from scenarios.workload import DAY, HOUR, MINUTE, Arrival, Shape, history
from sla_engine.worktime import Instant, parse_instant
from tests.support.delivery import Upstream, engine_at, move_to, petitions, talk_causes
from tests.support.sizes import examples

BEGIN = parse_instant("2025-03-03T09:00:00+08:00")
HORIZON = BEGIN + 200 * DAY
LIVELY = Shape(units=2, returned=0.4, suspended=0.3, extended=0.4, reworked=0.3, voided=0.3,
               slow=0.5)  # fmt: skip


def happenings(seed: int, count: int = 2) -> list[Arrival]:
    """A few petitions; every fact arrives the minute it happens."""
    rng, arrivals = Random(seed), []
    for index in range(count):
        opened = BEGIN + rng.randrange(0, 10 * 24) * HOUR
        for fact in history(rng, f"P{index}", opened, LIVELY):
            arrivals.append(Arrival(fact.pop("_at"), fact))
    return sorted(arrivals, key=lambda arrival: arrival.at)


def delivered(batches: list[tuple[Instant, list[Arrival]]]) -> tuple[object, object]:
    """What stands at the horizon after the batches arrived at their instants."""
    with engine_at(BEGIN) as engine:
        upstream = Upstream(engine)
        for at, batch in batches:
            move_to(engine, at)
            upstream.send([dict(arrival.fact) for arrival in batch])
        while upstream.waiting:
            before = len(upstream.waiting)
            upstream.send([])
            assert len(upstream.waiting) < before, "a possible history is taken in the end"
        move_to(engine, HORIZON)
        engine.run_due()
        check = engine.verify()
        assert check.identical
        return petitions(engine), talk_causes(engine)


def at_once(arrivals: list[Arrival]) -> list[tuple[Instant, list[Arrival]]]:
    return [(arrival.at, [arrival]) for arrival in arrivals]


@given(seed=st.integers(0, 10**6), mixing=st.randoms(use_true_random=False))
@examples(12)
def test_delay_order_and_batching_do_not_change_what_stands(seed: int, mixing: Random) -> None:
    arrivals = happenings(seed)
    expected = delivered(at_once(arrivals))
    delayed = [
        Arrival(arrival.at + mixing.choice([0, MINUTE, 5 * HOUR, 3 * DAY, 25 * DAY]), arrival.fact)
        for arrival in arrivals
    ]
    assert delivered(at_once(sorted(delayed, key=lambda each: each.at))) == expected


@given(seed=st.integers(0, 10**6), mixing=st.randoms(use_true_random=False))
@examples(12)
def test_one_delivery_in_any_order_equals_many(seed: int, mixing: Random) -> None:
    arrivals = happenings(seed)
    last = arrivals[-1].at
    shuffled = mixing.sample(arrivals, len(arrivals))
    cut = mixing.randrange(len(shuffled))
    together = delivered([(last, shuffled)])
    assert delivered([(last, shuffled[:cut]), (last, shuffled[cut:])]) == together
    assert delivered([(last, [arrival]) for arrival in shuffled]) == together
    assert delivered(at_once(arrivals)) == together
