"""Boards (红黄黑榜): who stands on which list, what was objected."""

from collections.abc import Iterator, Mapping
from typing import Any

from sla_engine.errors import refuse, register
from sla_engine.policy.clause import Series, Text
from sla_engine.regions import Reading
from sla_engine.showing.names import edition_on
from sla_engine.showing.plain import jsonable

Row = Mapping[str, Any]

BOARD_UNKNOWN = register(
    "BOARD_UNKNOWN",
    "没有榜单“{found}”；有初稿的：{allowed}",
    "there is no board {found}; drafted are: {allowed}",
)


def boards(engine: Reading, name: str, unit: str, word: str) -> Iterator[Row]:
    """Boards by their rounds, the latest first."""
    rows = [row for _, row in engine.rows("board")]
    if name and name not in (row["round"] for row in rows):
        raise refuse(BOARD_UNKNOWN, "", name, ", ".join(row["round"] for row in rows) or "-")
    for row in sorted(rows, key=lambda row: -row["drafted_at"]):
        placed = (each["member"] for each in row["places"])
        if (
            name in ("", row["round"])
            and word in ("", row["period"])
            and (not unit or unit in placed)
        ):
            yield row


def series_of(engine: Reading, row: Row) -> Series:
    """The rules of a board; of a pack that is not loaded no more than the name is known."""
    pack, name = edition_on(engine.rules, row["pack"], row["drafted_at"]), row["series"]
    if pack is None:
        return Series(name, Text(name, name), "board", "")
    return pack.series[name]


def as_dict(row: Row, series: Series) -> dict[str, Any]:
    """A board for JSON; every place says whether its rule is published or a default."""
    status = {place.id: place.status for place in series.places}
    places = [{**each, "status": status.get(each["place"])} for each in row["places"]]
    told: dict[str, Any] = jsonable({**row, "places": places})
    return told
