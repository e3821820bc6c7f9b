"""What somebody who means ill tries: under another's name, in another unit, after their rights have
gone, with more than anybody can hold."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from sla_engine.errors import Fault, Unavailable
from sla_engine.record import Draft, Meta
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.web.api import stream as streaming
from sla_engine.web.app import create_app
from sla_engine.web.broadcast import STREAMS_FULL
from sla_engine.web.console.petitions import _written
from sla_engine.web.doorkeeper import Doorkeeper
from sla_engine.web.gate import Visitor
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.access import HERE, a_key, browser, later, signed_in, staffed
from tests.support.delivery import engine_at
from tests.support.web import Fixed, client, house_over, submitting, visitor

DATA = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}
AT = "2024-09-13T08:40:00+08:00"
NOW = parse_instant("2024-09-13T09:00:00+08:00")
HTML = {"accept": "text/html"}


def fact(type_: str, id_: str, **data: Any) -> dict[str, Any]:
    return {"petition": "P1", "type": type_, "id": id_, "source": "12345", "at": AT, "data": data}


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A petition that U1 had and U2 has now."""
    with engine_at(NOW) as engine:
        engine.take([
            parse({**fact("registered", "e1", **DATA), "personal": {"phone": "13912345678"}}),
            parse(fact("admitted", "e2")),
            parse(fact("dispatched", "e3", unit="U1", assignment="A1")),
            parse(fact("dispatched", "e4", unit="U2", assignment="A2", replaces="A1")),
        ])  # fmt: skip
        engine.follow()
        yield engine


@pytest.fixture
def town_hall() -> Iterator[Engine]:
    with staffed() as engine:
        yield engine


# ----------------------------------------------------------------------------- under another's name


@pytest.mark.parametrize("claim", [{"by": "somebody"}, {"role": "reviewer"}])
def test_nobody_signs_with_another_s_name(engine: Engine, claim: dict[str, str]) -> None:
    body = {"type": "closed", **claim}
    headers = {"Idempotency-Key": "k", "If-Match": '"4"'}
    answer = client(engine, "supervisor").post("/v1/petitions/P1/facts", json=body, headers=headers)
    assert answer.status_code == 422
    assert {each["pointer"] for each in answer.json()["errors"]} == {f"/{name}" for name in claim}


def test_what_a_person_sends_in_a_batch_is_theirs_too(engine: Engine) -> None:
    sent = {**fact("registered", "mine", **DATA), "petition": "P2"}
    del sent["source"]
    assert client(engine, "intake").post("/v1/facts", json=[sent]).json()["recorded"] == 1
    (recorded,) = engine.events("petition/P2")
    assert (recorded.meta.actor, recorded.meta.role) == ("intake", "intake")


@pytest.mark.parametrize("source", ["console:supervisor", "machine", " console:x"])
def test_no_gateway_passes_on_what_only_the_console_says(engine: Engine, source: str) -> None:
    who = visitor("intake", person=False)
    wide = msgspec.structs.replace(who, permissions=who.permissions | {"facts:any-source"})
    gateway = TestClient(create_app(House(engine, submitting(engine), Fixed(wide))))
    answer = gateway.post("/v1/facts", json={**fact("closed", "k"), "source": source})
    assert (answer.status_code, answer.json()["code"]) == (403, "SOURCE_NOT_YOURS")


def dispute(**data: Any) -> dict[str, Any]:
    asked = {"pack": "disputes-generic", "kind": "review", "claim": "not_late", "clause": "x"}
    return {"type": "opened", "data": {**asked, "subject": "petition/P1", **data}}


def test_whoever_filed_a_dispute_does_not_rule_on_it_by_the_api(engine: Engine) -> None:
    both = client(engine, "supervisor", "reviewer")
    source = "console:supervisor-reviewer"
    said = {"dispute": "D1", "id": "d", "source": source, "at": AT}
    opened = parse({**dispute(claimant="U2"), **said})
    with engine.log.transact() as tx:
        meta = Meta(occurred_at=NOW, recorded_at=NOW, source=source, key="d", actor="a title")
        tx.append("dispute/D1", 0, [Draft(meta, opened.event)])
    for type_, data in (
        ("admitted", {"approver": "x"}),
        ("refused", {"approver": "x", "ground": "late"}),
        ("ruled", {"outcome": "upheld", "ruler": "x", "document": "R", "verdict": "met"}),
    ):
        headers = {"Idempotency-Key": type_, "If-Match": '"1"'}
        answer = both.post(
            "/v1/disputes/D1/facts", json={"type": type_, "data": data}, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "RULED_BY_FILER")


# ---------------------------------------------------------------------------------- another's unit


def test_a_unit_disputes_nothing_that_it_never_had(engine: Engine) -> None:
    stranger = client(engine, "handler", unit="U9")
    headers = {"Idempotency-Key": "d"}
    answer = stranger.post("/v1/disputes/D1/facts", json=dispute(claimant="U9"), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_YOURS")
    page = stranger.get("/disputes/new?petition=P1", headers=HTML).text
    none = stranger.get("/disputes/new?petition=P7", headers=HTML).text
    assert page.replace("P1", "P7") == none


@pytest.mark.parametrize("type_", ["accepted", "resolved", "return_requested"])
def test_a_unit_that_had_a_petition_does_nothing_to_it(engine: Engine, type_: str) -> None:
    reason = {"reason": "x"} if type_ == "return_requested" else {}
    body = {"type": type_, "data": {"assignment": "A1", **reason}}
    headers = {"Idempotency-Key": "k", "If-Match": '"4"'}
    handler = client(engine, "handler", unit="U1")
    answer = handler.post("/v1/petitions/P1/facts", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_YOURS")


def test_a_unit_that_had_a_petition_sees_nobody_s_data_in_it(engine: Engine) -> None:
    before = client(engine, "handler", unit="U1").get("/petitions/P1", headers=HTML)
    now = client(engine, "handler", unit="U2").get("/petitions/P1", headers=HTML)
    assert (before.status_code, now.status_code) == (200, 200)
    assert "139****5678" in now.text
    assert "5678" not in before.text


_READ = ("", "/timeline", "/clocks", "/case", "/documents/progress")


def test_a_unit_that_had_a_petition_reads_it_at_the_screen_and_by_the_api(engine: Engine) -> None:
    for unit, status in (("U1", 200), ("U2", 200), ("U9", 404)):
        handler = client(engine, "handler", unit=unit)
        screens = [
            handler.get(path, headers=HTML).status_code
            for path in ("/petitions/P1", "/documents/service-card/P1")
        ]
        answers = [handler.get(f"/v1/petitions/P1{part}").status_code for part in _READ]
        assert {*screens, *answers} == {status}, unit


def test_what_is_another_unit_s_is_told_like_what_is_nowhere(engine: Engine) -> None:
    stranger = client(engine, "handler", unit="U9")
    for path in ("/petitions/{}", "/v1/petitions/{}", "/documents/service-card/{}"):
        theirs, nothing = (stranger.get(path.format(no)) for no in ("P1", "P7"))
        assert theirs.text.replace("P1", "P7") == nothing.text, path
        assert (theirs.status_code, nothing.status_code) == (404, 404), path


def test_a_unit_that_had_a_petition_is_told_nothing_of_the_person(engine: Engine) -> None:
    before, now = (client(engine, "handler", unit=unit) for unit in ("U1", "U2"))
    path = "/v1/petitions/P1/personal"
    assert now.get(path).json()["fields"] == {"phone": "139****5678"}
    assert before.get(path).json()["fields"] == {}
    answer = before.get(f"{path}?purpose=callback")
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_YOURS")
    assert now.get(f"{path}?purpose=callback").json()["fields"] == {"phone": "13912345678"}


def test_a_petition_tells_of_talks_only_whoever_may_read_them(engine: Engine) -> None:
    talk = {"talk": "U2/T1", "type": "proposed", "id": "t", "source": "12345", "at": AT, "data": {
        "pack": "zaozhuang-2110", "region": "CN-3704", "unit": "U2", "tier": 1,
        "causes": ["x"], "petitions": ["P1"],
    }}  # fmt: skip
    (outcome,) = engine.take([parse(talk)])
    assert outcome.status == "recorded"
    engine.follow()
    told = {
        role + unit: "U2/T1" in client(engine, role, unit=unit).get("/petitions/P1").text
        for role, unit in (
            ("supervisor", ""), ("handler", "U2"), ("handler", "U1"), ("intake", ""),
        )
    }  # fmt: skip
    assert told == {"supervisor": True, "handlerU2": True, "handlerU1": False, "intake": False}


def test_whoever_may_run_no_replays_any_more_has_no_results_of_them(engine: Engine) -> None:
    assert client(engine, "handler", unit="U1").get("/tasks").status_code == 403
    assert client(engine, "reviewer").get("/tasks").status_code == 200


# ------------------------------------------------------------------------- when rights have gone


def request_of(cookie: str = "", key: str = "") -> Request:
    headers = [(b"cookie", f"session={cookie}".encode())] if cookie else []
    headers += [(b"x-api-key", key.encode())] if key else []
    return Request({"type": "http", "headers": headers, "client": ("10.1.2.3", 1)})


def test_a_listener_is_known_no_more_when_the_rights_have_gone(town_hall: Engine) -> None:
    engine = town_hall
    keeper = Doorkeeper(engine.access, engine.settings)
    by_cookie = request_of(signed_in(engine, "supervisor").cookies["session"])
    issued = a_key(engine, "petition:read")
    by_key = request_of(key=issued.text)
    who, system = keeper.visitor(by_cookie), keeper.visitor(by_key)
    assert keeper.still(by_cookie, who)
    assert keeper.still(by_key, system)
    engine.access.registrar.close("supervisor", "", HERE)
    engine.access.registrar.revoke(issued.id, "", HERE)
    assert not keeper.still(by_cookie, who)
    assert not keeper.still(by_key, system)


def test_to_listen_is_no_sign_of_life(town_hall: Engine) -> None:
    keeper = Doorkeeper(town_hall.access, town_hall.settings)
    request = request_of(signed_in(town_hall, "supervisor").cookies["session"])
    who = keeper.visitor(request)
    for _ in range(3):
        later(town_hall, 599)
        assert keeper.still(request, who)
    later(town_hall, 10)
    assert not keeper.still(request, who)


class Failing(Fixed):
    """Knows nothing while the store is away."""

    away = False

    def still(self, request: Request, visitor: Visitor) -> bool:
        if self.away:
            raise Unavailable(Fault(STREAMS_FULL))
        return super().still(request, visitor)


def test_a_stream_ends_with_the_rights_of_its_listener(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "_TRUST_S", 0.0)
    who = visitor("supervisor")
    access = Failing(who)
    house = House(engine, submitting(engine), access)
    wish = streaming._wish(house, who, "", "")

    async def parts() -> AsyncGenerator[bytes, None]:
        for _ in range(9):
            yield b"x"

    async def lived() -> int:
        heard = 0
        async for _ in streaming._watched(request_of(), wish, parts()):
            heard += 1
            access.away = heard == 1
            assert house.broadcast.seats[who.name] == 1
            if heard == 3:
                access.who = visitor("intake")
        return heard

    assert asyncio.run(lived()) == 3
    assert house.broadcast.seats.total() == 0


def test_nobody_takes_all_the_streams(engine: Engine) -> None:
    engine.settings = Settings(streams_limit=8)
    house = house_over(engine, visitor("supervisor"))
    house.broadcast.seats["supervisor"] = 2
    app = TestClient(create_app(house))
    answer = app.get("/v1/events", headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.json()["code"]) == (503, "STREAMS_FULL")


# ------------------------------------------------------------------------- more than can be held


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/login", "application/x-www-form-urlencoded"),
        ("/track", "application/x-www-form-urlencoded"),
        ("/v1/jobs/whatif", "application/json"),
        ("/drafts", "multipart/form-data; boundary=b"),
    ],
)
def test_a_body_is_not_read_beyond_the_limit(town_hall: Engine, path: str, kind: str) -> None:
    town_hall.settings = Settings(body_limit=10_000)
    parts = [b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n']
    parts = [*(parts if "multipart" in kind else ()), *[b"x" * 1_000] * 100]
    left, said = iter(parts), list[Any]()

    async def receive() -> dict[str, Any]:
        part = next(left, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": [(b"content-type", kind.encode())], "scheme": "http",
        "client": ("10.1.2.3", 1), "server": ("testserver", 80),
    }  # fmt: skip
    app: Any = browser(town_hall).app
    asyncio.run(app(scope, receive, send))
    assert said[0]["status"] == 413
    assert next(left, None) is not None


@pytest.mark.parametrize(
    "path",
    [
        f"/petitions/P1?step={'9' * 5_000}",
        "/petitions/P1?known_at=0001-01-01T00:00",
        "/reconciliation?month=9999-12",
        "/reconciliation?month=0001-01",
    ],
)
def test_a_number_beyond_all_counting_is_refused(engine: Engine, path: str) -> None:
    assert client(engine, "supervisor").get(path, headers=HTML).status_code in (200, 422)


@pytest.mark.parametrize("wrong", [{"seen": "9" * 5_000}, {"at": "0001-01-01T00:00"}])
def test_a_form_with_such_a_number_is_given_back(engine: Engine, wrong: dict[str, str]) -> None:
    form = {"seen": "4", "key": "k", **wrong}
    answer = client(engine, "supervisor").post("/petitions/P1/record/closed", data=form)
    assert answer.status_code == 422


def test_a_view_keeps_filters_and_no_more(engine: Engine) -> None:
    form = {"name": "all", "query": f"unit={'x' * 5_000}"}
    assert client(engine, "supervisor").post("/petitions/views", data=form).status_code == 422


# --------------------------------------------------------------------------------- what is answered


def test_a_fault_in_the_program_is_told_with_the_same_guards(
    town_hall: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError

    there = browser(town_hall)
    monkeypatch.setattr(town_hall.access.doors, "enter", fails)
    careless = TestClient(there.app, raise_server_exceptions=False, headers=HTML)
    answer = careless.post("/login", data={"name": "x", "password": "y"})
    assert answer.status_code == 500
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_link_of_ours_leads_to_another_site(town_hall: Engine) -> None:
    page = browser(town_hall).get("http://testserver//evil.example/login").text
    assert 'href="//' not in page


@pytest.mark.parametrize("cell", ["=1+1", "＝1+1", "＋1", "－1", "＠x", "@x", "\n=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert _written([[cell]]).decode().lstrip('"').startswith("'")
