"""What HTTP allows is answered: HEAD, weights of media types, any version; where one goes on."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from sla_engine.wiring import Engine
from tests.support.desk import NO, office
from tests.support.web import client

HTML = {"accept": "text/html"}


@pytest.fixture
def desk() -> Iterator[Engine]:
    with office() as engine:
        yield engine


# -------------------------------------------------------------------------------------------- HEAD


@pytest.mark.parametrize(
    "path", ["/", "/petitions", f"/petitions/{NO}", f"/v1/petitions/{NO}", "/static/theme.css",
             "/openapi.json", "/nowhere", "/petitions/export.csv"],
)  # fmt: skip
def test_head_is_answered_as_get_is_without_the_body(desk: Engine, path: str) -> None:
    there = client(desk, "supervisor")
    got, headed = there.get(path, headers=HTML), there.head(path, headers=HTML)
    assert headed.status_code == got.status_code
    assert headed.headers["content-type"] == got.headers["content-type"]
    assert headed.content == b""


def test_head_of_a_stream_of_events_ends(desk: Engine) -> None:
    there = client(desk, "supervisor")
    answer = there.head("/v1/events?after=0", headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_head_of_what_only_takes_forms_is_refused(desk: Engine) -> None:
    assert client(desk, "supervisor").head("/logout").status_code == 405


# ------------------------------------------------------------------------------------- media types


@pytest.mark.parametrize(
    ("accept", "packed"),
    [
        ("application/msgpack", True),
        ("application/msgpack, */*;q=0.1", True),
        ("application/json, application/msgpack", True),
        ("application/json, application/msgpack;q=0", False),
        ("application/json, application/msgpack; q=0.5", False),
        ("application/json;q=0.5, application/msgpack", True),
        ("application/msgpack;q=0", False),
        ("application/msgpack;q=nan", False),
        ("*/*", False),
    ],
)
def test_an_answer_is_of_the_type_that_is_preferred(
    desk: Engine, accept: str, packed: bool
) -> None:
    answer = client(desk, "supervisor").get(f"/v1/petitions/{NO}", headers={"accept": accept})
    assert answer.headers["content-type"].endswith("msgpack" if packed else "json")


_DATA = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}


def event(no: str, raw: bytes, **more: str) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": f"{no}-1", "source": "zz12345", "type": "registered",
        "subject": f"petition/{no}", "time": "2024-09-02T09:50:00+08:00",
        "data_base64": base64.b64encode(raw).decode(), **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (json.dumps(_DATA).encode(), "application/json"),
        (json.dumps(_DATA).encode(), ""),
        (json.dumps(_DATA).encode(), "application/vnd.zz+json; charset=utf-8"),
        (msgspec.msgpack.encode(_DATA), "application/msgpack"),
    ],
)
def test_data_in_base64_is_read_by_its_type(desk: Engine, raw: bytes, kind: str) -> None:
    told = {"datacontenttype": kind} if kind else {}
    answer = _sent(desk, event("B1", raw, **told))
    assert answer.status_code == 201, answer.text


def test_data_in_base64_that_is_no_json_is_refused(desk: Engine) -> None:
    assert _sent(desk, event("B1", b"\xff\xfe{")).status_code == 400
    assert _sent(desk, event("B1", b"<a/>", datacontenttype="text/xml")).status_code == 422


def _sent(engine: Engine, value: dict[str, Any]) -> Any:
    system = client(engine, "intake", person=False)
    value["source"] = "api:intake"
    kind = {"content-type": "application/cloudevents+json"}
    return system.post("/v1/facts", content=json.dumps(value), headers=kind)


# ---------------------------------------------------------------------------------------- versions


def test_any_version_will_do_for_a_system_and_not_for_a_person(desk: Engine) -> None:
    system, address = client(desk, "intake", person=False), f"/v1/petitions/{NO}/facts"
    match = {"If-Match": "*"}
    answer = system.post(address, json={"type": "accepted", "id": "any"}, headers=match)
    assert answer.status_code == 201, answer.text
    fact = {"type": "suspended", "id": "any", "data": {"ground": "鉴定"}}
    person = client(desk, "supervisor").post(address, json=fact, headers=match)
    assert (person.status_code, person.json()["code"]) == (428, "MATCH_MISSING")


def test_any_version_is_none_of_a_dossier_that_is_not_there(desk: Engine) -> None:
    system = client(desk, "intake", person=False)
    fact = {"type": "registered", "id": "new", "data": _DATA}
    answer = system.post("/v1/petitions/NEW1/facts", json=fact, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (412, "STREAM_ELSEWHERE")
    assert desk.events("petition/NEW1") == []


# -------------------------------------------------------------------------- where one comes back to


def test_an_address_that_is_none_leads_nowhere(desk: Engine) -> None:
    answer = client(desk).get("/login?next=//[", headers=HTML)
    assert answer.status_code == 200
    assert 'name="next" value="/"' in answer.text


@pytest.mark.parametrize(
    ("path", "screen"),
    [
        (f"/petitions/{NO}/record/accepted", f"%2Fpetitions%2F{NO}"),
        ("/talks/U01/t1/record/approved", "%2Ftalks%2FU01%252Ft1"),
        ("/petitions/views", "%2Fpetitions%3F"),
        ("/drafts/forecast", "%2Fdrafts"),
    ],
)
def test_whoever_has_to_sign_in_again_comes_back_to_the_screen(
    desk: Engine, path: str, screen: str
) -> None:
    answer = client(desk).post(path, data={"kind": "pack", "text": "x"}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={screen}")


def test_the_other_language_of_an_answer_to_a_form_is_a_page(desk: Engine) -> None:
    supervisor = client(desk, "supervisor")
    for path, typed in (
        (f"/petitions/{NO}/record/return_ruled", {"key": "k", "seen": "3"}),
        (f"/petitions/{NO}/personal", {"purpose": "law"}),
        (f"/petitions/{NO}/personal", {"purpose": "curiosity"}),
        ("/drafts", {"kind": "pack", "text": "x"}),
        ("/drafts", {"kind": "notice", "text": "x"}),
        ("/system/delivery/nothing/replay", {}),
    ):
        text = supervisor.post(path, data=typed, headers=HTML).text
        link = text.partition('<div class="who">')[2].partition('href="')[2].partition('"')[0]
        assert "lang=" in link
        assert supervisor.get(link, headers=HTML).status_code in (200, 403), link
