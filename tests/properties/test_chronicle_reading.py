"""Reading on from what was read before gives what reading anew gives, in any order of arrival."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.events import (
    Carried,
    ExtensionDenied,
    ExtensionGranted,
    ExtensionRequested,
    Resumed,
    StepDone,
    Suspended,
    Voided,
)
from sla_engine.dossier.fold import Dossier, evolve, fold
from sla_engine.dossier.kind import Kind
from sla_engine.item.events import (
    ItemAssigned,
    ItemListed,
    ItemRebounded,
    ItemReported,
    ItemVerified,
)
from sla_engine.item.kind import ITEM
from sla_engine.petition.events import (
    Absorbed,
    CallbackDone,
    Dispatched,
    Registered,
    Resolved,
    ReturnRequested,
    ReturnRuled,
    ReworkOrdered,
    Withdrawn,
)
from sla_engine.petition.kind import PETITION
from sla_engine.record import Event, Recorded
from sla_engine.round.events import (
    Drafted,
    MemberJoined,
    MemberLeft,
    Published,
    RoundClosed,
    RoundOpened,
    RoundReported,
)
from sla_engine.round.kind import ROUND
from sla_engine.talk.events import Rebounded, StruckOff, TalkPostponed, TalkProposed, TierRaised
from sla_engine.talk.kind import TALK
from tests.support.given import recorded

KEPT = Carried("solve", 2, (("P-HEAR", 3, 30), ("P-X", 31, 40)), (("e9", "1个工作日", "x"),))
COMMON: tuple[Event, ...] = (
    Suspended("P-HEAR"),
    Resumed(),
    StepDone("arrived"),
    ExtensionRequested("e", "solve", "2个工作日"),
    ExtensionGranted("e", "x"),
    ExtensionDenied("e"),
)
STORIES: dict[str, tuple[Event, ...]] = {
    PETITION.name: (
        Registered("P1", "demo", "投诉", "CN-3704"),
        Dispatched("U1", "A1"),
        Dispatched("U2", "A2", lead=False),
        Dispatched("U3", "A3", replaces="A1"),
        ReturnRequested("x"),
        ReturnRuled(False),
        ReturnRuled(True, assignment="A1"),
        ReturnRuled(True, assignment="A2"),
        Resolved(assignment="A1"),
        Resolved(assignment="A2"),
        Resolved(),
        CallbackDone(False),
        ReworkOrdered("U1", "A4", "x"),
        Absorbed("P2", (("dispatched", 3),)),
        Absorbed("P3", (("dispatched", 2),), (KEPT, Carried("both"))),
        Withdrawn(),
    ),
    TALK.name: (
        TalkProposed("T", "demo", "CN-3704", "U1", 1, ("c",)),
        TierRaised(2, "x"),
        TalkPostponed(40, "P-POSTPONE"),
        TalkPostponed(60, "P-POSTPONE"),
        StruckOff("x"),
        Rebounded("x"),
    ),
    ITEM.name: (
        ItemListed("I1", "demo", "CN-3704", "task", "U1", limit="3日"),
        ItemAssigned("U2"),
        ItemReported("d", "x"),
        ItemVerified("y"),
        ItemRebounded("z"),
    ),
    ROUND.name: (
        RoundOpened("R", "demo", "CN-3704", "board", "2025Q2", "", ("U1", "U2"), "", 5, 30),
        MemberJoined("U3"),
        MemberLeft("U1"),
        MemberJoined("U1"),
        RoundReported("U2"),
        Drafted(),
        Published(),
        RoundClosed(),
    ),
}


def story(kind: Kind, rng: Random, count: int) -> list[Recorded]:
    """Facts of a kind as they arrive: at a few instants, so that many coincide; some voided."""
    stream, arrivals = f"{kind.name}/X", list[Recorded]()
    for version in range(1, count + 1):
        event: Event = rng.choice(STORIES[kind.name] + COMMON)
        if version > 2 and rng.random() < 0.08:
            event = Voided(f"@{rng.randrange(2, version)}", "x")
        arrivals.append(
            recorded(
                event,
                at=rng.randrange(50) if rng.random() < 0.4 else version,
                version=version,
                stream=stream,
                recorded_at=100 + version,
                seq=rng.randrange(2),
                key=rng.choice(["", f"k{version}"]),
            )
        )
    return arrivals


def seen(chronicle: Chronicle) -> object:
    """All that a chronicle says."""
    return {name: repr(getattr(chronicle, name)) for name in Chronicle.__slots__ if name != "kind"}


@pytest.mark.parametrize("kind", [PETITION, TALK, ITEM, ROUND], ids=lambda kind: kind.name)
@given(seed=st.integers(0, 10**9), count=st.integers(1, 30))
def test_reading_on_is_reading_anew(kind: Kind, seed: int, count: int) -> None:
    rng = Random(seed)
    arrivals = story(kind, rng, count)
    dossier = Dossier(arrivals[0].stream)
    for number, arrival in enumerate(arrivals, 1):
        evolve(dossier, arrival)
        anew = fold(dossier.stream, arrivals[:number])
        if rng.random() < 0.7:
            assert seen(read(dossier, kind)) == seen(read(anew, kind))
        until = rng.choice(arrivals)
        assert seen(read(dossier, kind, until)) == seen(
            read(fold(dossier.stream, arrivals[:number]), kind, until)
        )
