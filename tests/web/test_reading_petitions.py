"""Petitions read over HTTP: as the command line tells them, on two time axes, one's own alone."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from sla_engine.access.events import SubjectRead
from sla_engine.checker.__main__ import main as check
from sla_engine.showing.case import Case
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant, parse_instant
from tests.support.web import BEGIN, END, client, small_city


@pytest.fixture(scope="module")
def api(town: Engine) -> TestClient:
    return client(town, "reviewer", "supervisor", "intake")


@pytest.fixture(scope="module")
def numbers(town: Engine) -> list[str]:
    return [row["no"] for _, row in town.rows("petition_card")]


@pytest.fixture(scope="module")
def busy(town: Engine, numbers: list[str]) -> str:
    """The petition with the longest story."""
    return max(numbers, key=lambda no: len(town.events(f"petition/{no}")))


def rows(api: TestClient, address: str) -> list[dict[str, Any]]:
    """Every row of a list, page after page along its links."""
    found, following = [], address
    while following:
        answer = api.get(following)
        assert answer.status_code == 200, answer.text
        found += answer.json()["rows"]
        following = answer.links.get("next", {}).get("url", "")
    return found


def test_pages_put_together_are_all_petitions_newest_first(
    api: TestClient, numbers: list[str]
) -> None:
    found = rows(api, "/v1/petitions?limit=7")
    assert sorted(row["no"] for row in found) == sorted(numbers)
    registered = [parse_instant(row["registered_at"]) for row in found]
    assert registered == sorted(registered, reverse=True)


def test_the_docket_of_what_is_due_has_the_most_overdue_first(api: TestClient) -> None:
    dues = [row["due"] for row in rows(api, "/v1/petitions?order=due&limit=9") if row["due"]]
    assert dues
    assert dues == sorted(dues)
    assert rows(api, "/v1/petitions?order=due&card=red") == [
        row for row in rows(api, "/v1/petitions?order=due") if row["card"] == "red"
    ]


def test_the_centre_has_what_it_has_still_to_do(town: Engine, api: TestClient) -> None:
    found = rows(api, "/v1/petitions?order=due&unit=-")
    assert found
    for row in found:
        clocks = town.assess(f"petition/{row['no']}").readings
        own = [each for each in clocks if each.unit == "" and each.cycle.end is None]
        dues = [each.due for each in own if each.due is not None and not each.clause.lapses]
        assert dues or not row["unit"]
        assert row["due"] == (format_instant(min(dues)) if dues else None)
    assert any(row["unit"] for row in found), "a callback is owed for what a unit has resolved"


def test_a_cursor_of_another_list_is_refused(api: TestClient) -> None:
    cursor = api.get("/v1/petitions?limit=1").json()["next"]
    answer = api.get(f"/v1/talks?cursor={cursor}")
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/cursor-wrong"


@pytest.mark.parametrize(
    "address",
    ["petitions/%00", "petitions?number=%00", "petitions?unit=a%00b", "roster?region=%00"],
)
def test_a_null_character_never_reaches_a_database(api: TestClient, address: str) -> None:
    answer = api.get(f"/v1/{address}")
    assert (answer.status_code, answer.json()["code"]) == (422, "TEXT_UNSTORABLE")


def test_a_cursor_with_a_null_character_is_refused(api: TestClient) -> None:
    cursor = urlsafe_b64encode(b"new|*|\0").decode()
    assert api.get(f"/v1/petitions?cursor={cursor}").status_code == 400


@pytest.mark.parametrize("limit", ["0", "201", "many"])
def test_a_page_has_bounds(api: TestClient, limit: str) -> None:
    answer = api.get(f"/v1/petitions?limit={limit}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].endswith("limit")


def test_a_petition_is_told_as_the_command_line_tells_it(
    api: TestClient, town: Engine, busy: str
) -> None:
    expected = json.loads(json.dumps(Case.open(town, busy, None).document()))
    assert api.get(f"/v1/petitions/{busy}/timeline").json() == expected
    summary = api.get(f"/v1/petitions/{busy}").json()
    assert summary == {name: expected[name] for name in expected if name != "timeline"}


def test_the_version_is_the_etag_and_saves_the_answer(
    api: TestClient, town: Engine, busy: str
) -> None:
    answer = api.get(f"/v1/petitions/{busy}")
    assert answer.headers["etag"] == f'"{len(town.events(f"petition/{busy}"))}"'
    for known in (answer.headers["etag"], f'"0", {answer.headers["etag"]}', "*"):
        again = api.get(f"/v1/petitions/{busy}", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    other = api.get(f"/v1/petitions/{busy}", headers={"If-None-Match": '"0"'})
    assert other.status_code == 200


def test_as_known_then_shows_no_more_than_was_recorded_and_judges_at_that_instant(
    api: TestClient, town: Engine, busy: str
) -> None:
    events = town.events(f"petition/{busy}")
    for each in events[:: max(1, len(events) // 5)]:
        at = format_instant(each.meta.recorded_at)
        answer = api.get(f"/v1/petitions/{busy}/timeline", params={"known_at": at}).json()
        known = [e for e in events if e.meta.recorded_at <= each.meta.recorded_at]
        assert len(answer["timeline"]) == answer["version"] == len(known)
        assert answer["at"] == answer["as_known"] == at


def test_as_corrected_judges_then_by_all_that_is_known_now(
    api: TestClient, town: Engine, busy: str
) -> None:
    at = format_instant((BEGIN + END) // 2)
    answer = api.get(f"/v1/petitions/{busy}/timeline", params={"judged_at": at}).json()
    assert (answer["at"], answer["as_known"]) == (at, None)
    assert len(answer["timeline"]) == len(town.events(f"petition/{busy}"))


def test_before_the_first_record_there_is_nothing(api: TestClient, busy: str) -> None:
    early = format_instant(BEGIN - 86_400_000_000)
    answer = api.get(f"/v1/petitions/{busy}/timeline", params={"known_at": early})
    assert answer.status_code == 404
    assert answer.json()["code"] == "NOTHING_KNOWN"


def test_every_clock_says_why_as_data_and_in_both_languages(api: TestClient, busy: str) -> None:
    clocks = api.get(f"/v1/petitions/{busy}/clocks").json()["clocks"]
    assert clocks
    for clock in clocks:
        path = f"/v1/petitions/{busy}/clocks/{clock['clause']}/{quote(clock['cycle'], safe='')}/why"
        why = api.get(path).json()
        assert {name: why[name] for name in clock} == clock
        assert why["derivation"][0]["step"]
        assert why["text_zh"]
        assert why["text_en"]
        assert why["text_zh"] != why["text_en"]


def test_a_clock_that_is_not_there_is_told_with_those_that_are(api: TestClient, busy: str) -> None:
    answer = api.get(f"/v1/petitions/{busy}/clocks/none/1/why", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "there are:" in answer.json()["detail"]


def test_the_case_satisfies_the_independent_checker(
    api: TestClient, busy: str, tmp_path: Any
) -> None:
    file = tmp_path / "case.json"
    file.write_bytes(api.get(f"/v1/petitions/{busy}/case").content)
    assert check([str(file)]) == 0


@pytest.mark.parametrize(
    ("form", "kind", "mark"),
    [
        ("json", "application/json", '"document":"progress"'),
        ("html", "text/html", "<html"),
        ("md", "text/markdown", "办理进度"),
    ],
)
def test_a_document_comes_as_data_as_a_page_and_as_markdown(
    api: TestClient, busy: str, form: str, kind: str, mark: str
) -> None:
    answer = api.get(f"/v1/petitions/{busy}/documents/progress?format={form}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert mark in answer.text


def test_a_document_that_is_not_about_a_petition_is_not_there(api: TestClient, busy: str) -> None:
    for name in ("circular", "nonsense"):
        assert api.get(f"/v1/petitions/{busy}/documents/{name}").status_code == 404


def test_messagepack_says_the_same(api: TestClient, busy: str) -> None:
    import msgspec

    packed = api.get(f"/v1/petitions/{busy}", headers={"Accept": "application/msgpack"})
    assert packed.headers["content-type"] == "application/msgpack"
    assert msgspec.msgpack.decode(packed.content) == api.get(f"/v1/petitions/{busy}").json()


# ------------------------------------------------------------------------------------- own unit


@pytest.fixture(scope="module")
def mine(town: Engine) -> tuple[TestClient, str, list[str], list[str]]:
    """A handler, their unit, its petitions and everybody else's."""
    held = [(row["no"], row["unit"]) for _, row in town.rows("petition_card") if row["unit"]]
    unit = held[0][1]
    theirs = [no for no, whose in held if whose == unit]
    others = [no for no, whose in held if whose != unit]
    return client(town, "handler", unit=unit), unit, theirs, others


_PARTS = ("", "/timeline", "/clocks", "/case", "/documents/progress", "/personal")


def test_a_handler_sees_their_units_petitions_and_no_trace_of_others(
    town: Engine, mine: tuple[TestClient, str, list[str], list[str]]
) -> None:
    handler, unit, theirs, others = mine
    found = {row["no"] for row in rows(handler, "/v1/petitions")}
    assert found == set(theirs)
    assert {row["unit"] for row in rows(handler, "/v1/worklist")} <= {unit}
    lanes = {
        no: {lane.unit for lane in town.assess(f"petition/{no}").chronicle.lanes.all.values()}
        for no in others
    }
    for no in [no for no in others if unit not in lanes[no]][:3]:
        nothing = handler.get("/v1/petitions/no-such-number")
        for part in _PARTS:
            answer = handler.get(f"/v1/petitions/{no}{part}")
            assert answer.status_code == 404
            assert answer.json()["code"] == nothing.json()["code"] == "UNKNOWN_DOSSIER"
    for part in _PARTS:
        assert handler.get(f"/v1/petitions/{theirs[0]}{part}").status_code == 200


def test_a_handler_who_asks_for_another_units_list_is_told_so(
    mine: tuple[TestClient, str, list[str], list[str]],
) -> None:
    handler = mine[0]
    for path in ("petitions", "worklist", "items", "talks", "supervision", "callbacks"):
        answer = handler.get(f"/v1/{path}?unit=somebody-else")
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_YOURS")
        answer = handler.get(f"/v1/{path}?unit=-")
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_YOURS")


# --------------------------------------------------------------------------------- personal data

NAME, PHONE = "张三丰", "13912345678"


@pytest.fixture
def personal() -> Iterator[tuple[Engine, str]]:
    """A city of which one petitioner has left a name and a number."""
    with small_city(3) as engine:
        no = next(row["no"] for _, row in engine.rows("petition_card"))
        subject = engine.dossier(f"petition/{no}").opening.event.petitioner  # type: ignore[attr-defined]
        with engine.log.transact() as tx:
            tx.keep_personal(subject, {"name": NAME, "phone": PHONE})
        yield engine, no


def readings(engine: Engine) -> list[SubjectRead]:
    return [each.event for each in engine.log.scan() if isinstance(each.event, SubjectRead)]


def test_without_a_purpose_personal_data_is_starred_out_and_nothing_is_recorded(
    personal: tuple[Engine, str],
) -> None:
    engine, no = personal
    answer = client(engine, "supervisor").get(f"/v1/petitions/{no}/personal").json()
    assert answer["masked"] is True
    assert answer["fields"]["name"] == "张**"
    assert PHONE not in answer["fields"]["phone"]
    assert readings(engine) == []


def test_with_a_purpose_it_is_shown_and_the_reading_is_recorded(
    personal: tuple[Engine, str],
) -> None:
    engine, no = personal
    answer = client(engine, "supervisor").get(f"/v1/petitions/{no}/personal?purpose=callback")
    assert answer.json()["fields"] == {"name": NAME, "phone": PHONE}
    assert answer.headers["cache-control"] == "no-store"
    (read,) = readings(engine)
    assert (read.petition, read.purpose, read.fields) == (no, "callback", ("name", "phone"))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"accept": "text/html,*/*;q=0.8"}, 403),
        ({"accept": "text/html", "referer": "https://evil.example/testserver"}, 403),
        ({"accept": "text/html", "referer": "http://testserver/petitions"}, 200),
        ({"sec-fetch-site": "same-origin", "accept": "text/html"}, 200),
        ({"accept": "application/json"}, 200),
    ],
)
def test_nobody_reads_personal_data_by_following_a_link(
    personal: tuple[Engine, str], headers: dict[str, str], expected: int
) -> None:
    engine, no = personal
    there = client(engine, "supervisor")
    for method in ("GET", "HEAD"):
        address = f"/v1/petitions/{no}/personal?purpose=law"
        answer = there.request(method, address, headers=headers)
        assert answer.status_code == expected
    assert bool(readings(engine)) == (expected == 200)


def test_the_petitioners_reference_is_for_those_who_may_read_of_the_petitioner(
    personal: tuple[Engine, str],
) -> None:
    engine, no = personal
    unit = engine.assess(f"petition/{no}").chronicle.lanes.current
    assert unit is not None
    subject = engine.dossier(f"petition/{no}").opening.event.petitioner  # type: ignore[attr-defined]
    key = client(engine, "reviewer", person=False)
    for who, told in (
        (key, False),
        (client(engine, "reviewer"), False),
        (client(engine, "intake"), False),
        (client(engine, "supervisor"), True),
        (client(engine, "handler", unit=unit.unit), True),
    ):
        for part in ("", "/timeline", "/clocks", "/case"):
            answer = who.get(f"/v1/petitions/{no}{part}")
            assert answer.status_code == 200
            reference = subject in answer.text.replace(f'"{no}"', "")
            # A part without the registration names nobody, but the card does.
            assert reference == told, part


def test_a_purpose_that_there_is_not_shows_nothing(personal: tuple[Engine, str]) -> None:
    engine, no = personal
    answer = client(engine, "supervisor").get(f"/v1/petitions/{no}/personal?purpose=curiosity")
    assert answer.status_code == 422
    assert readings(engine) == []


def test_no_other_answer_holds_personal_data(personal: tuple[Engine, str]) -> None:
    engine, no = personal
    reviewer = client(engine, "reviewer", "supervisor")
    parts = ("", "/timeline", "/clocks", "/case", "/documents/progress?format=html", "/replay")
    for part in parts:
        text = reviewer.get(f"/v1/petitions/{no}{part}").text
        assert NAME not in text
        assert PHONE not in text
