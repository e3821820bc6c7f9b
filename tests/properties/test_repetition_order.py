"""What is counted against a unit does not depend on when it was learned.

Breaches and places are counted here. A warning counts only if it was told, and one that was learned
after its own breach is told to nobody.
"""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sla_engine.dossier.chronicle import read
from sla_engine.escalation.repetition import occurrences
from sla_engine.talk.decide import causes
from sla_engine.talk.kind import TALK
from sla_engine.wiring import Engine
from tests.support.given import (
    clause,
    engine,
    pack_of,
    rules_of,
    send,
    series,
    talks,
    to,
    trigger,
)
from tests.support.sizes import examples

SOLVE = clause("solve", "5个工作日", rungs="red due red 30")
TABLES = (
    trigger("cards", "act:red", 2, "month", "talk 50 tier=1"),
    trigger("black", "place:black", 2, "consecutive", "talk 60 tier=2"),
    series("board", "board", "month", "black below=60"),
)
RULES = rules_of(pack_of(SOLVE, *TABLES, talks()))
HORIZON = "2025-12-01 09:00"


def story(seed: int) -> list[tuple[str, str]]:
    """(instant, line): petitions of two units, some solved in time; boards of four months,
    some places overturned."""
    rng = Random(seed)
    lines: list[tuple[str, str]] = []
    for index in range(rng.randrange(2, 6)):
        day, unit = rng.randrange(2, 20), rng.choice(["U1", "U2"])
        lines.append((f"2025-06-{day:02} 09:00", f"P{index}|registered"))
        lines.append(
            (f"2025-06-{day:02} 10:00", f"P{index}|dispatched unit={unit} assignment=A{index}")
        )
        if rng.random() < 0.5:
            lines.append((f"2025-06-{day + rng.randrange(1, 9):02} 15:00", f"P{index}|resolved"))
    for month in range(6, 10):
        if rng.random() < 0.15:
            continue
        board = f"round/B{month}|"
        lines.append(
            (f"2025-{month:02}-28 09:00", f"{board}opened series=board period=2025-{month:02}")
        )
        for unit in ("U1", "U2", "U3"):
            score = rng.choice([50, 80])
            lines.append(
                (f"2025-{month:02}-28 10:00", f"{board}scored member={unit} scores={{s:{score}}}")
            )
        lines.append((f"2025-{month:02}-28 11:00", f"{board}drafted"))
        lines.append((f"2025-{month:02}-29 11:00", f"{board}published"))
        if rng.random() < 0.4:
            gone = f"{board}place_overturned member=U1 ground=x approver=y"
            lines.append((f"2025-{month:02}-30 11:00", gone))
    return sorted(lines)


def play(arrivals: list[tuple[str, str, str]]) -> object:
    """What stands at the horizon; an arrival is when it comes, when it was so, and the line.

    What is refused because its predecessor is still on its way is sent again."""
    with engine("2025-06-01 08:00", RULES) as each:
        waiting: list[str] = []
        for comes, at, said in arrivals:
            stream, _, text = said.partition("|")
            line = f"{stream}: {at} {text} id={stream}{text.replace(' ', '_')}"
            waiting.append(f"{line} known={comes.replace(' ', 'T')}")
            outcomes = [send(each, one)[0] for one in list(waiting)]
            waiting = [
                one
                for one, outcome in zip(waiting, outcomes, strict=True)
                if outcome.status == "refused" and outcome.faults[0].code != "PLACE_UNKNOWN"
            ]
        while waiting:
            before = len(waiting)
            waiting = [one for one in waiting if send(each, one)[0].status == "refused"]
            if len(waiting) == before:
                break
        to(each, HORIZON)
        assert each.verify().identical
        return standing(each)


def standing(each: Engine) -> object:
    tallies = {}
    for stream in each.log.streams("unit/"):
        dossier = each.dossier(stream)
        counted = sorted((one.said.what, one.said.cause, one.at) for one in occurrences(dossier))
        acts = sorted(
            (*key, act.fired.at)
            for key, fired in dossier.acts.items()
            for act in fired
            if act.stands
        )
        if counted:
            tallies[stream] = (counted, acts)
    called = set()
    for stream in each.log.streams("talk/"):
        talk = read(each.dossier(stream), TALK)
        if causes(talk):
            called.add(talk.traits["unit"])
    return tallies, called


def on_time(lines: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [(at, at, line) for at, line in lines]


def _settled(line: str) -> bool:
    """A draft is a fact about the scores that were there; those come before it."""
    return any(word in line for word in ("|opened", "|scored", "|drafted"))


@given(seed=st.integers(0, 10**6), mixing=st.randoms(use_true_random=False))
@examples(6)
def test_counters_and_what_they_lead_to_are_the_same_however_late_facts_come(
    seed: int, mixing: Random
) -> None:
    lines = story(seed)
    late = sorted(
        (
            at if _settled(line) else mixing.choice([at, "2025-10-15 09:00", "2025-10-20 09:00"]),
            at,
            line,
        )
        for at, line in lines
    )
    assert play(late) == play(on_time(lines))
