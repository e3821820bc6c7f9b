"""Lists, registers, boards, talks, rules and the catalogue of problems, read over HTTP."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from sla_engine.errors import CATALOGUE
from sla_engine.showing import duties
from sla_engine.showing.duties import Wanted
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.web import client
from tests.web.test_reading_petitions import rows


@pytest.fixture(scope="module")
def api(town: Engine) -> TestClient:
    return client(town, "reviewer", "supervisor")


def test_the_worklist_has_every_open_clock_of_every_open_petition(
    api: TestClient, town: Engine
) -> None:
    found = rows(api, "/v1/worklist?limit=11")
    told = {(row["no"], each["clause"], each["cycle"]) for row in found for each in row["clocks"]}
    expected = {
        (each.stream.split("/", 1)[1], each.clock.clause, each.clock.cycle)
        for each in duties.duties(town, Wanted(), town.clock.now())
        if each.stream.startswith("petition/") and town.row("docket.base", each.stream)["open"]  # type: ignore[index]
    }
    assert told == expected
    assert {row["open"] for row in found} == {True}


def test_a_clock_past_its_due_instant_is_overdue_in_the_worklist(
    api: TestClient, town: Engine
) -> None:
    clocks = [each for row in rows(api, "/v1/worklist") for each in row["clocks"]]
    for each in clocks:
        if each["due"] and each["state"] in ("running", "overdue"):
            late = parse_instant(each["due"]) < town.clock.now()
            assert (each["state"] == "overdue") is late
    assert any(each["state"] == "overdue" for each in clocks)


def test_talks_are_listed_and_each_is_read_by_its_name(api: TestClient, town: Engine) -> None:
    found = rows(api, "/v1/talks?limit=2")
    assert {f"talk/{row['talk']}" for row in found} == set(town.log.streams("talk/"))
    for row in found[:3]:
        talk = api.get(f"/v1/talks/{row['talk']}").json()
        assert talk["no"] == row["talk"]
        assert talk["card"]["unit"] == row["unit"]
        assert talk["timeline"]


def test_talks_of_one_tier_and_of_one_unit(api: TestClient) -> None:
    every = rows(api, "/v1/talks")
    unit = every[0]["unit"]
    assert rows(api, "/v1/talks?tier=1") == [row for row in every if row["tier"] == 1]
    assert rows(api, f"/v1/talks?unit={unit}") == [row for row in every if row["unit"] == unit]


def test_supervision_is_listed_latest_first(api: TestClient, town: Engine) -> None:
    found = rows(api, "/v1/supervision?open=false&limit=13")
    numbers = [row["number"] for row in found]
    assert numbers == sorted(numbers, reverse=True)
    assert len(found) == sum(1 for _ in town.rows("supervision"))


def test_callbacks_are_those_of_the_register(api: TestClient, town: Engine) -> None:
    found = rows(api, "/v1/callbacks?limit=3")
    assert {row["no"] for row in found} == {row["no"] for _, row in town.rows("callbacks")}


def test_a_scorecard_shows_the_counters_behind_every_rate(api: TestClient, town: Engine) -> None:
    pack = next(row["pack"] for _, row in town.rows("petition_card"))
    answer = api.get(f"/v1/scorecard?pack={pack}&from=2024-09-01&to=2024-09-30&by=unit")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["first"], answer.json()["last"]) == ("2024-09-01", "2024-09-30")
    for figure in answer.json()["figures"]:
        assert figure["formula"]["zh"]
        if figure["denominator"]:
            assert 0 <= figure["numerator"] <= figure["denominator"]


def test_a_scorecard_needs_a_pack(api: TestClient) -> None:
    assert api.get("/v1/scorecard").status_code == 422
    assert api.get("/v1/scorecard?pack=nowhere").status_code == 404


@pytest.mark.parametrize("path", ["items", "rounds", "boards", "disputes", "roster"])
def test_registers_in_which_nothing_stands_are_empty_pages(api: TestClient, path: str) -> None:
    assert api.get(f"/v1/{path}").json() == {"rows": [], "next": None, "exhausted": False}


def test_what_is_not_there_is_not_found(api: TestClient) -> None:
    for path in ("items/a/b", "rounds/r", "boards/r", "disputes/d", "talks/u/t"):
        assert api.get(f"/v1/{path}").status_code == 404, path


# ----------------------------------------------------------------------------------------- rules


def test_every_pack_is_listed_and_read_by_name_and_edition(api: TestClient, town: Engine) -> None:
    listed = api.get("/v1/packs").json()["rows"]
    assert len(listed) == len(town.rules.packs)
    for row in listed:
        pack = api.get(f"/v1/packs/{row['name']}/{row['edition']}").json()
        assert {name: pack[name] for name in row} == row
        assert pack["clauses"] or pack["lists"] or pack["series"]


def year(api: TestClient, number: int) -> dict[str, Any]:
    answer = api.get(f"/v1/calendars/CN/{number}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_year_tells_of_every_day_its_kind_and_notice(api: TestClient) -> None:
    found = year(api, 2024)
    assert len(found["days"]) == 366
    by_date = {each["date"]: each for each in found["days"]}
    assert (by_date["2024-10-12"]["works"], by_date["2024-10-12"]["kind"]) == (
        True,
        "makeup_workday",
    )
    assert by_date["2024-10-01"]["notice"]
    assert found["working_days"] == sum(each["works"] for each in found["days"])


def test_a_year_without_a_notice_is_marked_provisional(api: TestClient) -> None:
    assert year(api, 2024)["provisional"] is False
    assert year(api, 2031)["provisional"] is True


def test_a_term_is_reckoned_with_its_working_shown(api: TestClient) -> None:
    asked = {"term": "5个工作日", "from": "2024-09-27T10:00:00+08:00"}
    found = api.get("/v1/calendars/CN/reckon", params=asked).json()
    # 28 and 29 September: a weekend, of which Sunday the 29th works; 1 to 7 October are off.
    assert found["due_date"] == "2024-10-10"
    assert found["provisional"] is False
    assert found["derivation"]
    assert any("国庆" in line for line in found["text_zh"])


def test_working_hours_need_the_office_hours_of_a_pack(api: TestClient) -> None:
    asked = {"term": "4个工作小时", "from": "2024-09-27T16:00:00+08:00"}
    without = api.get("/v1/calendars/CN/reckon", params=asked)
    assert without.status_code == 422
    found = api.get("/v1/calendars/CN/reckon", params={**asked, "pack": "zaozhuang-2110"})
    assert found.status_code == 200, found.text
    assert found.json()["due"] > asked["from"]


@pytest.mark.parametrize(
    "asked",
    [
        {"term": "soon", "from": "2024-09-27T16:00:00+08:00"},
        {"term": "5个工作日", "from": "2024-09-27"},
        {"term": "99999999个工作日", "from": "2024-09-27T16:00:00+08:00"},
    ],
)
def test_a_term_that_cannot_be_read_is_refused(api: TestClient, asked: dict[str, str]) -> None:
    assert api.get("/v1/calendars/CN/reckon", params=asked).status_code == 422


# ------------------------------------------------------------------------------------- problems


def test_every_type_of_problem_has_a_page_for_anybody(town: Engine) -> None:
    nobody = client(town)
    listed = nobody.get("/problems").json()["problems"]
    assert [each["code"] for each in listed] == sorted(CATALOGUE)
    refused = nobody.get("/v1/petitions").json()
    told = nobody.get(refused["type"]).json()
    assert told["code"] == refused["code"] == "NOT_KNOWN"
    page = nobody.get(refused["type"], headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert CATALOGUE["NOT_KNOWN"].zh in page.text
    assert nobody.get("/problems/NOT_KNOWN").status_code == 404
