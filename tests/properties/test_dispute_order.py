"""Disputes and their rulings, on time or weeks late and in any order, leave the same verdicts."""

from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scenarios.workload import DAY, HOUR, Arrival
from sla_engine.worktime import Instant, format_instant, parse_instant
from tests.support.delivery import Upstream, engine_at, move_to
from tests.support.sizes import examples

BEGIN = parse_instant("2025-03-03T09:00:00+08:00")
HORIZON = BEGIN + 150 * DAY
WITNESS = "petition/P1"


def fact(about: str, name: str, type_: str, at: Instant, /, **data: Any) -> Arrival:
    envelope = {about: name, "type": type_, "source": "s", "id": f"{name}-{type_}-{at}"}
    return Arrival(at, {**envelope, "at": format_instant(at), "data": data})


def petition(rng: Random) -> list[Arrival]:
    """One petition, closed in time or late, or not at all."""
    traits = {"pack": "mingguang-three-tier", "kind": "投诉", "region": "CN-341182"}
    found = [
        fact("petition", "P1", "registered", BEGIN, subject="person", **traits),
        fact("petition", "P1", "dispatched", BEGIN + HOUR, unit="U1"),
    ]
    if rng.random() < 0.7:
        found.append(fact("petition", "P1", "resolved", BEGIN + rng.randrange(12, 25) * DAY))
    return found


def dispute(rng: Random, name: str, begin: Instant, appeals: str = "") -> list[Arrival]:
    """One dispute about it, ruled on or not; a ruling may be voided."""
    what = {"clause": "handle", "cycle": "1"}
    if not appeals and rng.random() < 0.3:
        what = {"clause": "handle", "cycle": "1", "rung": "yellow"}
    opened = fact(
        "dispute", name, "opened", begin, pack="disputes-generic", subject=WITNESS,
        kind="appeal" if appeals else "review", claim="fact_wrong", claimant="U1",
        told_at=format_instant(begin - DAY), appeals=appeals, **what,
    )  # fmt: skip
    verdict = rng.choice(["excluded", "late"] if "rung" in what else ["met", "late", "excluded"])
    outcome = rng.choice(["upheld", "upheld", "rejected"])
    said = {"outcome": outcome, "ruler": "head", "document": "x"}
    said |= {"verdict": verdict} if outcome == "upheld" else {}
    ruled = fact("dispute", name, "ruled", begin + 3 * DAY, **said)
    found = [opened, fact("dispute", name, "admitted", begin + DAY), ruled]
    if not appeals and rng.random() < 0.4:
        key = f"s:{ruled.fact['id']}"
        found.append(fact("dispute", name, "voided", begin + 40 * DAY, fact=key, ground="误录"))
    return found


def happenings(seed: int) -> list[Arrival]:
    """Two disputes, and an appeal against the second where that one was ruled for good."""
    rng = Random(seed)
    first = dispute(rng, "D1", BEGIN + 30 * DAY)
    second = dispute(rng, "D2", BEGIN + 34 * DAY)
    if all(each.fact["type"] != "voided" for each in second) and "rung" not in str(second[0].fact):
        second += dispute(rng, "D3", BEGIN + 45 * DAY, appeals="D2")
    return sorted((*petition(rng), *first, *second), key=lambda each: each.at)


def delivered(arrivals: list[Arrival]) -> object:
    """What stands at the horizon after the facts arrived at their instants."""
    with engine_at(BEGIN) as engine:
        upstream = Upstream(engine)
        for arrival in arrivals:
            move_to(engine, arrival.at)
            upstream.send([dict(arrival.fact)])
        for _ in range(10):
            move_to(engine, engine.clock.now() + DAY)
            upstream.send([])
        assert (upstream.waiting, upstream.given_up) == ([], [])
        move_to(engine, HORIZON)
        engine.run_due()
        assert engine.verify().identical
        assessment = engine.assess(WITNESS)
        verdicts = {
            each.clause.id: (each.state, each.verdict, each.due, each.level)
            for each in assessment.readings
        }
        acts = {
            (*key, act.fired.at, act.fired.unit)
            for key, acts in assessment.dossier.acts.items()
            for act in acts
            if act.stands
        }
        return verdicts, acts


@given(seed=st.integers(0, 10**6), mixing=st.randoms(use_true_random=False))
@examples(12)
def test_delay_and_order_do_not_change_what_rulings_leave(seed: int, mixing: Random) -> None:
    arrivals = happenings(seed)
    delayed = [
        Arrival(arrival.at + mixing.choice([0, HOUR, 3 * DAY, 25 * DAY]), arrival.fact)
        for arrival in arrivals
    ]
    assert delivered(sorted(delayed, key=lambda each: each.at)) == delivered(arrivals)


@given(seed=st.integers(0, 10**6))
@examples(8)
def test_one_delivery_in_reverse_equals_many(seed: int) -> None:
    arrivals = happenings(seed)
    last = arrivals[-1].at
    backwards = [Arrival(last, each.fact) for each in reversed(arrivals)]
    assert all(one.at <= other.at for one, other in pairwise(arrivals))
    assert delivered(backwards) == delivered(arrivals)
