"""The scorecard (考核指标): every measure with its formula, its numbers, the editions behind it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from sla_engine.cli.desk import Desk, Misuse, command
from sla_engine.cli.options import PackOption, PeriodOption, UnitOption, day, period
from sla_engine.cli.output import Voice
from sla_engine.errors import Fault, register
from sla_engine.policy.clause import Measure, Pack, Text

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text as Styled

    from projections.figures import Figure
    from sla_engine.regions import Reading

PACK_NEEDED = register(
    "PACK_NEEDED",
    "请用 --pack 指明政策包；库中有：{allowed}",
    "name the policy pack with --pack; the store has: {allowed}",
)
SPAN_EMPTY = register(
    "SPAN_EMPTY",
    "{found} 没有已经过完的日子；指标只算到昨天（{allowed}）",
    "no day of {found} has ended; rates run until yesterday ({allowed})",
)

app = typer.Typer()

_ONE_DAY = timedelta(days=1)
_BAR = 16
_RULED = ("petition_card", "talk_register", "items", "rounds", "board")


class By(StrEnum):
    """What the rates are grouped by."""

    unit = "unit"
    kind = "kind"


class Card(NamedTuple):
    """The rates of one pack over the days from `first` to `last`, both included."""

    pack: Pack
    first: date
    last: date
    figures: "Sequence[Figure]"


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
    by: Annotated[By | None, typer.Option("--by", help="One rate for each unit or kind.")] = None,
) -> None:
    days = period(period_, "--period")
    first, last = day(from_, "--from"), day(to, "--to")
    if days is not None:
        first, last = days.first, days.last
    with desk.reading() as engine:
        card = _card(engine, pack, unit, (first, last), by)
        if desk.voice.json:
            desk.voice.document(_document(card, unit))
        else:
            desk.voice.show(*_render(card, unit, engine, desk.voice))


def the_pack(engine: "Reading", name: str) -> str:
    """The pack's name; without one, the one pack by which whatever is in the store is governed.
    Raises `Misuse` PACK_NEEDED where that is not one."""
    stored = (row["pack"] for model in _RULED for _, row in engine.rows(model))
    found = {name} if name else set(stored)
    if len(found) != 1:
        raise Misuse(Fault(PACK_NEEDED, "--pack", "", ", ".join(sorted(found)) or "-"))
    return found.pop()


def _card(
    engine: "Reading",
    name: str,
    unit: str,
    span: tuple[date | None, date | None],
    by: By | None,
) -> Card:
    from projections.scorecard import figures
    from sla_engine.drafting import ended, pack_of

    name, now = the_pack(engine, name), engine.clock.now()
    yesterday = ended(engine, engine.rules.pack_on(name, now), now) - _ONE_DAY
    last = min(span[1] or yesterday, yesterday)
    pack = pack_of(engine, name, last, now)
    first = span[0] or last.replace(month=1, day=1)
    if first > last:
        raise Misuse(Fault(SPAN_EMPTY, "--from", first.isoformat(), yesterday.isoformat()))
    cells = (
        (key, counters)
        for key, counters in engine.rows("scorecard.cells", f"{pack.name}|")
        if unit in ("", key.split("|", 4)[3])
    )
    found = figures(cells, pack, first, last, by.value if by is not None else None)
    return Card(pack, first, last, found)


def _render(card: Card, unit: str, engine: "Reading", voice: Voice) -> "Iterator[Any]":
    from sla_engine.cli.output import styled

    title = f"{voice.word(card.pack.title)}  {card.first} – {card.last}"
    yield styled((title, "bold"), f"  {unit}")
    if not card.figures:
        yield voice.word(Text("政策包没有指标", "the pack names no measure"))
        return
    yield _table(card, voice)
    for line in _editions(card, engine, voice):
        yield styled((line, "dim"))


def _table(card: Card, voice: Voice) -> "Table":
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


def _editions(card: Card, engine: "Reading", voice: Voice) -> Iterator[str]:
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


def _document(card: Card, unit: str) -> dict[str, Any]:
    return {
        "pack": {"name": card.pack.name, "edition": card.pack.edition},
        "unit": unit,
        "first": card.first.isoformat(),
        "last": card.last.isoformat(),
        "figures": [_figure(each, card.pack.measures) for each in card.figures],
    }


def _figure(each: "Figure", measures: Mapping[str, Measure]) -> dict[str, Any]:
    from sla_engine.documents.periods import percent

    measure = measures[each.measure]
    return {
        "measure": each.measure,
        "name": {"zh": measure.name.zh, "en": measure.name.en},
        "group": each.group,
        "numerator": each.numerator,
        "denominator": None if measure.is_count else each.denominator,
        "excluded": each.excluded,
        "percent": percent(each.numerator, each.denominator) or None,
        "formula": {"zh": each.formula.zh, "en": each.formula.en},
        "basis": measure.basis,
        "status": measure.status,
        "packs": each.packs,
        "calendars": each.calendars,
        "exclusions": each.exclusions,
        "exclusion_list": each.exclusion_list,
        "disputes": each.disputes,
        "parts": [_figure(part, measures) for part in each.parts],
    }
