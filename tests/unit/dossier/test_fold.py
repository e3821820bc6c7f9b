"""The fold: what was recorded, in that order; total, and without a rule in it."""

from sla_engine.dossier.events import (
    AnomalyNoted,
    RungFired,
    RungWithdrawn,
    StepDone,
    TermRefixed,
    Voided,
)
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.dossier.pending import Pending
from sla_engine.petition.events import Accepted, Registered, Resolved
from sla_engine.record import Draft, Event, Meta
from tests.support.given import recorded

OPENING = Registered("P1", "demo", "投诉", "CN-3704")


def folded(*events: Event, **keys: str) -> Dossier:
    """Events as versions 1, 2, …; `v2="k"` gives version 2 the key k."""
    return fold(
        "petition/P1",
        (
            recorded(
                event, at=version, version=version, source="s", key=keys.get(f"v{version}", "")
            )
            for version, event in enumerate(events, 1)
        ),
    )


def fired(version: int = 0, rung: str = "red") -> RungFired:
    return RungFired("solve", "1", version, rung, 30, "red", 0, 0)


def withdrawn(version: int = 0, rung: str = "red") -> RungWithdrawn:
    return RungWithdrawn("solve", "1", version, rung, 1)


def test_an_empty_stream_is_no_dossier() -> None:
    dossier = fold("petition/P1", [])
    assert (dossier.exists, dossier.version, dossier.voided()) == (False, 0, {})


def test_facts_stand_in_the_order_in_which_they_were_recorded() -> None:
    dossier = folded(OPENING, Resolved(), Accepted())
    assert [type(fact.event) for fact in dossier.facts] == [Registered, Resolved, Accepted]
    assert (dossier.opening.event, dossier.version) == (OPENING, 3)


def test_an_act_stands_until_it_is_withdrawn_and_others_of_its_rung_stay() -> None:
    dossier = folded(OPENING, fired(0), withdrawn(0), fired(1), fired(0, "warn"))
    acts = dossier.acts[("solve", "1", "red")]
    assert [(act.fired.version, act.stands, act.withdrawn) for act in acts] == [
        (0, False, 3),
        (1, True, 0),
    ]
    assert [act.stands for act in dossier.acts[("solve", "1", "warn")]] == [True]


def test_a_withdrawal_of_an_act_that_never_was_changes_nothing() -> None:
    dossier = folded(OPENING, withdrawn(0))
    assert (dossier.acts, dossier.version) == ({}, 2)


def test_revisions_and_anomalies_are_kept_apart_from_facts() -> None:
    refixed = TermRefixed("solve", "1", 1, 2, 0, "calendar")
    dossier = folded(OPENING, refixed, AnomalyNoted("KEY_REUSED"))
    assert [each.event for each in dossier.refixed[("solve", "1")]] == [refixed]
    assert [each.event for each in dossier.anomalies] == [AnomalyNoted("KEY_REUSED")]
    assert len(dossier.facts) == 1


def test_a_fact_is_found_by_its_source_and_key_or_by_its_version() -> None:
    dossier = folded(OPENING, Accepted(), Voided("@2", "x"), v2="a1", v3="v1")
    for reference, version in (("s:a1", 2), ("@2", 2), ("s:v1", 3), ("@1", 1)):
        found = dossier.find(reference)
        assert found is not None
        assert found.version == version
    for reference in ("s:", ":", "", "@9", "a1", "2"):
        assert dossier.find(reference) is None


def test_a_void_takes_a_fact_away_and_a_void_of_the_void_gives_it_back() -> None:
    facts: tuple[Event, ...] = (OPENING, Accepted(), Voided("@2", "x"))
    assert list(folded(*facts).voided()) == [2]
    facts = (*facts, Voided("@3", "y"))
    assert list(folded(*facts).voided()) == [3]
    facts = (*facts, Voided("@4", "z"))
    assert sorted(folded(*facts).voided()) == [2, 4]
    again = (OPENING, Accepted(), Voided("@2", "x"), Voided("@3", "y"), Voided("@2", "z"))
    assert sorted(folded(*again).voided()) == [2, 3]


def test_a_void_of_nothing_takes_nothing_away() -> None:
    assert folded(OPENING, Voided("s:none", "x")).voided() == {}


def test_a_dossier_as_it_was_at_a_version_has_facts_voids_revisions_and_acts_of_then() -> None:
    refixed = TermRefixed("solve", "1", 1, 2, 0, "calendar")
    dossier = folded(OPENING, Accepted(), fired(), Voided("@2", "x"), refixed, refixed)
    before = dossier.until(5)
    assert [fact.version for fact in before.facts] == [1, 2]
    assert [void.version for void in before.voids] == [4]
    assert len(before.refixed[("solve", "1")]) == 1
    assert [act.version for acts in before.acts.values() for act in acts] == [3]
    assert before.version == 5
    assert dossier.until(3).voids == []
    assert len(dossier.refixed[("solve", "1")]) == 2


def test_drafts_are_seen_by_the_next_decision_before_they_are_in_the_log() -> None:
    pending = Pending(folded(OPENING))
    written = pending.write(Draft(Meta(occurred_at=5, recorded_at=5), StepDone("arrived")))
    assert (written.version, written.position, pending.base) == (2, 0, 1)
    assert pending.dossier.facts[-1] is written
    assert len(pending.drafts) == 1


def test_an_act_fired_and_withdrawn_before_it_is_appended_is_told_to_nobody() -> None:
    pending = Pending(folded(OPENING, fired(0)))
    meta = Meta(occurred_at=5, recorded_at=5)
    for event in (fired(1), withdrawn(1), fired(2), withdrawn(0)):
        pending.write(Draft(meta, event))
    silent = [getattr(event, "silent", "-") for _, event in pending.drafts]
    assert silent == ["overturned", "overturned", "", ""]
