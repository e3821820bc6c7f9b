"""Whatever a petition, a talk or a dispute is called, every link to it leads to it."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote

import pytest

from sla_engine.service.intake import parse
from sla_engine.wiring import Engine
from tests.support.desk import PACK, REGION, fact, form_of, office, page
from tests.support.web import client

HTML = {"accept": "text/html"}
NUMBERS = ("鲁访/2026/0012", "A#1", "B?x=1", "50%", "a b&c")
UNIT = "水务局#2?"


@pytest.fixture(scope="module")
def desk() -> Iterator[Engine]:
    traits = {"pack": PACK, "region": REGION, "kind": "投诉", "subject": "enterprise"}
    with office() as engine:
        for no in NUMBERS:
            for type_, at, data in (
                ("registered", "02T09:00", traits),
                ("admitted", "02T09:10", {}),
                ("dispatched", "02T09:30", {"unit": UNIT, "assignment": "a1"}),
            ):
                (outcome,) = engine.take([parse(fact(f"petition/{no}", type_, at, **data))])
                assert not outcome.faults, outcome
        talk = {"pack": PACK, "region": REGION, "unit": UNIT, "tier": 1, "causes": ["多次推诿"]}
        engine.take([parse(fact(f"talk/{UNIT}/t2", "proposed", "02T09:40", **talk))])
        yield engine


@pytest.mark.parametrize("no", NUMBERS)
@pytest.mark.parametrize(
    "part",
    ["", "/timeline", "/clocks", "/case", "/documents/progress", "/personal", "/replay",
     "/tracking-code"],
)  # fmt: skip
@pytest.mark.parametrize("safe", ["/", ""])
def test_the_api_answers_for_every_number(desk: Engine, no: str, part: str, safe: str) -> None:
    there = client(desk, "supervisor", "intake")
    answer = there.get(f"/v1/petitions/{quote(no, safe=safe)}{part}")
    assert (answer.status_code, answer.json().get("no", no)) == (200, no)


@pytest.mark.parametrize("no", NUMBERS)
def test_why_a_clock_is_due_is_told_for_every_number(desk: Engine, no: str) -> None:
    there = client(desk, "supervisor")
    clock = there.get(f"/v1/petitions/{quote(no)}/clocks").json()["clocks"][0]
    path = f"/v1/petitions/{quote(no)}/clocks/{clock['clause']}/{clock['cycle']}/why"
    assert there.get(path).json()["clause"] == clock["clause"]


def test_the_list_is_the_list_with_a_slash_behind_it(desk: Engine) -> None:
    for path in ("/v1/petitions/", "/petitions/"):
        answer = client(desk, "supervisor").get(path, headers=HTML)
        assert answer.status_code == 307


def _links(html: str) -> set[str]:
    found = map(unescape, re.findall(r'(?:href|action)="(/[^"]*)"', html))
    return {each for each in found if not each.startswith("/static")}


@pytest.mark.parametrize("path", ["/", "/petitions", "/talks", "/talks/register"])
def test_every_link_of_a_list_leads_somewhere(desk: Engine, path: str) -> None:
    there = client(desk, "supervisor")
    links = {each for each in _links(page(there, path)) if re.match("/(petitions|talks)/", each)}
    for link in links - {"/petitions/views", "/petitions/views/drop"}:
        headers = {**HTML, "referer": f"http://testserver{path}"}
        assert there.get(link, headers=headers).status_code == 200, link
    if path == "/petitions":
        assert {f"/petitions/{quote(no)}" for no in NUMBERS} <= links


@pytest.mark.parametrize("no", NUMBERS)
def test_the_page_of_every_number_leads_on(desk: Engine, no: str) -> None:
    there = client(desk, "supervisor")
    html = page(there, f"/petitions/{quote(no)}")
    links = {each for each in _links(html) if quote(no) in each or quote(no, safe="") in each}
    assert len(links) > 5
    for link in links:
        posts = "/record/" in link or link.endswith("/personal")
        answer = there.post(link, headers=HTML) if posts else there.get(link, headers=HTML)
        assert answer.status_code in ((422, 200) if posts else (200,)), link


@pytest.mark.parametrize(
    ("address", "type_", "data"),
    [
        (f"/petitions/{quote(NUMBERS[0])}", "suspended", {"ground": "P-TEST"}),
        (f"/talks/{quote(UNIT)}/t2", "approved", {"approver": "督办员"}),
    ],
)
def test_a_form_that_is_refused_is_filled_in_again_whatever_its_dossier_is_called(
    desk: Engine, address: str, type_: str, data: dict[str, str]
) -> None:
    there = client(desk, "supervisor")
    form = form_of(page(there, address), type_)
    typed = {**form, "at": "gestern"}
    answer = there.post(f"{address}/record/{type_}", data=typed, headers=HTML)
    assert answer.status_code == 422
    assert "这里已没有这张表单" not in answer.text
    assert "aria-invalid" in answer.text
    sent = there.post(f"{address}/record/{type_}", data={**form, **data}, headers=HTML)
    assert sent.status_code == 303, sent.text
    assert there.get(sent.headers["location"], headers=HTML).status_code == 200
