"""A form that is refused comes back with what was typed and every fault beside its field."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.datastructures import FormData
from starlette.testclient import TestClient

from sla_engine.web.app import routers
from sla_engine.web.forms import FormRoute
from sla_engine.web.refill import Sent, refill
from sla_engine.wiring import Engine
from tests.support.access import signed_in, staffed
from tests.support.web import client, house_over

HTML = {"accept": "text/html"}


class Seen(HTMLParser):
    """What stands in the fields of a page, and how they are described."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.wrong: dict[str, str] = {}
        self.ids: set[str] = set()
        self._select = self._text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.ids.add(said.get("id", ""))
        name = said.get("name", "")
        if said.get("aria-invalid") == "true":
            self.wrong[name] = said["aria-describedby"]
        if tag in ("select", "textarea"):
            self._select, self._text = name, name if tag == "textarea" else ""
        ticked = said.get("type") not in ("radio", "checkbox") or "checked" in said
        if tag == "input" and ticked:
            self.values.setdefault(name, []).append(said.get("value", ""))
        if tag == "option" and "selected" in said:
            self.values.setdefault(self._select, []).append(said["value"])

    def handle_data(self, data: str) -> None:
        if self._text:
            self.values.setdefault(self._text, []).append(data.removeprefix("\n"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = ""


@pytest.fixture
def hall() -> Iterator[Engine]:
    with staffed() as engine:
        yield engine


def again(who: TestClient, path: str, **typed: Any) -> tuple[str, Seen]:
    answer = who.post(path, data=typed, headers=HTML)
    assert answer.status_code == 422, answer.text[:500]
    return answer.text, Seen(answer.text)


def test_an_account_that_is_refused_is_asked_for_again_with_what_was_typed(hall: Engine) -> None:
    typed = {"name": "lili", "title": "李<明>", "roles": ["system", "audit"], "unit": "水务局"}
    html, seen = again(signed_in(hall, "system"), "/accounts", **typed)
    for name, value in typed.items():
        assert seen.values[name] == (value if isinstance(value, list) else [value])
    assert set(seen.wrong) >= {"roles"}
    for about in seen.wrong.values():
        assert set(about.split()) <= seen.ids
    assert "三员分立" in html
    assert hall.access.rights.account("lili").state == "new"


def test_the_summary_comes_first_has_the_focus_and_leads_to_each_field(hall: Engine) -> None:
    html, seen = again(
        signed_in(hall, "system"), "/keys", title="", source="x", scopes="facts:append", days="0"
    )
    summary = html[html.index('class="notice notice-bad refused"') : html.index("<h1>")]
    assert 'role="alert" tabindex="-1" autofocus' in summary
    places = re.findall(r'<li><a href="#([^"]+)">', summary)
    assert len(places) >= 1
    assert set(places) <= seen.ids
    assert seen.values["source"] == ["x"]


@pytest.mark.parametrize("field", ["name", "title"])
def test_a_field_left_empty_is_told_as_that_in_both_languages(hall: Engine, field: str) -> None:
    typed = {"name": "li", "title": "李明", "roles": "reviewer", field: ""}
    system = signed_in(hall, "system")
    assert "这一项必须填写" in again(system, "/accounts", **typed)[0]
    html, seen = again(system, "/accounts?lang=en", **typed)
    assert "this has to be filled in" in html
    assert set(seen.wrong) == {field}


def test_a_reason_is_kept_where_several_forms_have_one(hall: Engine) -> None:
    html, _ = again(signed_in(hall, "system"), "/accounts/system/close", reason="调离")
    assert "/accounts/system/close" not in html, "nobody closes their own account"
    assert "这里已没有这张表单" in html
    html, _ = again(signed_in(hall, "security"), "/accounts/intake/approve", request="9")
    assert "没有登记" in html


def test_a_password_that_is_refused_is_never_written_back(hall: Engine) -> None:
    there = signed_in(hall, "intake")
    typed = {"old": "wrong-one-1A", "new": "New-Password-1", "again": "New-Password-1"}
    html, seen = again(there, "/password", **typed)
    assert set(seen.wrong) == {"old"}
    assert not [value for value in typed.values() if value in html]
    assert set(again(there, "/password", **typed | {"again": "x"})[1].wrong) == {"again"}


def test_a_program_is_told_the_problem_alone(hall: Engine) -> None:
    answer = signed_in(hall, "system").post(
        "/accounts", data={"name": "li", "title": "x"}, headers={"accept": "application/json"}
    )
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_dispute_that_is_refused_keeps_its_claim_beside_the_verdicts(town: Engine) -> None:
    no, clock = next(
        (stream.partition("/")[2], "|".join(each.key))
        for stream in town.log.streams("petition/")
        for each in town.assess(stream).readings
        if each.verdict == "late"
    )
    typed = {"petition": no, "clock": clock, "claim": "nonsense", "remedy": "met",
             "document": "文〔2024〕9号", "key": "k"}  # fmt: skip
    html, seen = again(client(town, "supervisor"), "/disputes", **typed)
    assert seen.values["clock"] == [clock]
    assert seen.values["document"] == [typed["document"]]
    assert seen.values["remedy"] == ["met"]
    assert "nonsense" in unescape(html)


def test_a_what_if_that_is_refused_keeps_what_was_pasted(town: Engine) -> None:
    typed = {"since": "2024-09-01", "pack_text": "[pack]\nname = <nothing>", "notice_text": ""}
    _, seen = again(client(town, "reviewer"), "/whatif", **typed)
    assert seen.values["pack_text"] == [typed["pack_text"]]
    assert seen.values["since"] == ["2024-09-01"]


def test_an_upload_that_cannot_be_read_leads_back_to_its_form(hall: Engine) -> None:
    files = {"file": ("x.toml", b"\xff\xfe", "application/toml")}
    for kind, title in (("notice", "工作日历"), ("pack", "政策包")):
        answer = client(hall, "supervisor").post(
            "/drafts", data={"kind": kind}, files=files, headers=HTML
        )
        assert answer.status_code == 422
        assert f"<h1>{title}" in answer.text
        assert "文件读不懂" in answer.text


def test_every_form_with_anything_to_fill_in_is_shown_again(hall: Engine) -> None:
    bare = {"/logout", "/login", "/track", "/system/delivery/{channel}/replay"}
    for router in routers(house_over(hall)):
        for route in router.routes:
            path = getattr(route, "path", "")
            if "POST" not in getattr(route, "methods", ()) or path.startswith("/v1/"):
                continue
            shown = isinstance(route, FormRoute) and hasattr(route.endpoint, "screen")
            assert shown or path in bare or path.startswith("/open311"), path


# ----------------------------------------------------------------------------------------- pages

PAGE = """<!doctype html>
<html><body><main id="main"><h1>A &amp; B</h1>
<form method="post" action="/a"><input type="hidden" name="type" value="one"><input name="x"></form>
<details class="why"><summary>&nbsp;</summary><form method="post" action="/a">
<input type="hidden" name="type" value="two"><input type="hidden" name="key" value="new">
<label>X<input name="x" value="was"></label>
<fieldset><input type="radio" name="r" value="1" checked><input type="radio" name="r" value="2">
</fieldset>
<select name="s"><option value="1" selected>1</option><option value="2">2</option>
</select>
<textarea name="t">was</textarea></form></details></main></body></html>"""
TYPED = [("type", "two"), ("key", "old"), ("x", 'a"<b'), ("r", "2"), ("s", "2"), ("t", "\n<i>")]


def test_the_form_that_was_sent_is_filled_in_and_unfolded_and_no_other() -> None:
    found = refill(PAGE, Sent("/a", FormData(TYPED), {"r": "no", "x": "<bad>"}))
    html = found.with_summary("[summary]")
    seen = Seen(html)
    assert seen.values == {
        "type": ["one", "two"], "x": ["", 'a"<b'], "key": ["new"], "r": ["2"], "s": ["2"],
        "t": ["\n<i>"],
    }  # fmt: skip
    assert '<main id="main">[summary]<h1>A &amp; B</h1>' in html
    assert '<details class="why" open="">' in html
    assert html.index('id="wrong-r"') > html.index('value="2"')
    assert "&lt;bad&gt;" in html
    assert set(found.places) == {"", "r", "x"}


def test_a_page_without_the_form_stays_as_it_is() -> None:
    found = refill(PAGE, Sent("/b", FormData(TYPED), {"x": "bad"}))
    seen = Seen(found.with_summary(""))
    assert (seen.values, seen.wrong) == (Seen(PAGE).values, {})
    assert found.places == {}


@pytest.mark.parametrize("query", ["{name:>3000000}", "{name", "{0}", "{name.__class__}", "#?&&="])
def test_what_was_sent_is_never_a_format(town: Engine, query: str) -> None:
    supervisor = client(town, "supervisor")
    html, _ = again(supervisor, "/petitions/views", name=" ", query=query)
    assert len(html) < 1_000_000
    assert "__class__" not in html


def test_a_view_keeps_filters_and_nothing_else(hall: Engine) -> None:
    supervisor = client(hall, "supervisor")
    typed = {"name": "红牌", "query": "card=red&cursor=x&{name&unit=水务局#"}
    answer = supervisor.post("/petitions/views", data=typed, headers=HTML)
    kept = "/petitions?unit=%E6%B0%B4%E5%8A%A1%E5%B1%80%23&card=red"
    assert (answer.status_code, answer.headers["location"]) == (303, kept)
    supervisor.post("/petitions/views/drop", data={"name": "红牌"})


def test_a_form_without_the_field_that_its_screen_goes_by_comes_back(town: Engine) -> None:
    answer = client(town, "supervisor").post("/disputes", data={"key": "k"}, headers=HTML)
    assert answer.status_code == 422
