"""What people read on the screens are words, not codes, in the language that they chose."""

import re

import pytest

from projections import access_register
from sla_engine.showing.places import place
from sla_engine.web.console.access_words import EVENTS
from sla_engine.web.console.causes import Causes
from sla_engine.wiring import Engine
from tests.support.access import signed_in, staffed
from tests.support.checked import played
from tests.support.desk import NO, office, page, words_of
from tests.support.shell import ROOT
from tests.support.web import client

LIBRARY = ROOT / "scenarios" / "library"
FORM = {"name": "li", "title": "李明", "roles": ["handler"], "unit": "水务局"}
HTML = {"accept": "text/html"}


@pytest.mark.parametrize(("lang", "said"), [("zh", "电话"), ("en", "telephone")])
def test_personal_fields_are_named_in_words_however_they_were_sent(lang: str, said: str) -> None:
    with office() as engine:
        with engine.log.transact() as tx:
            tx.keep_personal(f"of/{NO}", {"name": "王小明", "phone": "13900001234"})
        html = page(client(engine, "supervisor"), f"/petitions/{NO}?lang={lang}")
    assert f"<dt>{said}</dt>" in html
    assert "<dt>phone</dt>" not in html


def test_the_audit_says_in_words_who_did_what() -> None:
    with staffed() as engine:
        signed_in(engine, "system").post("/accounts", data=FORM)
        engine.follow()
        text = page(signed_in(engine, "audit"), "/audit")
        rows = access_register.page(engine).rows
        account = page(signed_in(engine, "system"), "/accounts/li")
    assert {row["what"] for row in rows} >= {"account.opened", "account.logged_in"}
    for row in rows:
        assert f"<td>{EVENTS[row['what']].zh}</td>" in text
        assert row["what"] not in text
    assert "角色 承办员；单位 水务局" in text
    assert "<td>申请开户</td>" in account
    assert "<code>opened" not in account


def test_a_cause_of_a_talk_names_the_clause_by_the_pack_of_the_petition(town: Engine) -> None:
    causes = Causes(town)
    found = [
        (each, event)
        for each in town.log.streams("talk/")
        for event in getattr(town.events(each)[0].event, "causes", ())
        if "|" in event
    ]
    assert found
    for _, cause in found:
        stream, clause, *_ = cause.rsplit("|", 4)
        (said,) = causes.told([cause])
        assert not said.zh.endswith(f" {clause}"), cause
        assert stream.partition("/")[2].rpartition("/")[2] not in said.zh or stream[:4] != "unit"


def test_filters_of_the_list_offer_no_codes_and_nothing_twice(town: Engine) -> None:
    html = page(client(town, "supervisor"), "/petitions")
    for name in ("kind", "urgency"):
        select = html[html.index(f'name="{name}"') :]
        labels = re.findall(r">([^<]+)</option>", select[: select.index("</select>")])
        assert len(labels) == len(set(labels)), labels
        assert not [each for each in labels if each.isascii()], labels


def test_an_english_page_of_a_petition_gives_the_limit_in_english(town: Engine) -> None:
    no = next(iter(town.log.streams("petition/"))).partition("/")[2]
    text = words_of(page(client(town, "supervisor"), f"/petitions/{no}?lang=en"))
    assert "How the term is reckoned: " in text or "Why it" in text
    assert "个工作日" not in re.sub(r"Basis .*?Started", "", text)


def test_a_page_that_is_not_there_keeps_the_menu_and_shows_a_way_on(town: Engine) -> None:
    answer = client(town, "supervisor").get("/nowhere", headers=HTML)
    assert answer.status_code == 404
    assert "没有这个地址（/nowhere）" in answer.text
    assert "诉求工单" in answer.text
    assert "回到首页" in answer.text


def test_a_wrong_number_is_not_answered_with_words_of_the_command_line(town: Engine) -> None:
    answer = client(town, "supervisor").get("/petitions/NOPE", headers=HTML)
    assert answer.status_code == 404
    assert "petition list" not in answer.text
    assert "从清单中查找" in answer.text


def test_an_administrator_who_opens_the_first_page_is_led_to_their_own(town: Engine) -> None:
    for role, there in (("system", "/accounts"), ("security", "/accounts"), ("audit", "/audit")):
        answer = client(town, role).get("/", headers=HTML, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, there)


def test_a_refused_permission_is_named_in_words(town: Engine) -> None:
    answer = client(town, "supervisor").get("/audit", headers=HTML)
    assert answer.status_code == 403
    assert "查看审计记录" in answer.text


def test_programs_are_told_the_name_of_the_permission(town: Engine) -> None:
    answer = client(town, "supervisor").get("/audit")
    assert "audit:read" in answer.json()["detail"]


def test_regions_are_shown_by_name(town: Engine) -> None:
    supervisor = client(town, "supervisor")
    no = next(iter(town.log.streams("petition/"))).partition("/")[2]
    assert "枣庄市（CN-3704）" in page(supervisor, f"/petitions/{no}")
    calendar = page(supervisor, "/calendar?year=2024&region=CN-45")
    assert "2024 · 广西壮族自治区（CN-45）" in calendar
    assert 'value="CN-3704"' in calendar


def test_every_region_of_a_pack_or_a_notice_has_a_name(town: Engine) -> None:
    regions = {pack.region for pack in town.rules.packs}
    for almanac in town.rules.almanacs.values():
        regions |= {notice.region for notice in almanac.notices}
    assert not [each for each in regions if place(each).zh == each]


def test_lists_and_boards_follow_the_log(town: Engine) -> None:
    supervisor = client(town, "supervisor")
    for path, part in (("/petitions?card=red", "rows"), ("/talks", "board")):
        html = page(supervisor, path)
        assert '<div id="live"></div>' in html
        assert f'hx-get="{path}"' in html
        assert f'hx-select="#{part}"' in html


def test_a_handler_is_not_shown_the_figures_of_the_city_as_their_own(town: Engine) -> None:
    unit = town.rows("docket.cells", "unit|")
    own = next(key.partition("|")[2] for key, _ in unit if key.partition("|")[2])
    text = words_of(page(client(town, "handler", unit=own), "/"))
    assert "今日登记" not in text
    assert "近30天登记、归档与红牌（全市）" in text


def test_an_objection_on_a_board_says_what_came_of_it() -> None:
    with played(LIBRARY / "board-objection.toml") as play:
        html = page(client(play.engine, "supervisor"), "/boards")
    assert re.search("城管局：[^<]*→ 支持</li>", html)
    assert re.search("水务局：[^<]*→ 不予支持</li>", html)
