"""The short way of facts: what goes wrong on it is told as on any other."""

from collections.abc import Iterator
from typing import Any

import pytest

from sla_engine.web.house import House
from sla_engine.wiring import Engine
from tests.support.delivery import engine_at
from tests.support.web import client, visitor

PROGRAM = {"accept": "application/json"}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with engine_at(0) as engine:
        yield engine


def test_a_fault_in_the_program_is_told_as_a_problem_with_the_guards_of_every_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError("12345678901")

    monkeypatch.setattr(House, "take", fails)
    answer = client(engine, "intake").post("/v1/facts", json={}, headers=PROGRAM)
    assert answer.status_code == 500
    assert answer.json()["code"] == "SERVER_FAULT"
    assert "12345678901" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [each.route for each in caplog.records if hasattr(each, "route")] == ["/v1/facts"]


def test_other_methods_of_its_address_are_refused_by_the_framework(engine: Engine) -> None:
    answer = client(engine, "system").get("/v1/facts", headers=PROGRAM)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_whoever_may_not_send_facts_is_refused_there_too(engine: Engine) -> None:
    assert visitor("audit").may("facts:append") is False
    answer = client(engine, "audit").post("/v1/facts", json={}, headers=PROGRAM)
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
