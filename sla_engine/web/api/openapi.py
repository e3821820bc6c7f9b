"""The document that describes the API, drawn from what is really taken and answered.

Schemas of facts come from the event classes, the security of an operation from the permission its
route takes, and every error is the one problem document. `install` puts it in place.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from sla_engine.escalation.kinds import ADDRESSED
from sla_engine.record import Event
from sla_engine.service.intake import (
    ENVELOPE,
    INSTANTS,
    LARGEST,
    Fields,
    accepted,
    fields_sent,
)
from sla_engine.service.texts import LONGEST, PROSE
from sla_engine.web.gate import PUBLIC

Schema = dict[str, Any]

PROBLEM_TYPE = "application/problem+json"
JSON_TYPE = "application/json"
MSGPACK_TYPE = "application/msgpack"
EVENT_TYPE = "application/cloudevents+json"
EVENTS_TYPE = "application/cloudevents-batch+json"

_REF = "#/components/schemas/{name}"
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"\S"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_ENVELOPE: Mapping[str, Schema] = {
    "at": _TIME,
    "seq": {"type": "integer", "minimum": 0, "maximum": LARGEST},
    "personal": {"type": "object", "additionalProperties": {"type": "string"}},
}
_SECURITY_SCHEMES: Mapping[str, Schema] = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "session"},
}


def ref(name: str) -> Schema:
    """What points to a component."""
    return {"$ref": _REF.format(name=name)}


def problems_for(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: these statuses are told as problems."""
    return {status: _problem(status) for status in statuses}


def answers(schema: Schema, told: str, *, packed: bool = True) -> dict[str, Any]:
    """For `responses=` of a route: an answer in JSON and, where it is `packed`, MessagePack."""
    kinds = (JSON_TYPE, MSGPACK_TYPE) if packed else (JSON_TYPE,)
    return {"description": told, "content": {kind: {"schema": schema} for kind in kinds}}


def body_of(one: str, told: str, *, many: bool) -> dict[str, Any]:
    """For `openapi_extra=` of a route that takes facts in every media type there is."""
    single, several = ref(one), {"type": "array", "items": ref(one)}
    plain: Schema = {"oneOf": [single, several]} if many else single
    content = {
        JSON_TYPE: {"schema": plain},
        MSGPACK_TYPE: {"schema": plain},
        EVENT_TYPE: {"schema": ref("CloudEvent")},
    }
    if many:
        content[EVENTS_TYPE] = {"schema": {"type": "array", "items": ref("CloudEvent")}}
    return {"requestBody": {"required": True, "description": told, "content": content}}


def install(app: FastAPI) -> None:
    """Have `/openapi.json` tell all of it."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way to change it


# ---------------------------------------------------------------------------------- the document


def _document(app: FastAPI) -> dict[str, Any]:
    drawn = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes
    )
    components = drawn.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(_schemas())
    components["securitySchemes"] = dict(_SECURITY_SCHEMES)
    for route in served(app.routes):
        if route.include_in_schema:
            for method in route.methods or ():
                _complete(drawn["paths"][route.path_format][method.lower()], permission_of(route))
    return drawn


def served(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """Every operation, also of the routers that were put in."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(inner := getattr(route, "original_router", None), APIRouter):
            yield from served(inner.routes)


def permission_of(route: APIRoute) -> str:
    """The permission that a route takes; `PUBLIC` for one that takes none."""
    found = [getattr(each.call, "permission", None) for each in route.dependant.dependencies]
    return next((each for each in found if each is not None), PUBLIC)


def _complete(operation: dict[str, Any], permission: str) -> None:
    responses = operation.setdefault("responses", {})
    if "422" in responses:
        responses["422"] = _problem(422)
    if permission != PUBLIC:
        operation["security"] = [{name: []} for name in _SECURITY_SCHEMES]
        operation["x-permission"] = permission
        for status in (401, 403):
            responses.setdefault(str(status), _problem(status))
    responses["default"] = _problem(500)


def _problem(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    return {"description": phrase, "content": {PROBLEM_TYPE: {"schema": ref("Problem")}}}


@cache
def _schemas() -> dict[str, Schema]:
    return {
        "Problem": _PROBLEM,
        "Outcome": _OUTCOME,
        "Outcomes": _OUTCOMES,
        "CloudEvent": _cloud_event(),
        **_fact_schemas(),
    }


# ------------------------------------------------------------------------------------------ facts


def _fact_schemas() -> dict[str, Schema]:
    """`petition.registered` and so on: what `data` holds. `petition.fact`: any fact sent to the
    petition's own address. `Fact`: any fact at all, which says what it is about."""
    schemas, whole = dict[str, Schema](), list[Schema]()
    for kind in ADDRESSED:
        commands = []
        for name, cls in accepted(kind).items():
            fields = fields_sent(cls)
            schema, nested = _data(cls, fields)
            schemas |= {f"{kind}.{name}": schema, **nested}
            commands.append(_sent(kind, name, fields, whole=False))
            whole.append(_sent(kind, name, fields, whole=True))
        schemas[f"{kind}.fact"] = {"oneOf": commands}
    return {**schemas, "Fact": {"oneOf": whole}}


def _data(cls: type[Event], fields: Fields) -> tuple[Schema, dict[str, Schema]]:
    """The schema of `data`, and of what it refers to."""
    drawn, nested = msgspec.json.schema_components(
        [each.type for each in fields.known], ref_template=_REF
    )
    properties = {
        each.name: _field(each.name, schema)
        for each, schema in zip(fields.known, drawn, strict=True)
    }
    schema: Schema = {
        "type": "object",
        "description": (cls.__doc__ or "").strip().splitlines()[0],
        "properties": properties,
        "additionalProperties": False,
    }
    if fields.required:
        schema["required"] = list(fields.required)
    return schema, nested


def _field(name: str, schema: Schema) -> Schema:
    if name in INSTANTS:
        nullable = "anyOf" in schema
        return {"anyOf": [_TIME, {"type": "null"}]} if nullable else _TIME
    return _bounded(name, schema)


def _bounded(name: str, schema: Schema) -> Schema:
    """A name has a longest form, an integer a largest."""
    kind = schema.get("type")
    if kind == "string" and name not in PROSE:
        return {**schema, "maxLength": LONGEST}
    if kind == "integer":
        return {"minimum": -LARGEST, "maximum": LARGEST, **schema}
    if kind == "array" and isinstance(schema.get("items"), dict):
        return {**schema, "items": _bounded(name, schema["items"])}
    return schema


def _sent(kind: str, name: str, fields: Fields, *, whole: bool) -> Schema:
    properties: Schema = {each: _envelope(each) for each in sorted(ENVELOPE - set(ADDRESSED))}
    properties |= {"type": {"const": name}, "data": ref(f"{kind}.{name}")}
    if kind != ADDRESSED[0]:
        del properties["personal"]
    needed = ["type", *(["data"] if fields.required else [])]
    if whole:
        properties[kind] = _NAME
        needed += [kind, "id", "at"]
    return {
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": False,
    }


def _envelope(name: str) -> Schema:
    return _ENVELOPE.get(name, _NAME)


def _cloud_event() -> Schema:
    types = sorted({name for kind in ADDRESSED for name in accepted(kind)})
    kinds = "|".join(ADDRESSED)
    extensions = dict.fromkeys(("by", "role", "unit", "cause", "petitioner"), _NAME)
    return {
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": _NAME,
            "source": _NAME,
            "type": {"type": "string", "description": "the type, or any name that ends with it "
                     "behind a dot", "pattern": rf"(^|\.)({'|'.join(types)})$"},
            "subject": {"type": "string", "pattern": f"^({kinds})/."},
            "time": _TIME,
            "datacontenttype": {"const": JSON_TYPE},
            "data": {
                "type": "object",
                "description": "as `data` of the fact; personal data stands in its `personal`",
                "properties": {"personal": _envelope("personal")},
            },
            "seq": {"anyOf": [_envelope("seq"), {"type": "string", "pattern": "^[0-9]+$"}]},
            **extensions,
        },
        "required": ["specversion", "id", "source", "type"],
    }  # fmt: skip


# ---------------------------------------------------------------------------------------- answers

_TEXT: Schema = {"type": "string"}

_PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457, with every fault at once",
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": _TEXT, "code": _TEXT, "detail": _TEXT},
                "required": ["pointer", "code", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "errors"],
}

_OUTCOME: Schema = {
    "type": "object",
    "description": "What became of one fact",
    "properties": {
        "status": {"enum": ["recorded", "repeated"]},
        "id": _TEXT,
        "stream": _TEXT,
        "version": {"type": "integer", "minimum": 1},
    },
    "required": ["status", "id", "stream", "version"],
}

_OUTCOMES: Schema = {
    "type": "object",
    "description": "What became of each fact, in the order in which they were sent",
    "properties": {
        "recorded": {"type": "integer"},
        "repeated": {"type": "integer"},
        "refused": {"type": "integer"},
        "answers": {
            "type": "array",
            "items": {
                "oneOf": [
                    ref("Outcome"),
                    {
                        "type": "object",
                        "properties": {
                            "status": {"const": "refused"},
                            "id": {"type": ["string", "null"]},
                            "problem": ref("Problem"),
                        },
                        "required": ["status", "problem"],
                    },
                ]
            },
        },
    },
    "required": ["recorded", "repeated", "refused", "answers"],
}
