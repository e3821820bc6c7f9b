"""What /openapi.json says is so: generated calls are answered as it says, and none meets a fault in
the program."""

import os
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from sla_engine.access.table import shipped
from sla_engine.web.app import create_app
from sla_engine.web.gate import Visitor
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from tests.house.tree import ROOT
from tests.support.web import Fixed, house_over, small_city, submitting

SOAK = os.environ.get("SOAK") == "1"
EACH = 250 if SOAK else 8
"""Generated calls of each operation."""

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_KNOWN: dict[str, list[Any]] = {
    "region": ["CN", "CN-45", "CN-37"],
    "year": [2024, 2031],
    "name": ["progress", "service-card", "zaozhuang-2110"],
    "edition": ["2024-08"],
    "clause": ["dispatch", "triage", "solve"],
    "cycle": ["1"],
    "slug": ["not-known"],
    "term": ["5个工作日", "24小时", "30日", "12个月"],
    "from": ["2024-09-30T16:00:00+08:00", "2029-01-01T00:00:00Z"],
    "pack": ["zaozhuang-2110"],
    "calendar": ["now", "2024-01-01"],
    "month": ["2024-09"],
    "period": ["2024Q3"],
}
"""What is there, by the name of the parameter that asks for it."""
_ENDLESS = "events"
_READ = {
    "petitions", "lists", "talks", "registers", "boards", "reviews", "rules", "problems",
}  # fmt: skip


def everybody() -> Visitor:
    """A system that may do all there is."""
    table = shipped()
    return Visitor("all", "api:all", frozenset(), frozenset(table.permissions), person=False)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with small_city(20) as engine:
        _KNOWN["no"] = [row["no"] for _, row in engine.rows("petition_card")]
        _KNOWN["talk"] = [name.rsplit("/", 1)[1] for name in engine.log.streams("talk/")]
        _KNOWN["unit"] = [name.split("/")[1] for name in engine.log.streams("talk/")]
        yield engine


@pytest.fixture(scope="module")
def app(engine: Engine) -> FastAPI:
    return create_app(House(engine, submitting(engine), Fixed(everybody())))


def half(asked: dict[str, Any] | None) -> Any:
    """Half of the calls are about something that is there."""
    for name in asked or {}:
        chosen = crc32(repr(asked[name]).encode("utf-8", "replace")) if asked else 0
        known = _KNOWN.get(name)
        if asked and known and chosen % 2:
            asked[name] = known[chosen // 2 % len(known)]
    return asked


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> Any:
    return half(path_parameters)


@schemathesis.hook
def map_query(context: Any, query: dict[str, Any] | None) -> Any:
    return half(query)


def answered(operation: Any) -> None:
    """Generated calls of one operation, each answered as it is described."""

    @settings(max_examples=EACH, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def calls(case: Any) -> None:
        case.call_and_validate(checks=_CHECKS)

    calls()


def test_generated_calls_are_answered_as_described(app: FastAPI) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app).exclude(operation_id=_ENDLESS)
    faults = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        try:
            answered(operation)
        except Exception as fault:
            fault.add_note(operation.label)
            faults.append(fault)
    if faults:
        raise ExceptionGroup("answered otherwise than described", faults)


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_has_a_name_of_its_own_and_tells_its_problems(app: FastAPI) -> None:
    names = [operation["operationId"] for _, _, operation in operations(app)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(app):
        told = operation["responses"]
        assert "default" in told, (method, path)
        for status, answer in told.items():
            if status.startswith(("4", "5")):
                assert list(answer["content"]) == ["application/problem+json"], (method, path)


def test_every_answer_in_json_has_a_schema(app: FastAPI) -> None:
    for path, method, operation in operations(app):
        for status, answer in operation["responses"].items():
            for kind, content in answer.get("content", {}).items():
                assert content.get("schema"), (method, path, status, kind)


def test_every_operation_that_takes_a_permission_answers_401_without_a_key(
    app: FastAPI, engine: Engine
) -> None:
    nobody = TestClient(create_app(house_over(engine)), follow_redirects=False)
    guarded = [
        (path, method) for path, method, operation in operations(app) if "security" in operation
    ]
    assert len(guarded) > 30
    for path, method in guarded:
        address = path.replace("{year}", "2024").replace("{", "").replace("}", "")
        answer = nobody.request(method, address, json={})
        assert answer.status_code == 401, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_documents_list_every_address_that_is_read_with_its_permission(app: FastAPI) -> None:
    lines = (ROOT / "docs" / "reading.md").read_text("utf-8").splitlines()
    listed = {
        cells[1].strip("` "): cells[3].strip()
        for line in lines
        if (cells := line.split("|"))[1:] and cells[1].startswith(" `/")
    }
    read = {
        path: operation.get("x-permission", "nobody's")
        for path, method, operation in operations(app)
        if method == "get" and operation["tags"][0] in _READ
    }
    assert listed == read
