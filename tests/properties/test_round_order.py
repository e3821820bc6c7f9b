"""What a round and the rounds after it come to does not depend on when their facts were learned."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sla_engine.dossier.chronicle import read
from sla_engine.replay.state import state_of
from sla_engine.round.kind import ROUND
from sla_engine.wiring import Engine
from tests.support.given import clause, engine, pack_of, rules_of, send, series, to
from tests.support.sizes import examples

SIGN = clause(
    "sign", "5个工作日", scope='"member"', start='"period_ended"', stop='"reported"',
    rungs="yellow due-1个工作日 yellow 20; circular due circular 80",
)  # fmt: skip
CLOSE = clause(
    "close", "10个工作日", scope='"round"', start='"period_ended"', stop='"closed"',
    rungs="next start open_next 10; remind due remind 20",
)  # fmt: skip
RULES = rules_of(pack_of(SIGN, CLOSE, series("month", "report", "month")))
FIRST, SECOND = "round/M", "round/month.CN-3704.2024-06"
HORIZON = "2024-08-20 09:00"
MEMBERS = ("U1", "U2", "U3", "U4")


def story(rng: Random) -> list[tuple[str, str]]:
    """(instant, line) about the round of May: who comes, goes and reports, sometimes voided."""
    lines = [("2024-05-01 00:00", f"{FIRST}|opened series=month period=2024-05")]
    present = {"U1", "U2", "U3"}
    for day in sorted(rng.sample(range(2, 29), rng.randrange(5))):
        member = rng.choice(MEMBERS)
        name = "member_left" if member in present else "member_joined"
        present ^= {member}
        lines.append((f"2024-05-{day:02} 10:00", f"{FIRST}|{name} member={member}"))
    for member in sorted(present):
        if rng.random() < 0.6:
            day = rng.randrange(3, 20)
            key = f"{member}-reported"
            lines.append((f"2024-06-{day:02} 11:00", f"{FIRST}|reported member={member} id={key}"))
            if rng.random() < 0.3:
                lines.append(
                    (f"2024-06-{day + 5:02} 12:00", f"{FIRST}|voided fact=test:{key} ground=x")
                )
    return sorted(lines)


def play(arrivals: list[tuple[str, str, str]]) -> object:
    """What stands at the horizon; an arrival is when it comes, when it was so, and the line."""
    with engine("2024-05-01 00:00", RULES) as each:
        waiting: list[str] = []
        for comes, at, said in arrivals:
            stream, _, text = said.partition("|")
            waiting.append(f"{stream}: {at} {text} known={comes.replace(' ', 'T')}")
            waiting = delivered(each, waiting)
        assert waiting == []
        to(each, HORIZON)
        assert each.verify().identical
        return standing(each)


def delivered(each: Engine, waiting: list[str]) -> list[str]:
    """Send what waits for its predecessor until no more is taken; what still waits."""
    left = [line for line in waiting if send(each, line)[0].status == "refused"]
    return left if len(left) == len(waiting) else delivered(each, left)


def standing(each: Engine) -> object:
    """Acts and readings of the first round; who takes part in the second."""
    second = read(each.dossier(SECOND), ROUND)
    return state_of(each.dossier(FIRST), each.rules, each.clock.now()), sorted(second.lanes.all)


@given(seed=st.integers(0, 10**6), mixing=st.randoms(use_true_random=False))
@examples(12)
def test_a_round_is_the_same_however_late_its_facts_come(seed: int, mixing: Random) -> None:
    lines = story(Random(seed))
    on_time = [(at, at, line) for at, line in lines]
    late = sorted((_comes(mixing, at, line), at, line) for at, line in lines)
    assert play(late) == play(on_time)


def _comes(mixing: Random, at: str, line: str) -> str:
    """Members are known when the next round opens; what they sent may come weeks late."""
    if "|opened" in line:
        return at
    if "|member" in line:
        return mixing.choice([at, "2024-05-30 09:00", "2024-05-31 09:00"])
    return mixing.choice([at, "2024-07-10 09:00", "2024-07-15 09:00"])
