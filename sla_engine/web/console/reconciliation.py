"""对账 · Monthly reconciliation: what each list holds of each unit, and what was signed."""

from datetime import date, timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.errors import Refusal, refuse, register
from sla_engine.policy.clause import Text
from sla_engine.showing.accounts import AMOUNTS, Account, accounts, present
from sla_engine.web import pages
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep
from sla_engine.worktime import parse_date

router = APIRouter(include_in_schema=False)

Reads = Annotated[Visitor, need("board:read")]

MONTH_WRONG = register(
    "MONTH_WRONG",
    "月份“{found}”不对，应写成 {allowed}",
    "{found} is no month; write it like {allowed}",
)
_SIDES = {"unit": Text("单位", "unit"), "office": Text("督查", "office")}
_NAMES = {
    "opening": Text("期初", "opening"),
    "new": Text("新增", "new"),
    "struck_off": Text("销号", "struck off"),
    "carried_over": Text("结转", "carried over"),
    "overdue": Text("其中超期", "overdue"),
}


class Difference(NamedTuple):
    """An amount that a side signed and that is not so."""

    side: Text
    name: Text
    signed: int
    counted: int


@router.get("/reconciliation")
def show(
    request: Request, house: HouseDep, visitor: Reads, month: str = "", unit: str = ""
) -> Response:
    month = month or present(house.engine)
    first = _first(month)
    rows = list(accounts(house.engine, month, "", "", visitor.unit or unit))
    return pages.render(
        request,
        "desk/reconciliation.html",
        month=month,
        unit=visitor.unit or unit,
        rows=[(row, differences(row)) for row in rows],
        amounts=[(name, _NAMES[name]) for name in AMOUNTS],
        sides=_SIDES,
        before=f"{first - timedelta(1):%Y-%m}",
        after=f"{(first + timedelta(32)).replace(day=1):%Y-%m}",
    )


def differences(row: Account) -> list[Difference]:
    """Every signed amount that is not what the log comes to."""
    found = []
    for each in row.differences:
        side, _, name = each.partition(".")
        signed = row.signed[side][name]
        found.append(Difference(_SIDES[side], _NAMES[name], signed, row.amounts[name]))
    return found


def _first(month: str) -> date:
    try:
        return parse_date(f"{month}-01", "month")
    except Refusal:
        raise refuse(MONTH_WRONG, "month", month, "2024-05") from None
