"""The document that describes the API says what is so."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from sla_engine.escalation.kinds import ADDRESSED
from sla_engine.service.intake import accepted
from sla_engine.web.api.openapi import PROBLEM_TYPE, permission_of, served
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.house.test_docs import documented, sent
from tests.support.delivery import engine_at
from tests.support.web import client


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_at(parse_instant("2024-09-13T09:00:00+08:00")) as engine:
        yield engine


@pytest.fixture(scope="module")
def document(engine: Engine) -> Any:
    return client(engine).get("/openapi.json").json()


def operations(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_operation_has_a_name_of_its_own_and_a_title_in_both_languages(
    document: Any,
) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))
    for where, operation in operations(document):
        zh, _, en = operation["summary"].partition(" · ")
        assert zh, where
        assert en, where
        assert en.isascii(), where


def test_every_error_is_the_one_problem_document(document: Any) -> None:
    for where, operation in operations(document):
        for status, response in operation["responses"].items():
            if not status.startswith(("2", "3")):
                assert list(response.get("content", {PROBLEM_TYPE: 0})) == [PROBLEM_TYPE], where


def test_what_takes_a_permission_says_how_to_prove_it(document: Any, engine: Engine) -> None:
    for route in served(client(engine).app.routes):  # type: ignore[attr-defined]
        if route.include_in_schema:
            for method in route.methods or ():
                operation = document["paths"][route.path_format][method.lower()]
                assert bool(permission_of(route)) == ("security" in operation)


def test_every_reference_leads_somewhere(document: Any) -> None:
    schemas = document["components"]["schemas"]

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                assert value["$ref"].rpartition("/")[2] in schemas
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(document)


def _schema(document: Any, name: str) -> Any:
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


@pytest.mark.parametrize("kind", ADDRESSED)
def test_what_intake_takes_the_document_takes(kind: str, document: Any) -> None:
    """Every example of the intake guide is a fact by its schema, and is not with one field more."""
    whole = jsonschema.Draft202012Validator(_schema(document, "Fact"))
    alone = jsonschema.Draft202012Validator(_schema(document, f"{kind}.fact"))
    for name in accepted(kind):
        row = documented(kind)[name]
        fact = sent(kind, name, json.loads(row["example of `data`"].strip("`") or "{}"))
        whole.validate(fact)
        alone.validate({key: value for key, value in fact.items() if key != kind})
        assert not whole.is_valid({**fact, "colour": "red"})
        assert not whole.is_valid({**fact, "type": "nothing"})
