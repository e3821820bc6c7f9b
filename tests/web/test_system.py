"""What an administrator sees: how everything fares, and no business data."""

import re

import pytest

from sla_engine.delivery.letters import Standing
from sla_engine.projection import DeadLetter
from sla_engine.web.console import system
from sla_engine.wiring import Engine
from tests.support.web import client

HTML = {"accept": "text/html"}


def test_every_follower_is_shown_with_its_position(town: Engine) -> None:
    page = client(town, "system").get("/system", headers=HTML).text
    for name in (each for runner in town.runners for each in runner.names):
        position = town.log.position(name)
        assert re.search(rf"{re.escape(name)}</code></th><td class=\"number\">{position}<", page)


def test_no_number_of_a_petition_is_on_the_page(town: Engine) -> None:
    page = client(town, "system").get("/system", headers=HTML).text
    assert not [s for s in town.log.streams("petition/") if s.partition("/")[2] in page]


def test_letters_are_shown_by_kind_and_position_alone(
    town: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = DeadLetter("reactor", 77, "petition/ZZ-SECRET", 3, "ValueError")
    known = town.log.dead_letters

    def letters(follower: str) -> object:
        return iter([letter]) if follower == "reactor" else known(follower)

    monkeypatch.setattr(town.log, "dead_letters", letters)
    page = client(town, "system").get("/system", headers=HTML).text
    assert "ZZ-SECRET" not in page
    assert "<td>petition</td>" in page
    assert "LETTERS_WAIT" not in page
    assert "1条死信" in page


@pytest.mark.parametrize("role", ["supervisor", "reviewer", "handler", "security", "audit"])
def test_it_is_for_the_system_administrator_alone(town: Engine, role: str) -> None:
    assert client(town, role, unit="U01").get("/system", headers=HTML).status_code == 403


def test_a_channel_that_is_closed_or_has_letters_is_a_finding() -> None:
    fine = Standing("a", 0, None, 0, 0, "")
    shut = Standing("b", 3, 1, 2, 0, "410")
    codes = [(fault.where, fault.code) for fault in system._closed([fine, shut])]
    assert codes == [("b", "CHANNEL_CLOSED"), ("b", "LETTERS_WAIT")]


def test_a_sweep_that_leaves_alarms_lying_is_a_finding() -> None:
    lane = system.Lane(system._LANES[0], 4, 61.0)
    assert [each.code for each in system._silent([lane], 60.0)] == ["SWEEP_SILENT"]
    assert not list(system._silent([lane], 62.0))
