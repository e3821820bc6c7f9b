"""Monthly reconciliation (月对账): the account of each list beside what both sides signed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sla_engine.cli.desk import Desk, command
from sla_engine.cli.options import LimitOption, PackOption, UnitOption, checked, period
from sla_engine.cli.output import Voice

if TYPE_CHECKING:
    from sla_engine.showing.accounts import Account

app = typer.Typer()


@command(
    app,
    "reconcile",
    help="对账 · opening + new − struck off = carried over, beside the signed statements.\n\n"
    "Where what was signed differs from what the log comes to, the row says in what.",
)
def reconcile(
    desk: Desk,
    list_: Annotated[str, typer.Option("--list", metavar="LIST", help="Only this list.")] = "",
    unit: UnitOption = "",
    month: Annotated[
        str, typer.Option(metavar="MONTH", help="2024-05 (default: the present month).")
    ] = "",
    pack: PackOption = "",
    limit: LimitOption = 200,
) -> None:
    from sla_engine.showing.accounts import accounts, present

    period(month, "--month")
    checked(limit)
    with desk.reading() as engine:
        found = list(accounts(engine, month or present(engine), pack, list_, unit))
    _show(found, desk.voice, limit)


def _show(found: "Sequence[Account]", voice: Voice, limit: int) -> None:
    from sla_engine.cli.lists import Column, show
    from sla_engine.showing.accounts import as_dict

    rows = [as_dict(each) for each in found]
    columns = (
        Column("月份 month", lambda row: row["month"]),
        Column("清单 list", lambda row: row["name"][voice.lang]),
        Column("单位 unit", lambda row: row["unit"]),
        Column("期初 opening", lambda row: row["opening"]),
        Column("新增 new", lambda row: row["new"]),
        Column("销号 off", lambda row: row["struck_off"]),
        Column("结转 carried", lambda row: row["carried_over"]),
        Column("超期 overdue", lambda row: row["overdue"]),
        Column("单位签字 unit", lambda row: _told(row["signed"].get("unit"))),
        Column("督查签字 office", lambda row: _told(row["signed"].get("office"))),
        Column("差异 differs", lambda row: row["differences"]),
    )
    show(voice, "对账 reconciliation", rows, columns, limit)


def _told(statement: Mapping[str, Any] | None) -> str:
    """What a side signed: its amounts in the order of the columns, and who."""
    from sla_engine.showing.accounts import AMOUNTS

    if statement is None:
        return ""
    amounts = "/".join(str(statement[name]) for name in AMOUNTS)
    return f"{amounts}\n{statement['signer']}"
