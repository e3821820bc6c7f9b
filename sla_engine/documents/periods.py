"""Documents about a period: statement of a month, weekly circular, half-year report."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sla_engine.documents import witness
from sla_engine.documents.form import Days, Fields, Moment, Rate, Row, Source
from sla_engine.identity import digest
from sla_engine.record import Instant
from sla_engine.round.events import RoundOpened, StatementSigned
from sla_engine.round.period import cycle_of

_SHORT = 12
_NO_RATE = "—"
_BALANCE = ("opening", "new", "struck_off", "carried_over", "overdue")
_SIDES = ("unit", "office")


def percent(numerator: int, denominator: int) -> str:
    """A share as it is published, `98.62%`, half a hundredth rounded up; "" of nothing."""
    if denominator == 0:
        return ""
    share = Decimal(100 * numerator) / Decimal(denominator)
    return f"{share.quantize(Decimal('0.01'), ROUND_HALF_UP)}%"


# --------------------------------------------------------------------------------- statement


def statement(source: Source) -> Fields:
    """对账单: what both sides signed for a month, beside what the log comes to."""
    opened = witness.last(source.chronicle, RoundOpened)
    signed = witness.facts(source.chronicle, StatementSigned)
    members = [source.unit] if source.unit else list(source.chronicle.lanes.all)
    counted = _by_unit(source.model("reconciliation"))
    latest = {(each.event.member, each.event.side): each for each in signed}
    rows = [_balance(member, counted.get(member), latest) for member in members]
    return {
        "round": source.name,
        "period": witness.said(opened, "period"),
        "office": witness.said(opened, "unit"),
        "region": source.region,
        "unit": source.unit or None,
        "rows": tuple(rows),
        "differences": tuple(row for row in rows if row["differs"] or not row["balanced"]),
    }


def _by_unit(rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, int]]:
    """All lists of a unit together."""
    units: dict[str, dict[str, int]] = {}
    for row in rows:
        sums = units.setdefault(str(row["unit"]), dict.fromkeys(_BALANCE, 0))
        for name in _BALANCE:
            sums[name] += row[name]
    return dict(units)


def _balance(
    member: str,
    counted: Mapping[str, Any] | None,
    latest: Mapping[tuple[str, str], witness.Fact[StatementSigned]],
) -> dict[str, Any]:
    """One unit's month: as counted, else as the unit signed; who signed; whether they agree."""
    sides = {side: latest[member, side] for side in _SIDES if (member, side) in latest}
    claims = {side: _claim(fact.event) for side, fact in sides.items()}
    shown: Mapping[str, Any] = counted or claims.get("unit") or claims.get("office") or {}
    amounts = {name: shown.get(name) for name in _BALANCE}
    differs = {
        f"{side}.{name}"
        for side, claim in claims.items()
        for name in _BALANCE
        if counted is not None and claim[name] != counted[name]
    }
    return {
        "unit": member,
        **amounts,
        "balanced": "yes" if balanced(amounts) else "",
        "differs": tuple(sorted(differs)),
        **{f"signed_{side}": _signature(sides.get(side)) for side in _SIDES},
        **{f"{side}_claims": _told(claims.get(side)) for side in _SIDES},
    }


def balanced(amounts: Mapping[str, Any]) -> bool:
    """opening + new - struck_off = carried_over."""
    if any(amounts[name] is None for name in _BALANCE[:4]):
        return False
    return bool(
        amounts["opening"] + amounts["new"] - amounts["struck_off"] == amounts["carried_over"]
    )


def _claim(event: StatementSigned) -> dict[str, int]:
    return {name: getattr(event, name) for name in _BALANCE}


def _told(claim: Mapping[str, int] | None) -> str:
    return "" if claim is None else " / ".join(str(claim[name]) for name in _BALANCE)


def _signature(fact: witness.Fact[StatementSigned] | None) -> str:
    return "" if fact is None else f"{fact.event.signer}（{fact.at}）"


# ------------------------------------------------------------------------ circular and report


def circular(source: Source) -> Fields:
    """情况通报 of a week or a month: figures, what is overdue, acts, talks."""
    return {**_figures(source), **_events(source)}


def half_year(source: Source) -> Fields:
    """半年通报 (also for a quarter or a year): the same, with boards, lists and the course of the
    period."""
    return {
        **circular(source),
        "boards": tuple(_boards(source)),
        "balances": tuple(_balances(source)),
        "course": tuple(_course(source)),
    }


def _figures(source: Source) -> dict[str, Any]:
    days, petitions = source.period, source.model("petition_card")
    rates = source.rates.get(days.word, ())
    calendar = source.rules.calendar(source.pack, source.region, source.at)
    packs = dict.fromkeys((source.pack.digest, *(each for rate in rates for each in rate.packs)))
    calendars = {each for rate in rates for each in rate.calendars} or {calendar.digest}
    applied = sorted({each for rate in rates for each in rate.exclusions})
    return {
        "period": days.word,
        "cycle": cycle_of(days.word),
        "days": str(days),
        "region": source.region,
        "pack": f"{source.pack.title.zh} {source.pack.edition}",
        "pack_digest": tuple(each[:_SHORT] for each in packs),
        "calendar_digest": tuple(sorted(each[:_SHORT] for each in calendars)),
        "exclusions": tuple(text.zh for text in source.pack.exclusions.values()),
        "exclusion_digest": digest(applied)[:_SHORT],
        "excluded": len({each.partition("|")[0] for each in applied}),
        **_volume(petitions, _span(days, source)),
        "rates": tuple(_rate(rate, source) for rate in rates),
        "by_kind": tuple(_rate(rate, source) for rate in source.rates.get(f"{days.word}|kind", ())),
    }


def _rate(rate: Rate, source: Source) -> Row:
    measure = source.pack.measures.get(rate.measure)
    share = percent(rate.numerator, rate.denominator)
    row: dict[str, Any] = {
        "measure_id": rate.measure,
        "indicator": rate.measure,
        "group": rate.group,
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "excluded": rate.excluded,
        "share": share,
    }
    if measure is not None:
        row |= {"indicator": measure.name.zh}
        row |= {"formula": measure.formula.zh, "status": measure.status}
        row |= {"basis": "；".join(measure.basis)}
        if measure.is_count:
            row |= {"denominator": _NO_RATE, "share": _NO_RATE}
    return row


def _volume(
    petitions: Sequence[Mapping[str, Any]], span: tuple[Instant, Instant]
) -> dict[str, int]:
    """How many came in, how many were resolved, how many are in hand when the period ends.

    What came in before and is in hand at the beginning makes the account: before + came in =
    resolved + in hand, reworked petitions counted by their latest resolution."""
    first, end = span
    return {
        "carried_in": sum(_in_hand(row, first) for row in petitions),
        "registered": sum(_inside(row["registered_at"], first, end) for row in petitions),
        "resolved": sum(_inside(_settled(row), first, end) for row in petitions),
        "in_hand": sum(_in_hand(row, end) for row in petitions),
    }


def _settled(row: Mapping[str, Any]) -> Instant | None:
    """When a petition left the hands of those who handle it."""
    settled: Instant | None = row.get("resolved_at") or row.get("closed_at")
    return settled


def _in_hand(row: Mapping[str, Any], at: Instant) -> bool:
    settled = _settled(row)
    return row["registered_at"] < at and (settled is None or settled >= at)


def _inside(at: Instant | None, first: Instant, end: Instant) -> bool:
    return at is not None and first <= at < end


def _span(days: Days, source: Source) -> tuple[Instant, Instant]:
    """First instant of a period, and the first behind it."""
    midnight = source.rules.calendar(source.pack, source.region, source.at).zone.midnight
    return midnight[days.first.toordinal()], midnight[days.after.toordinal()]


def _events(source: Source) -> dict[str, Any]:
    """Acts and talks of the period, one row each."""
    first, end = _span(source.period, source)
    acts = [row for row in source.model("supervision") if _inside(row["recorded_at"], first, end)]
    talks = [row for row in source.model("talk_register") if _touched(row, first, end)]
    return {
        "orders": tuple(_order(row, source) for row in acts if row.get("stands", True)),
        "talks": tuple(_talk(row) for row in talks),
    }


def _touched(row: Mapping[str, Any], first: Instant, end: Instant) -> bool:
    steps = ("proposed_at", "held_at", "struck_off_at")
    return any(_inside(row.get(name), first, end) for name in steps)


def _order(row: Mapping[str, Any], source: Source) -> Row:
    clause = next((c.name.zh for c in source.pack.clauses if c.id == row["clause"]), row["clause"])
    return {
        "about": row["stream"].split("/", 1)[1],
        "unit": row["unit"],
        "act": row["act"],
        "clause": clause,
        "issued_at": Moment(row["recorded_at"]),
        "settled_at": Moment(row["settled_at"]) if row.get("settled_at") else None,
    }


def _talk(row: Mapping[str, Any]) -> Row:
    return {
        "talk": row["talk"],
        "unit": row["unit"],
        "tier": row["tier"],
        "phase": row["phase"],
        "causes": len(row["causes"]),
        "proposed_at": Moment(row["proposed_at"]),
    }


def _boards(source: Source) -> Iterator[Row]:
    """Places of the boards published in the period, best first; those overturned are left out."""
    first, end = _span(source.period, source)
    published = [row for row in source.model("board") if _inside(row["published_at"], first, end)]
    for row in published:
        series = source.pack.series.get(row["series"])
        for place in series.places if series is not None else ():
            members = [
                each["member"]
                for each in sorted(row["places"], key=lambda each: each["rank"])
                if each["place"] == place.id and each["member"] not in row["overturned"]
            ]
            yield {
                "period": row["period"],
                "board": place.name.zh,
                "praise": "yes" if place.praise else "no",
                "members": tuple(members),
            }


def _balances(source: Source) -> Iterator[Row]:
    """The account of each list: all units and months of the period together."""
    lists: dict[str, list[Mapping[str, Any]]] = {}
    for row in source.model("reconciliation"):
        lists.setdefault(str(row["list"]), []).append(row)
    for name, rows in sorted(lists.items()):
        yield {"list": witness.list_name(name, source.pack), **_total(rows)}


def _total(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Units side by side, months one behind the other."""
    months = sorted({str(row["month"]) for row in rows})
    first = [row for row in rows if row["month"] == months[0]]
    final = [row for row in rows if row["month"] == months[-1]]
    return {
        "opening": sum(row["opening"] for row in first),
        "new": sum(row["new"] for row in rows),
        "struck_off": sum(row["struck_off"] for row in rows),
        "carried_over": sum(row["carried_over"] for row in final),
        "overdue": sum(row["overdue"] for row in final),
    }


def _course(source: Source) -> Iterator[Row]:
    """Month by month: what came in and what was resolved."""
    petitions = source.model("petition_card")
    for days in source.period.months():
        volume = _volume(petitions, _span(days, source))
        yield {"month": days.word, **{name: volume[name] for name in ("registered", "resolved")}}
