"""Proposals in a log: once, by two people, and cut off in the middle without harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sla_engine.errors import Refusal
from sla_engine.rules.events import CampaignStarted, ProposalActivated
from sla_engine.service.proposals import By
from sla_engine.wiring import Engine
from tests.support.campaign import NOTICE, filled, opened

ANNA, BERT = By("anna", "console:anna", "k1"), By("bert", "console:bert")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    filled(tmp_path / "log.db", 3)
    with opened(tmp_path / "log.db") as each:
        yield each


def made(engine: Engine, by: By = ANNA) -> str:
    return engine.proposals.make("notice", "演练", NOTICE, by, "n.toml", "why").id


def approved(engine: Engine) -> str:
    name = made(engine)
    engine.proposals.approve(name, engine.proposals.get(name).what.digest, BERT, 1)
    return name


def test_the_same_form_sent_twice_is_one_proposal(engine: Engine) -> None:
    assert made(engine) == made(engine)
    assert len(list(engine.proposals.all())) == 1


def test_activation_begins_the_campaign_of_that_text(engine: Engine) -> None:
    name = approved(engine)
    done = engine.proposals.activate(name, BERT)
    (started,) = engine.log.read(f"campaign/{done.campaign}")
    assert isinstance(started.event, CampaignStarted)
    assert done.state == "activated"


def test_what_was_loaded_before_it_was_noted_is_noted_and_not_loaded_again(
    engine: Engine,
) -> None:
    name = approved(engine)
    engine.load_notice(NOTICE)
    before = len(engine.log.read("rules/notices"))
    engine.proposals.activate(name, BERT)
    engine.proposals.activate(name, BERT)
    assert len(engine.log.read("rules/notices")) == before
    noted = [
        e for e in engine.log.read(f"proposal/{name}") if isinstance(e.event, ProposalActivated)
    ]
    assert len(noted) == 1


def test_what_nobody_approved_is_not_loaded(engine: Engine) -> None:
    name = made(engine)
    with pytest.raises(Refusal) as refusal:
        engine.proposals.activate(name, BERT)
    assert refusal.value.code == "PROPOSAL_IMPOSSIBLE"
    assert not engine.log.read("rules/notices")


def test_whoever_decides_has_seen_how_it_stands(engine: Engine) -> None:
    name = made(engine)
    engine.proposals.withdraw(name, ANNA, 1)
    with pytest.raises(Refusal) as refusal:
        engine.proposals.refuse(name, BERT, 1)
    assert refusal.value.code == "PROPOSAL_MOVED"


def test_a_proposal_nobody_made_is_not_known(engine: Engine) -> None:
    with pytest.raises(Refusal) as refusal:
        engine.proposals.get("nothing")
    assert refusal.value.code == "PROPOSAL_UNKNOWN"
