"""Cockpit and work list: figures are the engine's, a page is a range, a file names nobody."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from projections import docket, lists
from projections.cockpit import cockpit
from projections.days import day_of, last_day_of
from projections.docket import Filter
from sla_engine.petition.events import Registered
from sla_engine.web.console.cockpit import tiles
from sla_engine.wiring import Engine
from tests.support.checked import played
from tests.support.desk import NO, PERSONAL, form_of, office, page, words_of
from tests.support.given import clause, engine, pack_of, rules_of, send, to
from tests.support.web import client


@pytest.fixture
def desk() -> Iterator[Engine]:
    with office() as engine:
        yield engine


def test_the_cockpit_shows_the_figures_of_the_read_model(town: Engine) -> None:
    text = words_of(page(client(town, "supervisor"), "/"))
    figures = cockpit(town, town.clock.now(), None, 30)
    for name, count in (
        ("在办", figures.total.open),
        ("已超时", figures.total.overdue),
        ("红牌", figures.total.red),
    ):
        assert f"{name} {count}" in text
    for each in figures.units:
        if each.unit:
            assert f"{each.unit} {each.open} {each.due_today} {each.overdue}" in text


def test_every_figure_leads_to_as_many_petitions_as_it_counts(town: Engine) -> None:
    supervisor = client(town, "supervisor")
    figures = cockpit(town, town.clock.now(), None, 30)
    for path, count in (
        ("/petitions", figures.total.open),
        ("/petitions?card=red", figures.total.red),
        ("/petitions?card=yellow", figures.total.yellow),
    ):
        assert page(supervisor, path).count('<th scope="row">') == count, path


def test_the_chart_has_its_numbers_in_a_table_beside_it(town: Engine) -> None:
    html = page(client(town, "supervisor"), "/")
    assert 'class="chart" data-chart="{"grid"' in html
    assert html.count('<th scope="row">2024-') >= 30
    days = cockpit(town, town.clock.now(), None, 30).trend
    for each in days:
        numbers = (each.registered, each.ended, each.red)
        cells = "".join(f'<td class="number">{count}</td>' for count in numbers)
        assert f'<th scope="row">{each.day}</th>{cells}' in html
    assert f'"data":{[each.red for each in days]}'.replace(" ", "") in html


def test_an_order_about_a_round_says_of_which_series_it_is() -> None:
    with played(Path("scenarios/library/mingguang-reconciliation.toml")) as play:
        text = words_of(page(client(play.engine, "supervisor"), "/"))
    assert "月度对账销号 recon.CN-341182.2025-05 通报 市文旅局" in text


def test_a_part_of_the_cockpit_is_fetched_alone(town: Engine) -> None:
    part = client(town, "supervisor").get("/", headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert "单位排名" in part


def test_a_handler_sees_the_cockpit_and_the_list_of_their_unit_alone(town: Engine) -> None:
    handler = client(town, "handler", unit="U02")
    mine = cockpit(town, town.clock.now(), "U02", 30)
    assert f"在办 {mine.total.open}" in words_of(page(handler, "/"))
    for path in ("/petitions", "/petitions?unit=U01", "/petitions?state=any"):
        html = page(handler, path)
        assert ">U02</td>" in html
        assert ">U01</td>" not in html


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", Filter()),
        ("unit=U01", Filter(unit="U01")),
        ("unit=-", Filter(unit="")),
        ("phase=in_progress", Filter(phase="in_progress")),
        ("kind=投诉&order=newest&state=any", Filter(kind="投诉", order="newest", state="any")),
        ("card=none", Filter(card="none")),
        ("number=ZZ2024090300000", Filter(number="ZZ2024090300000", state="any")),
        ("number=ZZ20240903&state=open", Filter(number="ZZ20240903")),
        ("state=nonsense&card=purple", Filter()),
    ],
)
def test_a_filter_lists_what_the_docket_lists(town: Engine, query: str, asked: Filter) -> None:
    html = page(client(town, "supervisor"), f"/petitions?{query}")
    for row in docket.page(town, asked, "", 50).rows:
        assert f'href="/petitions/{row["no"]}"' in html
    assert html.count('<th scope="row">') == len(docket.page(town, asked, "", 50).rows)


def test_days_bound_the_due_instant_both_included(town: Engine) -> None:
    rows = docket.page(town, Filter(), "", 50).rows
    days = Counter(last_day_of(row["due"]) for row in rows if row["due"])
    day, count = days.most_common(1)[0]
    html = page(client(town, "supervisor"), f"/petitions?due_from={day}&due_until={day}")
    assert html.count('<th scope="row">') == count


def test_a_level_that_speaks_of_a_card_says_so_where_none_was_given(town: Engine) -> None:
    html = page(client(town, "supervisor"), "/petitions?state=any")
    rows = html[html.index("<tbody>") : html.index("</tbody>")].split("</tr>")
    named = [row for row in rows if "红牌逾期" in row]
    assert {"badge-red" in row for row in named} == {True, False}
    for row in named:
        (no,) = re.findall(r'href="/petitions/([^"]+)"', row)
        found = docket.petition(town, no)
        assert found is not None
        assert ("未发红牌" in row) == (found["card"] != "red")


def test_the_day_of_registration_bounds_a_list_as_it_is_counted(town: Engine) -> None:
    rows = docket.page(town, Filter(order="newest", state="any"), "", 500).rows
    days = Counter(day_of(row["registered_at"]) for row in rows)
    day, count = days.most_common(1)[0]
    asked = f"state=any&registered_from={day}&registered_until={day}"
    supervisor = client(town, "supervisor")
    assert count > 1
    assert page(supervisor, f"/petitions?{asked}").count('<th scope="row">') == count
    assert page(supervisor, f"/petitions?{asked}&number=ZZ").count('<th scope="row">') == count


def test_the_tile_of_what_came_today_leads_to_just_that_and_none_leads_to_more(
    town: Engine,
) -> None:
    now = town.clock.now()
    (tile, ended) = tiles(cockpit(town, now), date.fromisoformat(day_of(now)))[5:7]
    html = page(client(town, "supervisor"), tile.href)
    assert html.count('<th scope="row">') == tile.figure
    assert ended.href == ""


def test_the_cockpit_says_how_many_orders_it_does_not_show_and_leads_to_them(town: Engine) -> None:
    supervisor = client(town, "supervisor")
    every = sum(lists.open_orders(town).values())
    html = page(supervisor, "/")
    assert every > 8
    assert f'<a href="/supervision">还有 {every - 8} 件</a>' in html
    rows, path = 0, "/supervision"
    while path:
        html = page(supervisor, path)
        rows += html.count('<th scope="row">')
        found = re.search(r'href="(\?[^"]*cursor=[^"]*)"', html)
        path = f"/supervision{found[1]}" if found else ""
    assert rows == every
    assert f"共 {every} 件" in html


def test_a_handler_sees_the_orders_about_their_unit_alone(town: Engine) -> None:
    counts = {row["unit"] for _, row in town.rows("supervision_list", "open|*|")}
    own, *others = sorted(counts)
    html = page(client(town, "handler", unit=own), f"/supervision?unit={others[0]}&state=any")
    assert f">{own}</td>" in html
    assert not [unit for unit in others if f">{unit}</td>" in html]


def test_a_number_is_found_whether_or_not_the_petition_has_ended(town: Engine) -> None:
    ended = next(row["no"] for _, row in town.rows("docket.base") if not row["open"])
    supervisor = client(town, "supervisor")
    html = page(supervisor, f"/petitions?number={ended}&state=")
    assert f'href="/petitions/{ended}"' in html
    assert "工单，按编号排列" in html
    assert "工单，最新登记在前" in page(supervisor, "/petitions?state=ended")


def test_the_tile_of_what_is_overdue_leads_to_just_that() -> None:
    rules = rules_of(pack_of(clause("solve", "2小时")))
    with engine("2025-06-03 08:00", rules) as desk:
        for no, hour in (("P1", "09"), ("P2", "11")):
            send(desk, f"{no}: 2025-06-03 {hour}:00 registered")
            send(desk, f"{no}: 2025-06-03 {hour}:10 dispatched unit=U1")
        to(desk, "2025-06-03 12:00")
        supervisor = client(desk, "supervisor")
        assert "已超时 1" in words_of(page(supervisor, "/"))
        html = page(supervisor, "/petitions?overdue=1")
        assert ("/petitions/P1" in html, "/petitions/P2" in html) == (True, False)


def test_what_is_due_at_the_end_of_a_day_is_due_on_that_day() -> None:
    with engine("2025-06-03 08:00", rules_of(pack_of(clause("solve", "5日")))) as desk:
        send(desk, "P1: 2025-06-03 09:00 registered", "P1: 2025-06-03 09:10 dispatched unit=U1")
        to(desk, "2025-06-08 10:00")
        supervisor = client(desk, "supervisor")
        assert "今日到期 1 已超时 0" in words_of(page(supervisor, "/"))
        for day, listed in (("2025-06-08", True), ("2025-06-09", False)):
            html = page(supervisor, f"/petitions?due_from={day}&due_until={day}")
            assert ("/petitions/P1" in html) == listed
        to(desk, "2025-06-09 00:00")
        assert "已超时 0" in words_of(page(supervisor, "/"))
        to(desk, "2025-06-09 00:01")
        assert "今日到期 0 已超时 1" in words_of(page(supervisor, "/"))


def test_pages_follow_each_other_without_a_gap(town: Engine) -> None:
    supervisor = client(town, "supervisor")
    seen: list[str] = []
    path = "/petitions?state=any"
    for _ in range(3):
        html = page(supervisor, path)
        table = html[html.index("<tbody>") : html.index("</tbody>")]
        seen += [part.split('"')[0] for part in table.split('href="/petitions/')[1:]]
        if "下一页" not in html:
            break
        path = "/petitions" + html[: html.index(">下一页")].rsplit('href="', 1)[1].rstrip('"')
    assert len(seen) == len(set(seen)) == sum(1 for _ in town.rows("worklist"))


def test_a_date_that_is_none_is_refused(town: Engine) -> None:
    answer = client(town, "supervisor").get("/petitions?due_from=tomorrow")
    assert (answer.status_code, answer.json()["code"]) == (422, "TIME_FORMAT")


def test_a_saved_view_is_its_owners_and_can_be_dropped(desk: Engine) -> None:
    supervisor, reviewer = client(desk, "supervisor"), client(desk, "reviewer")
    saved = {"name": " 红牌  在办 ", "query": "card=red"}
    answer = supervisor.post("/petitions/views", data=saved)
    assert answer.headers["location"] == "/petitions?card=red"
    assert '<a href="/petitions?card=red">红牌 在办</a>' in page(supervisor, "/petitions")
    assert "红牌 在办" not in page(reviewer, "/petitions")
    supervisor.post("/petitions/views/drop", data={"name": "红牌 在办"})
    assert "红牌 在办" not in page(supervisor, "/petitions")


def test_a_view_takes_a_short_name_and_there_is_an_end_to_their_number(desk: Engine) -> None:
    supervisor = client(desk, "supervisor")
    for name in ("", "长" * 21):
        answer = supervisor.post("/petitions/views", data={"name": name})
        assert answer.json()["code"] == "VIEW_UNNAMED"
    for number in range(20):
        supervisor.post("/petitions/views", data={"name": f"第{number}个"})
    answer = supervisor.post("/petitions/views", data={"name": "再一个"})
    assert answer.json()["code"] == "VIEWS_MANY"


def test_a_view_leads_to_no_other_site(desk: Engine) -> None:
    answer = client(desk, "supervisor").post(
        "/petitions/views", data={"name": "外", "query": "\r\nLocation: https://example.org"}
    )
    assert answer.headers["location"].startswith("/petitions?")
    assert "\n" not in answer.headers["location"]


def test_the_file_has_every_row_of_the_list_and_opens_in_a_spreadsheet(town: Engine) -> None:
    answer = client(town, "supervisor").get("/petitions/export.csv?state=any")
    assert answer.content.startswith("\ufeff".encode())
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head[0] == "编号"
    assert {row[0] for row in rows} == {row["no"] for _, row in town.rows("worklist")}
    assert len(rows) == len({row[0] for row in rows})


def test_the_file_holds_nobodys_data_and_that_it_was_taken_is_on_record(desk: Engine) -> None:
    answer = client(desk, "reviewer").get("/petitions/export.csv?kind=投诉")
    assert NO in answer.text
    assert not any(value in answer.text for value in PERSONAL.values())
    (taken,) = desk.log.read("export/reviewer")
    assert taken.event.asked == ("kind=投诉",)  # type: ignore[attr-defined]
    assert taken.meta.actor == "reviewer"


def test_the_audit_tells_which_list_was_taken_and_by_which_filters(desk: Engine) -> None:
    supervisor = client(desk, "supervisor")
    assert supervisor.get("/petitions/export.csv?card=red&unit=-&state=any").status_code == 200
    assert supervisor.get("/petitions/export.csv?due_from=yesterday").status_code == 422
    desk.follow()
    html = page(client(desk, "audit"), "/audit?what=export.")
    assert html.count("<td>导出</td>") == 1
    assert "清单 诉求工单；筛选 承办单位 受理中心、红黄牌 红牌、范围 全部" in html
    for kind in ("export.", "proposal.", "campaign."):
        assert f'<option value="{kind}"' in html


def test_nobody_takes_a_list_by_following_a_link_from_elsewhere(desk: Engine) -> None:
    supervisor = client(desk, "supervisor")
    wanted = {"accept": "text/html"}
    for headers in ({"sec-fetch-site": "cross-site"}, wanted):
        answer = supervisor.get("/petitions/export.csv", headers=headers)
        assert answer.status_code == 403
    assert not list(desk.log.streams("export/"))
    ours = {**wanted, "referer": "http://testserver/petitions"}
    assert supervisor.get("/petitions/export.csv", headers=ours).status_code == 200
    assert len(list(desk.log.streams("export/"))) == 1


def test_a_handler_takes_no_file(desk: Engine) -> None:
    handler = client(desk, "handler", unit="U01")
    assert handler.get("/petitions/export.csv").status_code == 403
    assert "导出" not in page(handler, "/petitions")


def test_a_cell_that_a_spreadsheet_would_reckon_with_is_text(desk: Engine) -> None:
    opening = desk.events(f"petition/{NO}")[0].event
    assert isinstance(opening, Registered)
    supervisor = client(desk, "supervisor")
    form = form_of(page(supervisor, f"/petitions/{NO}"), "dispatched")
    supervisor.post(f"/petitions/{NO}/record/dispatched", data={**form, "unit": "=1+1"})
    rows = list(csv.reader(io.StringIO(supervisor.get("/petitions/export.csv").text)))
    assert rows[1][5] == "'=1+1"
