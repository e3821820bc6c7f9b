"""Monthly reconciliation (月对账): the account of each list beside what both sides signed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from sla_engine.cli.desk import Desk, command
from sla_engine.cli.options import LimitOption, PackOption, UnitOption, checked, period
from sla_engine.cli.output import Voice
from sla_engine.policy.clause import Text

if TYPE_CHECKING:
    from projections.reconciliation import Balance
    from sla_engine.policy.clause import ListRules
    from sla_engine.regions import Reading

app = typer.Typer()

_AMOUNTS = ("opening", "new", "struck_off", "carried_over", "overdue")
_SIDES = ("unit", "office")
_ALL = Text("合计", "total")


class Account(NamedTuple):
    """One row: a list of a unit by its id and its `name` in the pack, or all its lists together.
    `signed` only where the row is what was signed: a statement is about all lists of the unit."""

    month: str
    list_: str
    name: Text
    unit: str
    amounts: Mapping[str, int]
    signed: Mapping[str, Mapping[str, Any]]

    @property
    def differences(self) -> tuple[str, ...]:
        """`side.amount` of every signed amount that is not what the log comes to."""
        return tuple(
            f"{side}.{name}"
            for side in _SIDES
            for name in _AMOUNTS
            if side in self.signed and self.signed[side][name] != self.amounts[name]
        )


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
    period(month, "--month")
    checked(limit)
    with desk.reading() as engine:
        found = list(_accounts(engine, month or _present(engine), pack, list_, unit))
    _show(found, desk.voice, limit)


def _present(engine: "Reading") -> str:
    from projections.days import month_of

    return month_of(engine.clock.now())


def _accounts(engine: "Reading", month: str, pack: str, list_: str, unit: str) -> Iterator[Account]:
    from projections.reconciliation import balances

    units: dict[tuple[str, str, str], list[Balance]] = {}
    for each in balances(engine.rows("reconciliation.cells"), month, engine.rows("rounds")):
        if pack in ("", each.pack) and unit in ("", each.unit):
            units.setdefault((each.pack, each.region, each.unit), []).append(each)
    for (of, _, _), group in units.items():
        names = engine.rules.pack_on(of, engine.clock.now()).lists
        shown = [each for each in group if list_ in ("", each.list)]
        yield from _of_unit(shown, len(group), names)


def _of_unit(
    group: "Sequence[Balance]", lists: int, rules: "Mapping[str, ListRules]"
) -> Iterator[Account]:
    """The unit's lists, and where it has several and all are shown, all of them together."""
    for each in group:
        amounts = {name: getattr(each, name) for name in _AMOUNTS}
        signed = each.signed if lists == 1 else {}
        name = rules[each.list].name if each.list in rules else Text(each.list, each.list)
        yield Account(each.month, each.list, name, each.unit, amounts, signed)
    if lists > 1 and len(group) == lists:
        first = group[0]
        yield Account(first.month, "", _ALL, first.unit, _summed(group), first.signed)


def _summed(group: "Iterable[Balance]") -> dict[str, int]:
    rows = list(group)
    return {name: sum(getattr(each, name) for each in rows) for name in _AMOUNTS}


def _show(found: Sequence[Account], voice: Voice, limit: int) -> None:
    from sla_engine.cli.lists import Column, show

    rows = [_row(each) for each in found]
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


def _row(each: Account) -> dict[str, Any]:
    name = {"zh": each.name.zh, "en": each.name.en}
    told = {"month": each.month, "list": each.list_, "name": name, "unit": each.unit}
    return {**told, **each.amounts, "signed": each.signed, "differences": each.differences}


def _told(statement: Mapping[str, Any] | None) -> str:
    """What a side signed: its amounts in the order of the columns, and who."""
    if statement is None:
        return ""
    amounts = "/".join(str(statement[name]) for name in _AMOUNTS)
    return f"{amounts}\n{statement['signer']}"
