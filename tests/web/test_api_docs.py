"""Every example of docs/api.md is sent, and answered as it is shown."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from sla_engine.serving.endpoint import Endpoint
from sla_engine.web.app import create_app
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import engine_at
from tests.support.shell import ROOT
from tests.support.web import Fixed, client, submitting, visitor

PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
_HTTP = re.compile(r"```http\n(POST .*?)```\s+```http\nHTTP/1.1 (\d+).*?\n\n(.*?)```", re.DOTALL)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with engine_at(parse_instant("2024-09-13T09:30:00+08:00")) as engine:
        yield engine


def hotline(engine: Engine) -> TestClient:
    """The key of the guide, which speaks as zz12345."""
    who = replace(visitor("intake", person=False), source="zz12345")
    return TestClient(create_app(House(engine, submitting(engine), Fixed(who))))


def holds(shown: Any, told: Any) -> bool:
    """Whether everything shown is so; an answer may say more."""
    if isinstance(shown, dict):
        return all(name in told and holds(each, told[name]) for name, each in shown.items())
    if isinstance(shown, list):
        pairs = zip(shown, told, strict=False)
        return len(shown) == len(told) and all(holds(*pair) for pair in pairs)
    return bool(shown == told)


def test_every_example_is_answered_as_shown(engine: Engine) -> None:
    found = _HTTP.findall(PAGE)
    assert len(found) == PAGE.count("```http") // 2
    for asked, status, answer in found:
        head, _, body = asked.partition("\n\n")
        first, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines)
        person = "Cookie" in headers
        for secret in ("Cookie", "Authorization"):
            headers.pop(secret, None)
        who = client(engine, "supervisor") if person else hotline(engine)
        told = who.post(first.split()[1], content=body.encode(), headers=headers)
        assert told.status_code == int(status), (first, told.text)
        assert holds(json.loads(answer), told.json()), told.text


def test_the_program_shown_runs(engine: Engine, tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    endpoint = Endpoint("127.0.0.1", 0, {})
    endpoint.app = hotline(engine).app
    endpoint.start()
    try:
        names: dict[str, Any] = {"address": endpoint.address, "key": "sla_x"}
        exec(compile(program, "docs/api.md", "exec"), names)
    finally:
        names["engine"].close()
        endpoint.stop()
    assert len(names["code"]) == 8
    assert names["first"].type == "petition.registered"


@pytest.mark.parametrize("setting", re.findall(r"`SLA_ENGINE_(\w+)`", PAGE))
def test_every_setting_named_exists(setting: str, engine: Engine) -> None:
    assert hasattr(engine.settings, setting.lower())
