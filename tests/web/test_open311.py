"""GeoReport v2 against the text of the standard and a client of another's making."""

from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from georeport import GeoReport  # type: ignore[import-untyped]
from starlette.requests import Request
from starlette.testclient import TestClient

from sla_engine.clock import VirtualClock
from sla_engine.serving.endpoint import Endpoint
from sla_engine.settings import Settings
from sla_engine.store.application import open_memory
from sla_engine.web.app import create_app
from sla_engine.web.gate import NOBODY, Visitor
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import RULES
from tests.support.web import Fixed, submitting, visitor

NOW = parse_instant("2024-10-21T09:30:00+08:00")
DAY = 86_400_000_000
KEY = "k-311"
WORDS = {
    "service_code": "投诉",
    "address_string": "光明路 1 号 2 单元 301",
    "description": "路灯不亮 & <夜里> 很黑",
    "first_name": "三",
    "last_name": "张",
    "phone": "13912345678",
    "email": "zhang@example.org",
}


class Keys(Fixed):
    """Knows one key."""

    def __init__(self) -> None:
        super().__init__(NOBODY)

    def visitor(self, request: Request) -> Visitor:
        known = request.headers.get("x-api-key") == KEY
        return visitor("intake", person=False) if known else NOBODY


@pytest.fixture
def engine() -> Iterator[Engine]:
    log = open_memory(make_secret=lambda: b"\0" * 32)
    settings = Settings(tolerance_s=0, open311="hotline-12345-generic")
    engine = Engine(log, VirtualClock(NOW), settings, RULES)
    yield engine
    engine.close()


@pytest.fixture
def http(engine: Engine) -> TestClient:
    return TestClient(create_app(House(engine, submitting(engine), Keys())))


def later(engine: Engine, micros: int) -> None:
    assert isinstance(engine.clock, VirtualClock)
    engine.clock.set(engine.clock.now() + micros)


def created(http: TestClient, form: str = "json", **more: str) -> str:
    answer = http.post(f"/open311/v2/requests.{form}", data={"api_key": KEY, **WORDS, **more})
    assert answer.status_code == 201, answer.text
    if form == "json":
        return str(answer.json()[0]["service_request_id"])
    return text(ElementTree.fromstring(answer.content), "request/service_request_id")


def text(root: ElementTree.Element, path: str) -> str:
    found = root.find(path)
    assert found is not None, path
    return found.text or ""


def fact(engine: Engine, no: str, name: str, **data: Any) -> None:
    from sla_engine.service.intake import parse
    from sla_engine.worktime import format_instant

    sent = {"type": name, "petition": no, "id": name, "source": "t", "data": data}
    (outcome,) = engine.take([parse({**sent, "at": format_instant(engine.clock.now())})])
    assert outcome.status == "recorded", outcome


def test_it_is_not_there_unless_the_setting_names_a_pack() -> None:
    log = open_memory()
    engine = Engine(log, VirtualClock(NOW), Settings(), RULES)
    http = TestClient(create_app(House(engine, submitting(engine), Keys())))
    assert http.get("/open311/v2/services.json").status_code == 404
    engine.close()


@pytest.mark.parametrize("form", ["json", "xml"])
def test_the_georeport_client_lists_creates_and_queries(
    engine: Engine, http: TestClient, form: str
) -> None:
    first, second = created(http, form), created(http, form, service_code="建议")
    endpoint = Endpoint("127.0.0.1", 0, {})
    endpoint.app = http.app
    endpoint.start()
    try:
        client = GeoReport(f"{endpoint.address}/open311/v2", output_format=form)
        codes = {each["service_code"] for each in client.get_service_list()}
        assert {"投诉", "建议"} <= codes
        assert client.get_service_definition("投诉")["service_code"] == "投诉"
        found = client.get_service_requests(status="open")
        assert {each["service_request_id"] for each in found} == {first, second}
        one = client.get_service_request(second)
        assert one["service_code"] == "建议"
        assert one["requested_datetime"] == "2024-10-21T09:30:00+08:00"
    finally:
        endpoint.stop()


def test_expected_datetime_is_the_due_instant_of_the_clock_that_promises_the_solution(
    engine: Engine, http: TestClient
) -> None:
    no = created(http)
    fact(engine, no, "dispatched", unit="住建局", assignment="a1")
    fact(engine, no, "accepted")
    (told,) = http.get(f"/open311/v2/requests/{no}.json").json()
    solve = next(r for r in engine.assess(f"petition/{no}").readings if r.clause.id == "complaint")
    assert solve.due is not None
    assert parse_instant(told["expected_datetime"]) == solve.due


def test_nothing_of_what_a_person_wrote_is_shown_or_recorded(
    engine: Engine, http: TestClient
) -> None:
    no = created(http, lat="34.8", long="117.3")
    fact(engine, no, "dispatched", unit="住建局", assignment="a1")
    shown = "".join(
        http.get(f"/open311/v2/{path}").text
        for path in (f"requests/{no}.xml", "requests.json", "servicerequestupdates.xml")
    )
    recorded = repr(list(engine.log.scan()))
    for word in ("光明路", "路灯", "张", "139123", "example.org", "34.8"):
        assert word not in shown
        assert word not in recorded
    kept = engine.log.personal(f"of/{no}")
    assert kept["address"] == WORDS["address_string"]
    assert kept["description"] == WORDS["description"]
    assert kept["lat"] == "34.8"


def test_a_petition_that_came_another_way_is_not_there(engine: Engine, http: TestClient) -> None:
    data = {"pack": "hotline-12345-generic", "kind": "投诉", "region": "CN"}
    fact(engine, "ZZ1", "registered", **data)
    assert http.get("/open311/v2/requests.json").json() == []
    for path in ("requests/ZZ1", "tokens/ZZ1", "requests/O311-20241021093000-aaaaaaaaaaaa"):
        assert http.get(f"/open311/v2/{path}.json").status_code == 404


def test_requests_xml_has_the_elements_of_the_standard(http: TestClient) -> None:
    no = created(http, "xml")
    answer = http.get(f"/open311/v2/requests.xml?service_request_id={no}")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "service_requests"
    assert [each.tag for each in root] == ["request"]
    assert [each.tag for each in root[0]] == [
        "service_request_id", "status", "status_notes", "service_name", "service_code",
        "description", "agency_responsible", "service_notice", "requested_datetime",
        "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat",
        "long", "media_url",
    ]  # fmt: skip
    assert text(root, "request/status") == "open"


def test_discovery_names_the_endpoint_and_its_formats(http: TestClient) -> None:
    root = ElementTree.fromstring(http.get("/open311/v2/discovery.xml").content)
    assert root.tag == "discovery"
    assert text(root, "endpoints/endpoint/url").endswith("/open311/v2")
    formats = [each.text for each in root.findall("endpoints/endpoint/formats/format")]
    assert formats == ["text/xml", "application/json"]
    told = http.get("/open311/v2/discovery.json").json()
    assert told["endpoints"][0]["specification"] == text(root, "endpoints/endpoint/specification")


def test_services_xml_has_the_elements_of_the_standard(http: TestClient) -> None:
    root = ElementTree.fromstring(http.get("/open311/v2/services.xml").content)
    assert root.tag == "services"
    assert {each.tag for each in root} == {"service"}
    names = {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}
    assert {each.tag for each in root[0]} == names
    assert text(root, "service/metadata") == "false"


def test_a_token_stands_for_its_request(http: TestClient) -> None:
    no = created(http)
    told = http.get(f"/open311/v2/tokens/{no}.json").json()
    assert told == [{"token": no, "service_request_id": no}]


Wrong = Callable[[TestClient], Any]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (lambda http: http.post("/open311/v2/requests.xml", data=WORDS), 403),
        (lambda http: http.post("/open311/v2/requests.xml", data={**WORDS, "api_key": "no"}), 403),
        (lambda http: http.get("/open311/v2/requests/O311-1.xml"), 404),
        (lambda http: http.get("/open311/v2/services/没有.xml"), 404),
        (lambda http: http.get("/open311/v2/requests.xml?start_date=yesterday"), 400),
        (lambda http: http.get("/open311/v2/requests.xml?start_date=2024-10-01T00:00:00"), 400),
        (
            lambda http: http.get(
                "/open311/v2/requests.xml?start_date=2024-01-01T00:00:00Z"
                "&end_date=2024-10-01T00:00:00Z"
            ),
            400,
        ),
        (
            lambda http: http.post(
                "/open311/v2/requests.xml", data={"api_key": KEY, "service_code": "投诉"}
            ),
            400,
        ),
        (
            lambda http: http.post(
                "/open311/v2/requests.xml",
                data={**WORDS, "api_key": KEY, "description": "字" * 4_001},
            ),
            400,
        ),
    ],
)
def test_whatever_goes_wrong_is_told_as_the_standard_has_it(
    http: TestClient, wrong: Wrong, status: int
) -> None:
    answer = wrong(http)
    assert answer.status_code == status
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "errors"
    assert text(root, "error/code") == str(status)
    assert text(root, "error/description")


def test_errors_come_as_json_where_that_is_asked_for(http: TestClient) -> None:
    answer = http.get("/open311/v2/requests/O311-1.json")
    assert answer.status_code == 404
    assert [sorted(each) for each in answer.json()] == [["code", "description"]]


def test_queries_reach_back_90_days_and_a_number_overrides_all_else(
    engine: Engine, http: TestClient
) -> None:
    old = created(http)
    later(engine, 91 * DAY)
    new = created(http)

    def found(query: str) -> list[str]:
        rows = http.get(f"/open311/v2/requests.json?{query}").json()
        return [row["service_request_id"] for row in rows]

    assert found("") == [new]
    assert found("end_date=2024-10-22T00:00:00%2B08:00") == [old]
    assert found("start_date=2024-10-20T00:00:00Z") == [old]
    assert found(
        f"service_request_id={old},{new}&status=closed&start_date=2030-01-01T00:00:00Z"
    ) == [
        old,
        new,
    ]
    assert found("service_code=建议") == []
    assert found("status=closed") == []
    assert found("status=open,closed") == [new]


def test_updates_are_the_steps_that_a_petitioner_may_follow(
    engine: Engine, http: TestClient
) -> None:
    no = created(http)
    for name, data in (
        ("dispatched", {"unit": "住建局", "assignment": "a1"}),
        ("accepted", {}),
        ("resolved", {}),
    ):
        later(engine, 1_000_000)
        fact(engine, no, name, **data)
    rows = http.get("/open311/v2/servicerequestupdates.json").json()
    assert [row["status"] for row in rows] == ["open", "open", "open", "closed"]
    assert len({row["update_id"] for row in rows}) == 4
    root = ElementTree.fromstring(http.get("/open311/v2/servicerequestupdates.xml").content)
    assert root.tag == "service_requests_updates"
    assert [each.tag for each in root[0]] == [
        "update_id", "service_request_id", "status", "updated_datetime", "description", "media_url",
    ]  # fmt: skip
    since = http.get(
        "/open311/v2/servicerequestupdates.json", params={"start_date": rows[2]["updated_datetime"]}
    )
    assert [row["update_id"] for row in since.json()] == [row["update_id"] for row in rows[2:]]


def updated(http: TestClient, no: str, status: str, id: str = "u1") -> int:
    data = {"api_key": KEY, "service_request_id": no, "update_id": id, "status": status}
    answer = http.post(
        "/open311/v2/servicerequestupdates.xml", data={**data, "description": "谢谢，修好了"}
    )
    return answer.status_code


def test_the_petitioner_may_withdraw_a_request_and_say_whether_it_was_solved(
    engine: Engine, http: TestClient
) -> None:
    withdrawn, solved = created(http), created(http)
    assert updated(http, withdrawn, "CLOSED") == 201
    assert updated(http, withdrawn, "OPEN", "u2") == 400
    fact(engine, solved, "dispatched", unit="住建局", assignment="a1")
    fact(engine, solved, "accepted")
    assert updated(http, solved, "OPEN", "u3") == 400
    fact(engine, solved, "resolved")
    assert updated(http, solved, "OPEN", "u4") == 201
    types = [each.event.NAME for each in engine.events(f"petition/{solved}")]
    assert types[-1] == "rated"
    assert "修好" not in repr(engine.events(f"petition/{solved}"))
    assert engine.log.personal(f"of/{solved}")["update u4"] == "谢谢，修好了"
    (row,) = http.get(f"/open311/v2/requests/{withdrawn}.json").json()
    assert (row["status"], row["status_notes"]) == ("closed", "已撤诉")


def test_a_form_of_too_many_fields_is_refused(http: TestClient) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = http.post("/open311/v2/requests.json", content=b"a&" * 1_000, headers=headers)
    assert answer.status_code == 400
    assert "REQUEST_FIELD" in answer.json()[0]["description"]
