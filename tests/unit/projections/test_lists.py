"""List items, the monthly account of them, and what a project waits for."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from projections.items import Items
from projections.reconciliation import Balance, Reconciliation, balances
from projections.stewards import Stewards, accounts
from sla_engine.dossier.events import RungFired, StepDone, TermRefixed, Voided
from sla_engine.item.events import (
    ItemAssigned,
    ItemCancelled,
    ItemLinked,
    ItemListed,
    ItemRebounded,
    ItemRejected,
    ItemReported,
    ItemStarted,
    ItemVerified,
)
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.round.events import RoundOpened, RoundReported
from tests.support.sheets import Fact, clock, noon, on, sheet, told

LISTED = on(
    10, ItemListed("L1", "p", "R", "task", "甲", "股长", petitions=("ZZ1",), project="项目")
)
LIFE = [
    on(12, ItemStarted(owed=("环评",))),
    on(13, ItemLinked("ZZ2")),
    on(20, ItemAssigned("乙", "科长")),
    on(25, ItemReported("报告")),
    on(26, ItemRejected("督查室", "未到位")),
    on(33, ItemReported("报告")),
    on(36, ItemVerified("督查室"), "strike-off"),
    on(40, ItemRebounded("反弹")),
    on(65, ItemVerified("督查室")),
]
LIMIT = clock("list-item", 10, due=22, stop=36)
BESIDE = [
    clock("owed-paper", 12, due=26, stop=None, mark="owed"),
    clock("item-verify", 25, due=30, stop=26),
    clock("item-verify", 33, due=38, stop=36, cycle="2"),
]
CLOCKS = [LIMIT, *BESIDE]


def item(facts: Sequence[Fact], clocks: Sequence[AlarmRow] = CLOCKS) -> Columns:
    return sheet(Items(), told("item/L1", facts), clocks)["items"]["item/L1"]


def cells(facts: Sequence[Fact], clocks: Sequence[AlarmRow] = CLOCKS) -> dict[str, Columns]:
    """Counters by "month unit"."""
    found = sheet(Reconciliation(), told("item/L1", facts), clocks)["reconciliation.cells"]
    return {" ".join((key.split("|")[2], key.split("|")[4])): cell for key, cell in found.items()}


def test_an_item_says_who_owes_it_by_when_and_what_it_links() -> None:
    row = item([LISTED, *LIFE[:3]], [LIMIT._replace(stopped=None), *BESIDE])
    shown = ("unit", "person", "phase", "open", "due", "petitions", "owed", "rebounds")
    assert [row[name] for name in shown] == [
        "乙", "科长", "working", True, noon(22), ["ZZ1", "ZZ2"], ["环评"], 0,
    ]  # fmt: skip
    assert (row["listed_at"], row["struck_off_at"]) == (noon(10), None)


def test_a_struck_off_item_may_rebound_and_the_strike_off_stays_counted() -> None:
    row = item([LISTED, *LIFE[:7]])
    assert (row["phase"], row["open"], row["struck_off_at"]) == ("struck_off", False, noon(36))
    row = item([LISTED, *LIFE[:8]])
    assert (row["phase"], row["open"], row["struck_off_at"]) == ("working", True, None)
    assert (row["rebounds"], row["due"]) == (1, None)


def test_an_item_shows_the_level_and_number_of_the_acts_that_stand() -> None:
    act = RungFired("list-item", "1", 0, "red", 30, "red", noon(23), noon(23))
    row = item([LISTED, on(23, act), on(24, TermRefixed("list-item", "1", 1, 2, 3, "calendar"))])
    assert (row["level"], row["acts"]) == (30, {"red": 1})


def test_what_comes_in_and_goes_out_is_counted_by_month_and_unit() -> None:
    assert cells([LISTED, *LIFE]) == {
        "1970-01 甲": {"listed": 1, "handed_over": 1},
        "1970-01 乙": {"taken_over": 1, "late": 1},
        "1970-02 乙": {"struck_off": 1, "late_ended": 1, "rebounded": 1},
        "1970-03 乙": {"struck_off": 1},
    }


def test_a_late_item_that_is_handed_over_is_late_with_its_new_unit() -> None:
    limit = clock("list-item", 10, due=15)
    assert cells([LISTED, LIFE[2]], [limit]) == {
        "1970-01 甲": {"listed": 1, "handed_over": 1, "late": 1, "late_ended": 1},
        "1970-01 乙": {"taken_over": 1, "late": 1},
    }


def test_a_cancelled_item_goes_out_and_a_void_brings_it_back() -> None:
    cancelled = [LISTED, on(12, ItemCancelled("督查室", "重复"), "c")]
    assert cells(cancelled, []) == {"1970-01 甲": {"listed": 1, "cancelled": 1}}
    back = [*cancelled, on(14, Voided("city:c", "误撤"))]
    assert cells(back, []) == {"1970-01 甲": {"listed": 1}}
    assert item(back, [])["phase"] == "listed"


ROUND: dict[str, Any] = {
    "pack": "p", "region": "R", "period": "1970-02",
    "statements": {"乙": {"unit": {"opening": 1, "carried_over": 1}}},
}  # fmt: skip


def accounted(month: str) -> dict[str, Balance]:
    events = told("item/L1", [LISTED, *LIFE])
    sums = sheet(Reconciliation(), events, CLOCKS)["reconciliation.cells"]
    return {each.unit: each for each in balances(sums.items(), month, [("round/r", ROUND)])}


def test_opening_plus_new_less_struck_off_is_carried_over_in_every_month() -> None:
    def plain(each: Balance) -> tuple[int, ...]:
        return (each.opening, each.new, each.struck_off, each.carried_over, each.overdue)

    january, february, march = (accounted(f"1970-0{month}") for month in (1, 2, 3))
    assert plain(january["甲"]) == (0, 1, 1, 0, 0)
    assert plain(january["乙"]) == (0, 1, 0, 1, 1)
    assert plain(february["乙"]) == (1, 1, 1, 1, 0)
    assert plain(march["乙"]) == (1, 0, 1, 0, 0)
    assert february["乙"].moved["rebounded"] == 1
    assert (february["乙"].pack, february["乙"].region, february["乙"].list) == ("p", "R", "task")


def test_the_signed_statements_of_the_month_stand_beside_the_account() -> None:
    assert accounted("1970-02")["乙"].signed == ROUND["statements"]["乙"]
    assert accounted("1970-01")["乙"].signed == {}


@given(order=st.permutations([*LIFE, on(41, Voided("city:strike-off", "虚假销号"))]))
def test_the_account_does_not_depend_on_the_order_of_arrival(order: list[Fact]) -> None:
    void = on(41, Voided("city:strike-off", "虚假销号"))
    assert cells([LISTED, *order]) == cells([LISTED, *LIFE, void])
    row, expected = item([LISTED, *order]), item([LISTED, *LIFE, void])
    assert {**row, "lines": []} == {**expected, "lines": []}


def test_a_project_adds_up_its_items_and_the_visits_of_its_stewards() -> None:
    opened = on(1, RoundOpened("W", "p", "R", "walk", "春", members=("项目", "甲")))
    reports = [on(3, RoundReported("项目", figures={"asks": 2})), on(4, RoundReported("项目"))]
    events = [
        *told("item/L1", [LISTED, *LIFE[:1]]),
        *told("item/L2", [on(11, ItemListed("L2", "p", "R", "task", "乙"))]),
        *told("round/W", [opened, *reports, on(5, RoundReported("甲", figures={"asks": 1}))]),
    ]
    sums = sheet(Stewards(), events)["stewards.cells"]
    project, unit = accounts(sums.items(), {"walk"})
    assert (project.project, project.items, project.phases) == ("项目", 1, {"working": 1})
    assert (project.owes, project.papers) == ({"甲": {"L1": 1}}, {"甲": {"L1": ("环评",)}})
    assert (project.visits, project.figures) == ({"walk": 2}, {"walk": {"asks": 2}})
    assert (unit.project, unit.items, unit.visits) == ("甲", 0, {"walk": 1})
    assert [each.project for each in accounts(sums.items(), ())] == ["项目"]


def ledger(facts: Sequence[Fact], clocks: Sequence[AlarmRow]) -> tuple[object, object]:
    """What the project's account says of steps and papers owed."""
    sums = sheet(Stewards(), told("item/L1", facts), clocks)["stewards.cells"]
    (account,) = accounts(sums.items(), ())
    return account.owes, account.papers


def test_a_paper_is_owed_until_it_is_delivered_whether_or_not_its_step_is_struck_off() -> None:
    titled = ItemListed("L1", "p", "R", "procedure", "甲", title="施工许可", project="项目")
    started = [on(10, titled), on(12, ItemStarted(owed=("环评", "图审")))]
    delivered, struck_off = on(14, StepDone("owed_delivered")), on(16, ItemVerified("督查室"))
    step, paper = clock("procedure-step", 12, due=17), clock("owed-paper", 12, due=26, mark="owed")
    ended, settled = step._replace(stopped=noon(16)), paper._replace(stopped=noon(14))
    owes, papers = {"甲": {"施工许可": 1}}, {"甲": {"施工许可": ("图审", "环评")}}
    assert ledger(started, [step, paper]) == (owes, papers)
    assert ledger([*started, delivered], [step, settled]) == (owes, {})
    assert ledger([*started, struck_off], [ended, paper]) == ({}, papers)
    late = on(20, StepDone("owed_delivered"))
    settled = paper._replace(stopped=noon(20))
    assert ledger([*started, struck_off, late], [ended, settled]) == ({}, {})


def test_a_paper_without_a_clock_is_owed_as_long_as_its_step_is_open() -> None:
    started = [LISTED, on(12, ItemStarted(owed=("环评",))), on(14, StepDone("class_fixed"))]
    assert ledger(started, []) == ({"甲": {"L1": 1}}, {"甲": {"L1": ("环评",)}})
    cancelled = on(15, ItemCancelled("督查室", "重复"))
    assert ledger([*started, cancelled], []) == ({}, {})


def test_a_project_that_owes_nothing_more_owes_nothing() -> None:
    events = told("item/L1", [LISTED, *LIFE[:7]])
    (account,) = accounts(sheet(Stewards(), events)["stewards.cells"].items(), ())
    assert (account.phases, account.owes, account.papers) == ({"struck_off": 1}, {}, {})
