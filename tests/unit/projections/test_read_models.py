"""Read models come out the same however their facts arrived, and take back what was withdrawn."""

import itertools
import json
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.petition_card import PetitionCard
from projections.talk_register import TalkRegister
from projections.worklist import Worklist
from sla_engine.dossier.chronicle import read
from sla_engine.dossier.events import (
    AnomalyNoted,
    ExtensionGranted,
    Resumed,
    RungFired,
    RungWithdrawn,
    Suspended,
    TermRefixed,
    Voided,
)
from sla_engine.dossier.fold import fold
from sla_engine.petition.events import (
    Absorbed,
    Accepted,
    Admitted,
    CallbackDone,
    Closed,
    Dispatched,
    Merged,
    Registered,
    Resolved,
    ReturnRequested,
    ReturnRuled,
    ReworkOrdered,
)
from sla_engine.petition.kind import PETITION as KIND
from sla_engine.projection import Clocked, Columns, Projection
from sla_engine.record import Event, Instant, Meta, Recorded
from sla_engine.talk.events import (
    CauseAttached,
    CauseOverturned,
    NoShow,
    PlanFiled,
    PlanReturned,
    RectificationRejected,
    StruckOff,
    TalkApproved,
    TalkHeld,
    TalkMinuted,
    TalkNotified,
    TalkProposed,
    TalkWithdrawn,
    TierRaised,
)

PETITION, TALK = "petition/ZZ1", "talk/住建局/a1"
OPENED = Registered(no="ZZ1", pack="p", kind="投诉", region="CN-3704", subject="enterprise")
PROPOSED = TalkProposed("住建局/a1", "p", "CN-3704", "住建局", 1, ("c1",), ("ZZ1",))


def fact(at: Instant, event: Event, key: str = "") -> tuple[Meta, Event]:
    return Meta(occurred_at=at, recorded_at=1_000 + at, source="hotline", key=key), event


def stream(name: str, facts: Iterable[tuple[Meta, Event]]) -> list[Recorded]:
    return [Recorded(name, n, 10 * n, *each) for n, each in enumerate(facts, 1)]


def row(model: Projection, events: Iterable[Recorded]) -> Columns:
    """The row after all events that concern it, through JSON as a store keeps it."""
    columns: Columns | None = None
    for recorded in (each for each in events if model.interested(each.event)):
        columns = model.apply(columns, recorded)
        columns = json.loads(json.dumps(columns))
    assert columns is not None
    assert isinstance(model, Clocked)
    finished: Columns = json.loads(json.dumps(model.finish(columns, ())))
    return finished


def fired(rung: str, level: int, act: str = "warn", version: int = 0) -> RungFired:
    return RungFired("solve", "1", version, rung, level, act, due=50, at=50, unit="住建局")


def withdrawn(rung: str, version: int = 0) -> RungWithdrawn:
    return RungWithdrawn("solve", "1", version, rung, overturned_by=3)


LIFE = (
    fact(1, Admitted()),
    fact(2, Dispatched("住建局", "A1")),
    fact(3, ReturnRequested("不属于本单位")),
    fact(4, ReturnRuled(granted=True)),
    fact(5, Dispatched("城管局", "A2", replaces="A1")),
    fact(6, Accepted("A2")),
    fact(7, Suspended("P-HEAR")),
    fact(8, Resumed()),
    fact(9, ExtensionGranted("R1", "分管领导")),
    fact(10, Resolved(outcome="solved")),
    fact(11, CallbackDone(satisfied=False)),
    fact(12, ReworkOrdered("城管局", "A3", "回访不满意")),
)


@given(st.permutations(LIFE))
def test_a_petitions_rows_do_not_depend_on_the_order_in_which_facts_arrived(
    facts: list[tuple[Meta, Event]],
) -> None:
    in_time, arrived = stream(PETITION, [fact(0, OPENED), *LIFE]), [fact(0, OPENED), *facts]
    for model in (Worklist(), PetitionCard()):
        wanted, found = row(model, in_time), row(model, stream(PETITION, arrived))
        hidden = {"lines", "recorded_at"}
        assert {k: v for k, v in found.items() if k not in hidden} == {
            k: v for k, v in wanted.items() if k not in hidden
        }


def test_the_card_counts_what_happened_and_names_every_assignment() -> None:
    card = row(PetitionCard(), stream(PETITION, [fact(0, OPENED), *LIFE]))
    assert (card["phase"], card["unit"]) == ("dispatched", "城管局")
    assert [each["unit"] for each in card["assignments"]] == ["住建局", "城管局", "城管局"]
    counts = ("returns", "reworks", "suspensions", "extensions", "callbacks", "duplicates")
    assert [card[name] for name in counts] == [1, 1, 1, 1, 1, 0]
    assert (card["outcome"], card["satisfied"], card["resolved_at"]) == ("solved", False, 10)
    assert card["closed_at"] is None


@pytest.mark.parametrize("accepted", [(), (fact(2, Accepted()),)])
def test_a_refused_return_leaves_a_row_in_the_phase_it_was_in_before_the_request(
    accepted: Sequence[tuple[Meta, Event]],
) -> None:
    asked = (fact(3, ReturnRequested("不属于本单位")), fact(4, ReturnRuled(granted=False)))
    facts = [fact(0, OPENED), fact(1, Dispatched("住建局", "A1")), *accepted, *asked]
    phase = "in_progress" if accepted else "dispatched"
    for model in (Worklist(), PetitionCard()):
        assert row(model, stream(PETITION, facts))["phase"] == phase
    assert read(fold(PETITION, stream(PETITION, facts)), KIND).phase == phase


def test_a_co_handling_unit_does_not_become_answerable() -> None:
    facts = [fact(0, OPENED), fact(1, Dispatched("住建局", "A1"))]
    facts.append(fact(2, Dispatched("城管局", "A2", lead=False)))
    assert row(Worklist(), stream(PETITION, facts))["unit"] == "住建局"


@pytest.mark.parametrize("reference", ["@3", "hotline:e7"])
def test_a_voided_fact_counts_for_nothing_until_its_void_is_voided(reference: str) -> None:
    facts = [fact(0, OPENED), fact(1, Dispatched("住建局", "A1")), fact(2, Resolved(), "e7")]
    facts.append(fact(3, Voided(reference, "办结有误")))
    assert row(Worklist(), stream(PETITION, facts))["phase"] == "dispatched"
    facts.append(fact(4, Voided("@4", "撤销有误")))
    assert row(Worklist(), stream(PETITION, facts))["phase"] == "resolved"


@pytest.mark.parametrize("end", [Merged(into="ZZ2"), Closed()])
def test_a_petition_that_has_ended_is_no_longer_open(end: Event) -> None:
    events = stream(PETITION, [fact(0, OPENED), fact(1, end)])
    assert row(Worklist(), events[:1])["open"] is True
    assert row(Worklist(), events)["open"] is False


def test_the_level_is_that_of_the_most_severe_act_still_standing() -> None:
    facts = [fact(0, OPENED), fact(1, fired("yellow", 20)), fact(2, fired("red", 30, "red"))]
    worklist = row(Worklist(), stream(PETITION, facts))
    assert (worklist["level"], worklist["acts"]) == (30, {"warn": 1, "red": 1})
    facts.append(fact(3, withdrawn("red")))
    worklist = row(Worklist(), stream(PETITION, facts))
    assert (worklist["level"], worklist["acts"]) == (20, {"warn": 1})
    facts.append(fact(4, fired("red", 30, "red", version=1)))
    card = row(PetitionCard(), stream(PETITION, facts))
    assert (card["level"], card["withdrawn_acts"]) == (30, 1)


def test_the_card_counts_refixed_terms_anomalies_duplicates_and_names_the_survivor() -> None:
    facts = [fact(0, OPENED), fact(1, Absorbed("ZZ9", (("registered", 0),)))]
    facts.append(fact(2, TermRefixed("solve", "1", 5, 6, 4, "calendar")))
    facts.append(fact(3, AnomalyNoted("KEY_REUSED")))
    facts.append(fact(4, Merged(into="ZZ2")))
    card = row(PetitionCard(), stream(PETITION, facts))
    assert (card["duplicates"], card["refixed"], card["anomalies"]) == (1, 1, 1)
    assert card["merged_into"] == "ZZ2"


def test_events_of_a_stream_that_was_never_opened_make_no_row() -> None:
    models: tuple[Projection, ...] = (Worklist(), PetitionCard())
    for model, name in itertools.product(models, (TALK, PETITION)):
        (recorded,) = stream(name, [fact(1, fired("yellow", 20))])
        assert model.apply(None, recorded) is None
    (recorded,) = stream(PETITION, [fact(1, Suspended("P-HEAR"))])
    assert TalkRegister().apply(None, recorded) is None


def test_the_register_follows_a_talk_from_proposal_to_strike_off() -> None:
    facts = [
        fact(1, PROPOSED),
        fact(2, TalkApproved("分管领导")),
        fact(3, TalkNotified("约〔2024〕1号", 500, "会议室")),
        fact(4, NoShow()),
        fact(5, TierRaised(2, "缺席")),
        fact(6, TalkApproved("主要领导")),
        fact(7, TalkNotified("约〔2024〕2号", 900)),
        fact(8, TalkHeld()),
        fact(9, TalkMinuted("d")),
        fact(10, PlanFiled("d")),
        fact(11, PlanReturned("不具体")),
        fact(12, RectificationRejected("督查室", "未到位")),
        fact(13, StruckOff("d")),
    ]
    talk = row(TalkRegister(), stream(TALK, facts))
    assert (talk["round"], talk["tier"], talk["phase"], talk["open"]) == (2, 2, "struck_off", False)
    assert (talk["number"], talk["scheduled_at"], talk["held_at"]) == ("约〔2024〕2号", 900, 8)
    assert (talk["absences"], talk["plans_returned"], talk["rejections"]) == (1, 1, 1)
    assert (talk["proposed_at"], talk["struck_off_at"], talk["notified_at"]) == (1, 13, 7)


def test_the_register_lists_the_causes_that_stand_and_every_petition_behind_the_talk() -> None:
    facts = [fact(1, PROPOSED), fact(2, CauseAttached("c2", "ZZ2"))]
    facts += [fact(3, fired("next", 40, "next_tier")), fact(4, CauseOverturned("c1"))]
    talk = row(TalkRegister(), stream(TALK, facts))
    assert (talk["causes"], talk["petitions"]) == (["c2"], ["ZZ1", "ZZ2"])
    assert (talk["level"], talk["acts"]) == (40, {"next_tier": 1})
    facts.append(fact(5, TalkWithdrawn("last cause overturned", ("住建局负责人",))))
    talk = row(TalkRegister(), stream(TALK, facts))
    assert (talk["open"], talk["recalled"]) == (False, ["住建局负责人"])


def test_a_read_model_ignores_what_cannot_change_its_rows() -> None:
    assert not Worklist().interested(AnomalyNoted("KEY_REUSED"))
    assert not Worklist().interested(PROPOSED)
    assert not Worklist().interested(Suspended("P-HEAR"))
    assert not PetitionCard().interested(PROPOSED)
    assert not TalkRegister().interested(OPENED)
