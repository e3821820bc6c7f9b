"""Two petitions about one matter, their merge and what is voided of it: the order of arrival says
nothing."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from scenarios.workload import DAY, HOUR, MINUTE
from sla_engine.record import Instant
from sla_engine.service.intake import Submission, parse
from sla_engine.wiring import Engine
from tests.support.delivery import PREMATURE, engine_at, move_to, petitions
from tests.support.given import fact, instant
from tests.support.sizes import examples

BEGIN = instant("2025-03-03 08:00")
HORIZON = BEGIN + 90 * DAY
AGAIN = PREMATURE | {"MERGE_IMPOSSIBLE"}
LIFE = (
    "P1: 2025-03-03 09:00 registered",
    "P1: 2025-03-03 09:30 admitted",
    "P1: 2025-03-03 10:00 dispatched unit=U1 assignment=A1 id=d1",
    "P1: 2025-03-03 11:00 step_done step=onsite_arrived",
    "P2: 2025-03-05 09:00 registered",
    "P2: 2025-03-05 09:30 admitted",
    "P2: 2025-03-05 10:00 dispatched unit=U2 assignment=A2",
    "P2: 2025-03-05 10:30 dispatched unit=U3 assignment=A3 lead=false",
    "P3: 2025-03-06 09:00 registered",
    "P3: 2025-03-06 10:00 dispatched unit=U3 assignment=A4",
    "P1: 2025-03-07 10:00 merged into=P2 id=m1",
    "P2: 2025-03-08 10:00 merged into=P3",
    "P3: 2025-03-25 10:00 resolved",
)
HELD = (
    "P1: 2025-03-03 14:00 suspended ground=P-HEAR",
    "P1: 2025-03-05 16:00 resumed",
    "P2: 2025-03-06 09:00 extension_requested request=E1 clause=solve amount=2个工作日",
    "P2: 2025-03-07 09:00 extension_granted request=E1 approver=甲",
    "P3: 2025-03-06 14:00 suspended ground=P-HEAR",
    "P3: 2025-03-07 15:00 resumed",
)
VOIDS = (
    "P1: 2025-03-10 10:00 voided fact=city:d1 ground=x",
    "P1: 2025-03-11 10:00 voided fact=city:m1 ground=x",
)


def submissions(lines: list[str]) -> list[Submission]:
    parsed = []
    for number, line in enumerate(lines):
        no, _, text = line.partition(": ")
        sent = fact(text, f"petition/{no}", "zaozhuang-2110")
        own = "id=" in text.split(" fact=")[0]
        parsed.append(parse({**sent, "source": "city"} | ({} if own else {"id": f"e{number}"})))
    return parsed


def delivered(arrivals: list[tuple[Instant, Submission]]) -> object:
    """What stands at the horizon."""
    with engine_at(BEGIN) as engine:
        waiting: list[Submission] = []
        for at, submission in sorted(arrivals, key=lambda each: each[0]):
            move_to(engine, at)
            waiting = send(engine, [*waiting, submission])
        while waiting:
            still = send(engine, waiting)
            assert len(still) < len(waiting), "a possible history is taken in the end"
            waiting = still
        move_to(engine, HORIZON)
        engine.run_due()
        assert engine.verify().identical
        return petitions(engine)


def send(engine: Engine, batch: list[Submission]) -> list[Submission]:
    """Those that came too early."""
    outcomes = engine.take(batch)
    early = []
    for submission, outcome in zip(batch, outcomes, strict=True):
        codes = {fault.code for fault in outcome.faults}
        assert codes <= AGAIN
        if codes:
            early.append(submission)
    return early


@given(voids=st.sets(st.sampled_from(VOIDS)), mixing=st.randoms(use_true_random=False))
@examples(8)
def test_delay_does_not_change_what_stands_of_merged_petitions(
    voids: set[str], mixing: Random
) -> None:
    late_or_not(submissions([*LIFE, *sorted(voids)]), mixing)


@given(voids=st.sets(st.sampled_from(VOIDS[1:])), mixing=st.randoms(use_true_random=False))
@examples(8)
def test_nor_does_it_of_petitions_that_were_held_up_or_extended(
    voids: set[str], mixing: Random
) -> None:
    late_or_not(submissions([*LIFE, *HELD, *sorted(voids)]), mixing)


def late_or_not(facts: list[Submission], mixing: Random) -> None:
    on_time = [(each.occurred_at, each) for each in facts]
    late = [
        (at + mixing.choice([0, MINUTE, 5 * HOUR, 3 * DAY, 20 * DAY]), each) for at, each in on_time
    ]
    assert delivered(late) == delivered(on_time)
