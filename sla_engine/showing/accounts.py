"""Monthly reconciliation (月对账): the account of each list beside what both sides signed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from projections.days import month_of
from projections.reconciliation import Balance, balances
from sla_engine.policy.clause import ListRules, Text
from sla_engine.regions import Reading
from sla_engine.showing.names import edition_on
from sla_engine.showing.plain import both

AMOUNTS = ("opening", "new", "struck_off", "carried_over", "overdue")

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
            for name in AMOUNTS
            if side in self.signed and self.signed[side][name] != self.amounts[name]
        )


def present(engine: Reading) -> str:
    return month_of(engine.clock.now())


def accounts(engine: Reading, month: str, pack: str, list_: str, unit: str) -> Iterator[Account]:
    units: dict[tuple[str, str, str], list[Balance]] = {}
    for each in balances(engine.rows("reconciliation.cells"), month, engine.rows("rounds")):
        if pack in ("", each.pack) and unit in ("", each.unit):
            units.setdefault((each.pack, each.region, each.unit), []).append(each)
    for (of, _, _), group in units.items():
        edition = edition_on(engine.rules, of, engine.clock.now())
        names = {} if edition is None else edition.lists
        shown = [each for each in group if list_ in ("", each.list)]
        yield from _of_unit(shown, len(group), names)


def _of_unit(
    group: Sequence[Balance], lists: int, rules: Mapping[str, ListRules]
) -> Iterator[Account]:
    """The unit's lists, and where it has several and all are shown, all of them together."""
    for each in group:
        amounts = {name: getattr(each, name) for name in AMOUNTS}
        signed = each.signed if lists == 1 else {}
        name = rules[each.list].name if each.list in rules else Text(each.list, each.list)
        yield Account(each.month, each.list, name, each.unit, amounts, signed)
    if lists > 1 and len(group) == lists:
        first = group[0]
        yield Account(first.month, "", _ALL, first.unit, _summed(group), first.signed)


def _summed(group: Iterable[Balance]) -> dict[str, int]:
    rows = list(group)
    return {name: sum(getattr(each, name) for each in rows) for name in AMOUNTS}


def as_dict(each: Account) -> dict[str, Any]:
    name = both(each.name)
    told = {"month": each.month, "list": each.list_, "name": name, "unit": each.unit}
    return {**told, **each.amounts, "signed": each.signed, "differences": each.differences}
