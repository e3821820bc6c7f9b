"""Boards (红黄黑榜): who stands on which list, what was objected, the draft."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sla_engine.cli.desk import Desk, command, group
from sla_engine.cli.noun import Data, Noun
from sla_engine.cli.options import PeriodOption, RoundArgument, UnitOption, period
from sla_engine.cli.output import Voice
from sla_engine.cli.round import DRAFT
from sla_engine.policy.clause import Place, Series, Text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text as Styled


app = group(
    "board",
    "榜单 · Boards: places, objections, the draft. Red is praise.\n\n"
    "sla-engine board ROUND shows one board; without a round, all that --unit and --period leave.",
    default="show",
)

_BOARD = Noun(app, "round", RoundArgument, "Steps of a board")

_PRAISE, _WARNING = Text("褒奖", "praise"), Text("警示", "warning")
_UNPLACED = Text("未上榜", "on no list")
_BAR, _FULL = 16, 100_00

Row = Mapping[str, Any]


@command(app, "show", help="榜单 · Places of a board, best first, and the objections to it.")
def show(
    desk: Desk,
    round: Annotated[str, typer.Argument(metavar="[ROUND]", help="The round of the board.")] = "",
    unit: UnitOption = "",
    period_: PeriodOption = "",
) -> None:
    from sla_engine.showing.boards import as_dict, boards, series_of

    period(period_, "--period")
    with desk.reading() as engine:
        rows = list(boards(engine, round, unit, period_))
        if desk.voice.json:
            desk.voice.document([as_dict(row, series_of(engine, row)) for row in rows])
            return
        if not rows:
            desk.voice.note("没有榜单 · no board")
        for row in rows:
            desk.voice.show(*_render(row, series_of(engine, row), unit, desk.voice))


@_BOARD.step("draft", "drafted", DRAFT)
def draft() -> Data:
    return {}


def _render(row: Row, series: Series, unit: str, voice: Voice) -> "Iterator[RenderableType]":
    from sla_engine import words
    from sla_engine.cli import output
    from sla_engine.cli.bars import bar
    from sla_engine.cli.output import styled
    from sla_engine.showing.written import when

    phase = voice.word(words.phase("round", row["phase"]))
    told = row["published_at"] or row["drafted_at"]
    yield styled(
        (f"{voice.word(series.name)} {row['period']}", "bold"),
        f"  {row['round']}  {phase} {when(told)}",
    )
    table = output.table(
        "", "榜 place", "性质 sense", "名次 rank", "单位 member", "得分 score", "图 bar"
    )
    full = max((_FULL, *(each["score"] for each in row["places"])))
    for place, members in _placed(row["places"], series.places):
        for each in members:
            if unit in ("", each["member"]):
                drawn = bar(each["score"], full, _BAR)
                table.add_row(*_cells(each, place, row["overturned"], voice), drawn)
    yield table
    for each in row["objections"]:
        said = voice.word(Text("异议", "objection"))
        yield f"{said} {when(each['at'])} {each['member']}：{each['ground']}（{each['signer']}）"


def _placed(
    places: Iterable[Row], known: Iterable[Place]
) -> Iterator[tuple[Place | None, list[Row]]]:
    """Members by place in the order of the pack, those on no list at the end."""
    rows = list(places)
    named = {place.id for place in known}
    for place in known:
        yield place, [each for each in rows if each["place"] == place.id]
    yield None, [each for each in rows if each["place"] not in named]


def _cells(
    each: Row, place: Place | None, overturned: Iterable[str], voice: Voice
) -> "Iterator[str | Styled]":
    from sla_engine import words
    from sla_engine.cli.output import styled

    if place is None:
        yield voice.word(Text("已撤", "overturned") if each["member"] in overturned else _UNPLACED)
        yield "—"
    else:
        flag = f" {voice.word(words.DEFAULT)}" if place.status == "default" else ""
        yield styled(voice.word(place.name), (flag, "yellow"))
        yield voice.word(_PRAISE if place.praise else _WARNING)
    yield str(each["rank"] or "—")
    yield each["member"]
    yield f"{each['score'] / 100:.2f}"
