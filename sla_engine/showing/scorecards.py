"""The scorecard (考核指标): every measure with its formula, its numbers, the editions behind it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from projections.figures import By, Figure, figures
from sla_engine.documents.periods import percent
from sla_engine.drafting import ended, pack_of
from sla_engine.errors import refuse, register
from sla_engine.policy.clause import Measure, Pack
from sla_engine.regions import Reading
from sla_engine.showing.plain import both

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

_ONE_DAY = timedelta(days=1)

_RULED = ("petition_card", "talk_register", "items", "rounds", "board")


class Card(NamedTuple):
    """The rates of one pack over the days from `first` to `last`, both included."""

    pack: Pack
    first: date
    last: date
    figures: Sequence[Figure]


def the_pack(engine: Reading, name: str) -> str:
    """The pack's name; without one, the one pack by which whatever is in the store is governed.
    Raises `Refusal` PACK_NEEDED where that is not one."""
    stored = (row["pack"] for model in _RULED for _, row in engine.rows(model))
    found = {name} if name else set(stored)
    if len(found) != 1:
        raise refuse(PACK_NEEDED, "pack", "", ", ".join(sorted(found)) or "-")
    return found.pop()


def card_of(
    engine: Reading,
    name: str,
    unit: str,
    span: tuple[date | None, date | None],
    by: By | None,
) -> Card:
    name, now = the_pack(engine, name), engine.clock.now()
    yesterday = ended(engine, engine.rules.pack_on(name, now), now) - _ONE_DAY
    last = min(span[1] or yesterday, yesterday)
    pack = pack_of(engine, name, last, now)
    first = span[0] or last.replace(month=1, day=1)
    if first > last:
        raise refuse(SPAN_EMPTY, "from", first.isoformat(), yesterday.isoformat())
    cells = (
        (key, counters)
        for key, counters in engine.rows("scorecard.cells", f"{pack.name}|")
        if unit in ("", key.split("|", 4)[3])
    )
    found = figures(cells, pack, first, last, by)
    return Card(pack, first, last, found)


def document(card: Card, unit: str) -> dict[str, Any]:
    """JSON-ready: every figure with its formula, its counters and the editions behind it."""
    return {
        "pack": {"name": card.pack.name, "edition": card.pack.edition},
        "unit": unit,
        "first": card.first.isoformat(),
        "last": card.last.isoformat(),
        "figures": [_figure(each, card.pack.measures) for each in card.figures],
    }


def _figure(each: Figure, measures: Mapping[str, Measure]) -> dict[str, Any]:
    measure = measures[each.measure]
    return {
        "measure": each.measure,
        "name": both(measure.name),
        "group": each.group,
        "numerator": each.numerator,
        "denominator": None if measure.is_count else each.denominator,
        "excluded": each.excluded,
        "percent": percent(each.numerator, each.denominator) or None,
        "formula": both(each.formula),
        "basis": measure.basis,
        "status": measure.status,
        "packs": each.packs,
        "calendars": each.calendars,
        "exclusions": each.exclusions,
        "exclusion_list": each.exclusion_list,
        "disputes": each.disputes,
        "parts": [_figure(part, measures) for part in each.parts],
    }
