"""The scorecard (考核指标): every measure with its formula, its numbers, the editions behind it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sla_engine.cli.desk import Desk, command
from sla_engine.cli.options import PackOption, PeriodOption, UnitOption, day, misused, period
from sla_engine.cli.output import Voice
from sla_engine.policy.clause import Measure, Text

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text as Styled

    from projections.figures import Figure
    from sla_engine.regions import Reading
    from sla_engine.showing.scorecards import Card


app = typer.Typer()

_BAR = 16


@command(
    app,
    "scorecard",
    help="考核 · Every rate or count with formula, numbers, exclusions and editions.\n\n"
    "Items not yet due are in no denominator; what is overdue and still open counts as late. Rates "
    "run until yesterday; from the first of January unless --from or --period says otherwise.",
)
def scorecard(  # one argument for each option
    desk: Desk,
    *,
    pack: PackOption = "",
    unit: UnitOption = "",
    from_: Annotated[
        str, typer.Option("--from", metavar="DATE", help="First day, 2024-01-01.")
    ] = "",
    to: Annotated[str, typer.Option("--to", metavar="DATE", help="Last day, 2024-06-30.")] = "",
    period_: PeriodOption = "",
    by: Annotated[
        Literal["unit", "kind"] | None, typer.Option("--by", help="One rate for each unit or kind.")
    ] = None,
) -> None:
    from sla_engine.showing.scorecards import PACK_NEEDED, SPAN_EMPTY, card_of, document

    days = period(period_, "--period")
    first, last = day(from_, "--from"), day(to, "--to")
    if days is not None:
        first, last = days.first, days.last
    with desk.reading() as engine:
        with misused(PACK_NEEDED, SPAN_EMPTY):
            card = card_of(engine, pack, unit, (first, last), by)
        if desk.voice.json:
            desk.voice.document(document(card, unit))
        else:
            desk.voice.show(*_render(card, unit, engine, desk.voice))


def _render(card: "Card", unit: str, engine: "Reading", voice: Voice) -> "Iterator[Any]":
    from sla_engine.cli.output import styled

    title = f"{voice.word(card.pack.title)}  {card.first} – {card.last}"
    yield styled((title, "bold"), f"  {unit}")
    if not card.figures:
        yield voice.word(Text("政策包没有指标", "the pack names no measure"))
        return
    yield _table(card, voice)
    for line in _editions(card, engine, voice):
        yield styled((line, "dim"))


def _table(card: "Card", voice: Voice) -> "Table":
    from sla_engine.cli import output

    grouped = any(each.group for each in card.figures)
    headings = ("分组 group",) if grouped else ()
    table = output.table(
        "", "指标 measure", *headings, "比率 rate", "图 bar", "分子/分母 n/d", "剔除 excl.",
        "口径 formula",
    )  # fmt: skip
    for each in card.figures:
        measure = card.pack.measures[each.measure]
        groups = (each.group,) if grouped else ()
        table.add_row(voice.word(measure.name), *groups, *_cells(each, measure, voice))
    return table


def _cells(each: "Figure", measure: Measure, voice: Voice) -> "Iterator[str | Styled]":
    from sla_engine import words
    from sla_engine.cli.bars import bar
    from sla_engine.cli.output import styled
    from sla_engine.documents.periods import percent

    yield percent(each.numerator, each.denominator) or "—"
    yield "" if measure.is_count else bar(each.numerator, each.denominator, _BAR)
    yield _numbers(each, measure)
    yield str(each.excluded)
    flag = f" {voice.word(words.DEFAULT)}" if measure.status == "default" else ""
    yield styled(voice.word(each.formula), (flag, "yellow"))


def _numbers(each: "Figure", measure: Measure) -> str:
    """What stands behind a rate; of a count, the count."""
    if measure.weights:
        return "—"
    return str(each.numerator) if measure.is_count else f"{each.numerator}/{each.denominator}"


def _editions(card: "Card", engine: "Reading", voice: Voice) -> Iterator[str]:
    """Packs, calendars and exclusions by which was judged."""
    known = {pack.digest: f"{pack.name} {pack.edition}" for pack in engine.rules.packs}
    packs = sorted({digest for each in card.figures for digest in each.packs})
    calendars = sorted({digest for each in card.figures for digest in each.calendars})
    exclusions = {name for each in card.figures for name in each.exclusions}
    told = (f"{known.get(digest, '')} {digest[:12]}".strip() for digest in packs)
    yield f"{voice.word(Text('政策包', 'packs'))}: {voice.listed(told) or '—'}"
    shorts = (digest[:12] for digest in calendars)
    yield f"{voice.word(Text('日历', 'calendars'))}: {voice.listed(shorts) or '—'}"
    yield f"{voice.word(Text('剔除', 'exclusions'))}: {_applied(exclusions)}"


def _applied(exclusions: set[str]) -> str:
    from sla_engine.identity import digest

    return f"{len(exclusions)}  {digest(sorted(exclusions))[:12]}" if exclusions else "0"
