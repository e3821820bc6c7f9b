"""Facts over HTTP: every way to send them, and what comes back."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from starlette.testclient import TestClient

from sla_engine.dossier.events import AnomalyNoted
from sla_engine.errors import Fault, Unavailable
from sla_engine.escalation.kinds import ADDRESSED
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import accepted
from sla_engine.service.writer import FAILED, INTAKE_FULL, SUBMISSION_FAILED
from sla_engine.settings import Settings
from sla_engine.web.app import create_app
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import engine_at
from tests.support.web import Fixed, client, visitor

DATA = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}
AT = "2024-09-13T08:40:00+08:00"
MSGPACK = "application/msgpack"
EVENT, EVENTS = "application/cloudevents+json", "application/cloudevents-batch+json"


def registered(no: str = "P1", **more: Any) -> dict[str, Any]:
    fact = {"petition": no, "type": "registered", "id": f"{no}-1", "at": AT, "data": DATA}
    return {**fact, **more}


def admitted(no: str = "P1", **more: Any) -> dict[str, Any]:
    return {"petition": no, "type": "admitted", "id": f"{no}-2", "at": AT, **more}


def event(fact: dict[str, Any]) -> dict[str, Any]:
    """The fact as a CloudEvent."""
    return {
        "specversion": "1.0",
        "id": fact["id"],
        "source": "api:intake",
        "type": f"cn.gov.zz.petition.{fact['type']}",
        "subject": f"petition/{fact['petition']}",
        "time": fact["at"],
        "data": fact.get("data", {}),
    }


@pytest.fixture
def engine() -> Iterator[Engine]:
    with engine_at(parse_instant("2024-09-13T09:00:00+08:00")) as engine:
        yield engine


@pytest.fixture
def hotline(engine: Engine) -> TestClient:
    """A system that sends facts."""
    return client(engine, "intake", person=False)


def codes(answer: Any) -> set[tuple[str, str]]:
    return {(each["pointer"], each["code"]) for each in answer.json()["errors"]}


# ------------------------------------------------------------------------------------- idempotency


def test_a_fact_is_recorded_once_and_its_first_answer_comes_again(
    hotline: TestClient, engine: Engine
) -> None:
    first, again = hotline.post("/v1/facts", json=registered()), None
    again = hotline.post("/v1/facts", json=registered())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {
        "status": "recorded", "id": "P1-1", "stream": "petition/P1", "version": 1,
    }  # fmt: skip
    assert again.json() == {**first.json(), "status": "repeated"}
    assert len(engine.events("petition/P1")) == 1


def test_a_key_that_says_something_else_is_refused_and_noted(
    hotline: TestClient, engine: Engine
) -> None:
    hotline.post("/v1/facts", json=registered())
    other = hotline.post("/v1/facts", json=registered(data={**DATA, "kind": "建议"}))
    assert (other.status_code, codes(other)) == (422, {("/id", "KEY_REUSED")})
    noted = [e.event for e in engine.events("petition/P1") if isinstance(e.event, AnomalyNoted)]
    assert [each.code for each in noted] == ["KEY_REUSED"]


def test_what_needs_an_earlier_fact_is_a_conflict_and_may_be_sent_again(
    hotline: TestClient,
) -> None:
    early = hotline.post("/v1/facts", json=admitted())
    assert (early.status_code, early.json()["code"]) == (409, "NOT_REGISTERED")
    hotline.post("/v1/facts", json=registered())
    assert hotline.post("/v1/facts", json=admitted()).status_code == 201


# ------------------------------------------------------------------------------------- media types


def told(fact: dict[str, Any]) -> list[tuple[dict[str, str], bytes]]:
    """One fact in every way there is."""
    structured = to_structured_event(CloudEvent({**_attributes(fact)}, fact.get("data", {})))
    binary = to_binary_event(
        CloudEvent({**_attributes(fact), "datacontenttype": "application/json"}, fact["data"])
    )
    packed = msgspec.msgpack.encode
    return [
        ({"Content-Type": "application/json"}, msgspec.json.encode(fact)),
        *(({"Content-Type": name}, packed(fact))
          for name in (MSGPACK, "application/x-msgpack", "application/vnd.msgpack")),
        (structured.headers, structured.body),
        (binary.headers, binary.body),
        ({**binary.headers, "content-type": MSGPACK}, packed(fact["data"])),
    ]  # fmt: skip


def _attributes(fact: dict[str, Any]) -> dict[str, Any]:
    from dateutil.parser import isoparse

    attributes = {k: v for k, v in event(fact).items() if k != "data"}
    return {**attributes, "time": isoparse(fact["at"])}


def test_the_same_fact_is_the_same_in_every_media_type(hotline: TestClient) -> None:
    answers = [
        hotline.post("/v1/facts", content=body, headers=headers)
        for headers, body in told(registered())
    ]
    statuses = [answer.json()["status"] for answer in answers]
    assert statuses == ["recorded"] + ["repeated"] * (len(answers) - 1)
    batch = json.dumps([event(registered()), event(admitted())])
    many = hotline.post("/v1/facts", content=batch, headers={"Content-Type": EVENTS})
    assert [each["status"] for each in many.json()["answers"]] == ["repeated", "recorded"]


def test_an_event_carries_the_whole_envelope_and_personal_data_apart(
    hotline: TestClient, engine: Engine
) -> None:
    more = {"by": "话务二班", "role": "clerk", "unit": "热线", "cause": "来电", "seq": "7"}
    sent = event(registered()) | more | {"petitioner": "caller-9", "traceparent": "00-1-2-03"}
    sent["data"] = {**DATA, "personal": {"name": "某某"}}
    answer = hotline.post("/v1/facts", content=json.dumps(sent), headers={"Content-Type": EVENT})
    assert answer.status_code == 201, answer.text
    (recorded,) = engine.events("petition/P1")
    meta = recorded.meta
    assert (meta.actor, meta.role, meta.unit, meta.cause, meta.seq) == (
        "话务二班", "clerk", "热线", "来电", 7,
    )  # fmt: skip
    assert engine.log.personal("caller-9") == {"name": "某某"}


def test_no_event_has_a_field_that_personal_data_would_hide() -> None:
    for kind in ADDRESSED:
        for cls in accepted(kind).values():
            assert "personal" not in cls.__struct_fields__


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"id": None}, "/id"),
        ({"id": ""}, "/id"),
        ({"specversion": "0.3"}, "/specversion"),
        ({"time": "2024-09-13T08:40:00"}, "/time"),
        ({"time": "yesterday"}, ""),
        ({"subject": "caller/1"}, "/subject"),
        ({"Extension": "x"}, "/Extension"),
    ],
)
def test_an_event_that_is_none_is_refused_and_never_made_up(
    change: dict[str, Any], where: str, hotline: TestClient
) -> None:
    sent = {k: v for k, v in (event(registered()) | change).items() if v is not None}
    alone = hotline.post("/v1/facts", content=json.dumps(sent), headers={"Content-Type": EVENT})
    assert alone.status_code == 422
    assert where in {pointer for pointer, _ in codes(alone)}
    batch = json.dumps([sent, event(registered())])
    many = hotline.post("/v1/facts", content=batch, headers={"Content-Type": EVENTS})
    assert [each["status"] for each in many.json()["answers"]] == ["refused", "recorded"]


def test_an_event_without_a_time_or_an_id_gets_none(hotline: TestClient) -> None:
    sent = {k: v for k, v in event(registered()).items() if k not in ("time",)}
    answer = hotline.post("/v1/facts", content=json.dumps(sent), headers={"Content-Type": EVENT})
    assert codes(answer) == {("/at", "FIELD_MISSING")}


@pytest.mark.parametrize("kind", ["text/csv", "", "application/xml"])
def test_other_content_is_refused_and_what_is_taken_is_named(
    kind: str, hotline: TestClient
) -> None:
    answer = hotline.post("/v1/facts", content=b"{}", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "BODY_UNKNOWN")
    assert MSGPACK in answer.headers["accept-post"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b'{"a": NaN}'),
        ("application/json", b"\xff"),
        ("application/json", b"[" * 100_000),
        (MSGPACK, b"\xc1"),
        (MSGPACK, b"\x81\x01\xc4\x01\x00"),
        (EVENT, b"{"),
        (EVENTS, b"]"),
    ],
)
def test_a_broken_body_is_told_as_such(kind: str, body: bytes, hotline: TestClient) -> None:
    answer = hotline.post("/v1/facts", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_answer_is_packed_where_that_is_asked_for(hotline: TestClient) -> None:
    answer = hotline.post("/v1/facts", json=registered(), headers={"Accept": MSGPACK})
    assert answer.headers["content-type"] == MSGPACK
    assert msgspec.msgpack.decode(answer.content)["status"] == "recorded"


# ----------------------------------------------------------------------------------------- batches


def test_a_batch_is_answered_fact_by_fact_with_every_fault(hotline: TestClient) -> None:
    wrong = {"petition": "P2", "type": "registred", "id": "x", "source": "other", "colour": "red"}
    answer = hotline.post("/v1/facts", json=[registered(), wrong, 3, admitted(), registered()])
    assert answer.status_code == 200
    document = answer.json()
    statuses = [each["status"] for each in document["answers"]]
    assert statuses == ["recorded", "refused", "refused", "recorded", "repeated"]
    assert [document[word] for word in ("recorded", "repeated", "refused")] == [2, 1, 2]
    found = {each["code"] for each in document["answers"][1]["problem"]["errors"]}
    assert found == {"SOURCE_NOT_YOURS", "TYPE_UNKNOWN", "FIELD_MISSING", "FIELD_UNKNOWN"}
    assert document["answers"][1]["id"] == "x"


def test_an_empty_batch_is_a_batch(hotline: TestClient) -> None:
    answer = hotline.post("/v1/facts", json=[])
    assert answer.json() == {"recorded": 0, "repeated": 0, "refused": 0, "answers": []}


def limited(engine: Engine, **settings: int) -> TestClient:
    engine.settings = Settings(**settings)  # type: ignore[arg-type]
    return client(engine, "intake", person=False)


def test_body_and_batch_have_their_limits(engine: Engine) -> None:
    hotline = limited(engine, body_limit=2_000, batch_limit=3, line_limit=500)
    long = hotline.post("/v1/facts", json=registered(cause="x" * 3_000))
    assert (long.status_code, long.json()["code"]) == (413, "BODY_TOO_LARGE")

    def parts() -> Iterator[bytes]:
        for _ in range(50):
            yield b" " * 100

    counted = hotline.post(
        "/v1/facts", content=parts(), headers={"Content-Type": "application/json"}
    )
    assert (counted.status_code, counted.json()["code"]) == (413, "BODY_TOO_LARGE")
    many = hotline.post("/v1/facts", json=[{}] * 4)
    assert (many.status_code, many.json()["code"]) == (413, "BATCH_TOO_LARGE")
    line = hotline.post("/v1/facts", json=registered(data={**DATA, "matter": "x" * 600}))
    assert (line.status_code, line.json()["code"]) == (413, "INPUT_TOO_LONG")


def test_many_facts_are_taken_beside_other_requests(hotline: TestClient) -> None:
    answer = hotline.post("/v1/facts", json=[registered(f"P{each}") for each in range(60)])
    assert answer.json()["recorded"] == 60


# -------------------------------------------------------------------------------- who may send what


def test_nobody_speaks_for_another_source(hotline: TestClient) -> None:
    other = hotline.post("/v1/facts", json=registered(source="platform"))
    assert (other.status_code, codes(other)) == (403, {("/source", "SOURCE_NOT_YOURS")})
    own = hotline.post("/v1/facts", json=registered(source="api:intake"))
    assert own.status_code == 201


def test_a_gateway_may_speak_for_others(engine: Engine) -> None:
    who = visitor("intake", person=False)
    wider = msgspec.structs.replace(who, permissions=who.permissions | {"facts:any-source"})
    house = House(engine, client(engine, "intake").app.state.house._submit, Fixed(wider))
    gateway = TestClient(create_app(house))
    assert gateway.post("/v1/facts", json=registered(source="platform")).status_code == 201
    assert engine.events("petition/P1")[0].meta.source == "platform"


def test_people_send_what_the_table_gives_them(engine: Engine) -> None:
    desk = client(engine, "intake")
    assert desk.post("/v1/facts", json=registered()).status_code == 201
    answer = desk.post("/v1/facts", json=admitted())
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")


@pytest.mark.parametrize("roles", [(), ("handler",), ("reviewer",), ("system",), ("audit",)])
def test_others_send_nothing(roles: tuple[str, ...], engine: Engine) -> None:
    answer = client(engine, *roles).post("/v1/facts", json=registered())
    assert answer.status_code == (403 if roles else 401)
    assert engine.log.head() == 0


# ------------------------------------------------------------------------------------------ trouble


def test_a_full_intake_says_when_to_come_again(engine: Engine) -> None:
    def full(_: object) -> Any:
        raise Unavailable(Fault(INTAKE_FULL, "", "20000", "1"))

    busy = TestClient(create_app(House(engine, full, Fixed(visitor("intake", person=False)))))
    answer = busy.post("/v1/facts", json=registered())
    assert (answer.status_code, answer.json()["code"]) == (503, "INTAKE_FULL")
    assert answer.headers["retry-after"] == "1"


def test_a_fault_in_the_program_is_ours(engine: Engine) -> None:
    async def failing(_: object) -> list[Outcome]:
        return [Outcome(FAILED, "petition/P1", 0, (Fault(SUBMISSION_FAILED, "", "KeyError"),))]

    hotline = client(engine, "intake", person=False)
    hotline.app.state.house.take = failing  # type: ignore[attr-defined]
    answer = hotline.post("/v1/facts", json=registered())
    assert (answer.status_code, answer.json()["code"]) == (500, "SUBMISSION_FAILED")


def test_errors_are_told_in_the_language_asked_for(hotline: TestClient) -> None:
    chinese = hotline.post("/v1/facts", json=registered(at="x"))
    english = hotline.post("/v1/facts", json=registered(at="x"), headers={"Accept-Language": "en"})
    assert "格式不对" in chinese.json()["detail"]
    assert "not in the accepted form" in english.json()["detail"]
    assert chinese.headers["content-language"] == "zh-CN"
    assert chinese.json()["type"] == english.json()["type"] == "/problems/time-format"
