"""Boards, scorecards and reconciliation: what stands on the page is what the cells come to."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from projections.days import day_of
from projections.scorecard import figures
from sla_engine.documents.periods import percent
from sla_engine.service.intake import parse
from sla_engine.showing.accounts import accounts
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import engine_at, move_to
from tests.support.desk import page, words_of
from tests.support.web import client

PACK, REGION, ROUND = "mingguang-three-tier", "CN-341182", "board.2025Q1"
OFFICE = {"pack": PACK, "region": REGION}


def _sent(stream: str, type_: str, day: str, **data: Any) -> dict[str, Any]:
    kind, _, name = stream.partition("/")
    at = f"2025-{day}T09:00:00+08:00"
    key = f"{name}-{type_}-{at}-{data.get('member', '')}"
    return {kind: name, "type": type_, "id": key, "source": "office", "at": at, "data": data}


def _items() -> Iterator[dict[str, Any]]:
    for number, unit in enumerate(("市住建局", "市住建局", "市发改委")):
        more = {"list": "problem", "unit": unit, "person": "股长", "title": "审批慢"}
        yield _sent(f"item/P-{number}", "listed", f"03-1{number}", **OFFICE, **more)


def _facts() -> Iterator[dict[str, Any]]:
    members = {"市住建局": 95, "市发改委": 80, "市人社局": 52}
    yield _sent(
        f"round/{ROUND}", "opened", "03-03",
        **OFFICE, series="board", period="2025Q1", unit="营商办", members=[*members],
    )  # fmt: skip
    yield from _items()
    for member, points in members.items():
        more = {"member": member, "scores": {"composite": points}, "rater": "考核办"}
        yield _sent(f"round/{ROUND}", "scored", "04-02", **more)
    yield _sent(f"round/{ROUND}", "drafted", "04-03")


@pytest.fixture(scope="module")
def county() -> Iterator[Engine]:
    """A board drafted, three problems listed in March 2025."""
    with engine_at(parse_instant("2025-03-01T09:00:00+08:00")) as engine:
        for each in _facts():
            move_to(engine, parse_instant(each["at"]))
            (outcome,) = engine.take([parse(each)])
            assert not outcome.faults, outcome
        move_to(engine, parse_instant("2025-04-07T09:00:00+08:00"))
        yield engine


def test_a_board_shows_every_member_at_its_place_with_its_score(county: Engine) -> None:
    text = words_of(page(client(county, "handler", unit="市发改委"), "/boards"))
    row = county.row("board", f"round/{ROUND}")
    assert row is not None
    assert len(row["places"]) == 3
    for place in row["places"]:
        assert f"{place['rank']} {place['member']}" in text
        assert f"{place['score'] / 100:.2f}" in text
    assert "红榜" in text
    assert "黑榜" in text


def test_boards_are_chosen_by_series_period_and_unit(county: Engine) -> None:
    supervisor = client(county, "supervisor")
    for query, there in (
        ("series=board&period=2025Q1&unit=市人社局", True),
        ("period=2024Q4", False),
        ("unit=别的局", False),
    ):
        shown = "红黄黑榜 2025Q1" in words_of(page(supervisor, f"/boards?{query}"))
        assert shown is there, query


def test_an_account_is_what_the_lists_hold(county: Engine) -> None:
    text = words_of(page(client(county, "supervisor"), "/reconciliation?month=2025-03"))
    rows = list(accounts(county, "2025-03", "", "", ""))
    assert {row.unit for row in rows} == {"市住建局", "市发改委"}
    for row in rows:
        numbers = " ".join(str(count) for count in row.amounts.values())
        assert f"{row.unit} {row.name.zh} {numbers}" in text


def test_a_handler_sees_the_account_of_their_unit_alone(county: Engine) -> None:
    handler = client(county, "handler", unit="市发改委")
    text = words_of(page(handler, "/reconciliation?month=2025-03&unit=市住建局"))
    assert "市住建局" not in text


def test_what_a_side_signed_and_is_not_so_is_told_with_both_numbers(county: Engine) -> None:
    assert "未签" in words_of(page(client(county, "reviewer"), "/reconciliation?month=2025-03"))


def test_a_month_that_is_none_is_refused(county: Engine) -> None:
    answer = client(county, "supervisor").get("/reconciliation?month=March")
    assert (answer.status_code, answer.json()["code"]) == (422, "MONTH_WRONG")


@pytest.mark.parametrize("by", ["", "unit", "kind"])
def test_every_rate_stands_with_numerator_denominator_and_formula(town: Engine, by: str) -> None:
    now = town.clock.now()
    last = date.fromisoformat(day_of(now)) - timedelta(1)
    pack = town.rules.pack_on("zaozhuang-2110", now)
    text = words_of(page(client(town, "supervisor"), f"/scorecards?from=2024-09-01&by={by}"))
    cells = town.rows("scorecard.cells")
    found = figures(cells, pack, date(2024, 9, 1), last, by or None)  # type: ignore[arg-type]
    assert bool(found) == bool(pack.measures)
    for each in found:
        shown = percent(each.numerator, each.denominator)
        if shown:
            assert shown in text
            assert f"{each.numerator} / {each.denominator}" in text
        assert each.formula.zh in text


def test_a_handler_sees_the_scorecard_of_their_unit_alone(town: Engine) -> None:
    text = words_of(
        page(client(town, "handler", unit="U02"), "/scorecards?by=unit&from=2024-09-01&unit=U01")
    )
    assert "考核指标 · U02" in text
    assert " U01 " not in text


def test_a_span_without_a_day_that_has_ended_is_refused(town: Engine) -> None:
    answer = client(town, "supervisor").get("/scorecards?from=2030-01-01")
    assert (answer.status_code, answer.json()["code"]) == (422, "SPAN_EMPTY")


def test_the_three_administrators_see_none_of_this(county: Engine) -> None:
    for role in ("system", "security", "audit"):
        for path in ("/boards", "/scorecards", "/reconciliation", "/", "/petitions", "/talks"):
            assert client(county, role).get(path).status_code == 403, (role, path)
