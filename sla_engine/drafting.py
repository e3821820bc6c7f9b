"""What a document is drawn from, gathered out of an engine: dossiers, rows, figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from projections.reconciliation import balances
from projections.scorecard import figures
from sla_engine.documents.form import About, Days, Document, Rate, Source
from sla_engine.documents.register import draw, form_of
from sla_engine.errors import Refusal, refuse, register
from sla_engine.policy.clause import Pack
from sla_engine.record import Instant
from sla_engine.regions import Reading
from sla_engine.sla.assess import Assessment
from sla_engine.sla.cycle import pack_at
from sla_engine.talk.events import CauseAttached, CauseOverturned, TalkProposed
from sla_engine.wiring import Engine

Columns = Mapping[str, Any]

ABOUT_WRONG = register(
    "ABOUT_WRONG",
    "“{found}”不能出具这种文书；它针对：{allowed}",
    "this document cannot be drawn about {found}; it is about: {allowed}",
)
PERIOD_NAMED = register(
    "PERIOD_NAMED",
    "“{found}”应写成 {allowed}",
    "{found} should be written {allowed}",
)
PROJECT_UNKNOWN = register(
    "PROJECT_UNKNOWN",
    "没有企业或项目“{found}”的清单事项",
    "no list item belongs to an enterprise or project {found}",
)

_ONE_DAY = timedelta(days=1)
_PERIOD_ROWS = ("petition_card", "supervision", "talk_register", "board", "callbacks")
_CAUSE_PARTS = 5


def drawn(
    engine: Engine,
    name: str,
    of: str,
    unit: str = "",
    known_at: Instant | None = None,
) -> Document:
    """The document of that name about `of`; about a dossier, as known at `known_at` (None: now).

    `of` is the number or id of a dossier; PACK/PERIOD ("mingguang-three-tier/2024-W21") for a
    document about a period; an enterprise or project for its map. `unit` narrows a statement.
    Raises `Refusal` DOCUMENT_UNKNOWN, ABOUT_WRONG, UNKNOWN_DOSSIER, or NOTHING_TO_DRAW.
    """
    about = form_of(name).about
    if "period" in about:
        source = _of_word(engine, of)
    elif "project" in about:
        source = _of_project(engine, of)
    else:
        source = _of_dossier(engine, about, of, unit, known_at)
    return draw(name, of, source)


def of_period(engine: Engine, pack: Pack, region: str, days: Days, at: Instant) -> Source:
    """What a document about a period is drawn from: the pack's rows, and its rates in all, by kind
    of petition, over the days that have ended."""
    rows = {model: _rows_of(engine, model, pack.name, region) for model in _PERIOD_ROWS}
    rows["reconciliation"] = list(_balances(engine, pack.name, region, days))
    return Source(
        at,
        engine.rules,
        pack,
        region or pack.region,
        rows=rows,
        rates=_rates(engine, pack, region, days, at),
        days=days,
    )


# -------------------------------------------------------------------------------- one dossier


def _of_dossier(
    engine: Engine, about: Sequence[About], of: str, unit: str, known_at: Instant | None
) -> Source:
    stream = _stream(engine, about, of)
    at = known_at if known_at is not None else engine.clock.now()
    case = engine.assess(stream, known_at=known_at)
    chronicle = case.chronicle
    pack = pack_at(chronicle, chronicle.marks[0], engine.rules)
    region = chronicle.traits.get("region", "") or pack.region
    events = [
        each
        for each in engine.events(stream)
        if known_at is None or each.meta.recorded_at <= known_at
    ]
    return Source(
        at,
        engine.rules,
        pack,
        region,
        case,
        events,
        linked=_linked(engine, case, region, known_at),
        rows=_about(engine, stream, case, pack, region),
        unit=unit,
    )


def _stream(engine: Engine, about: Sequence[About], of: str) -> str:
    """The stream meant; of a talk the part behind its unit will do."""
    talks = [each for each in engine.log.streams("talk/") if each.endswith(f"/{of}")]
    stream = talks[0] if len(talks) == 1 else engine.stream_of(of)
    if stream.partition("/")[0] not in about:
        raise refuse(ABOUT_WRONG, "", of, ", ".join(about))
    return stream


def _linked(
    engine: Engine, case: Assessment, region: str, known_at: Instant | None
) -> dict[str, Assessment]:
    """The dossiers that a talk's causes name, and the roster of the region."""
    streams = dict.fromkeys((*_named(case), f"roster/{region}"))
    there = (each for each in streams if engine.events(each))
    return {each: engine.assess(each, known_at=known_at) for each in there}


def _named(case: Assessment) -> Iterator[str]:
    for fact in case.chronicle.facts:
        event = fact.event
        causes: tuple[str, ...] = ()
        if isinstance(event, TalkProposed):
            causes = event.causes
        elif isinstance(event, CauseAttached | CauseOverturned):
            causes = (event.cause,)
        for cause in causes:
            stream, *rest = cause.rsplit("|", _CAUSE_PARTS - 1)
            if len(rest) == _CAUSE_PARTS - 1:
                yield stream


def _about(
    engine: Engine, stream: str, case: Assessment, pack: Pack, region: str
) -> dict[str, list[Columns]]:
    """Rows of the dossier itself: its orders, and of a monthly statement the account."""
    orders: list[Columns] = [row for _, row in engine.rows("supervision", f"{stream}|")]
    rows: dict[str, list[Columns]] = {"supervision": orders}
    period = case.chronicle.traits.get("period", "")
    if stream.startswith("round/") and period:
        rows["reconciliation"] = _month(engine, pack.name, region, period)
    return rows


# ----------------------------------------------------------------------- periods and projects


def _of_word(engine: Engine, of: str) -> Source:
    name, slash, word = of.partition("/")
    if not slash:
        raise refuse(PERIOD_NAMED, "", of, "PACK/PERIOD")
    days, at = Days.of(word), engine.clock.now()
    return of_period(engine, pack_of(engine, name, days.last, at), "", days, at)


def pack_of(engine: Reading, name: str, last: date, at: Instant) -> Pack:
    """The edition by whose formulas a period is reported: that in force on its last day. Where that
    day lies ahead, or that edition names no measure, the one in force at `at`."""
    present = engine.rules.pack_on(name, at)
    try:
        then = engine.rules.pack(name, last)
    except Refusal:
        return present
    return then if then.measures else present


def _of_project(engine: Engine, of: str) -> Source:
    rows = [row for _, row in engine.rows("items") if row["project"] == of]
    if not rows:
        raise refuse(PROJECT_UNKNOWN, "", of)
    at = engine.clock.now()
    pack = engine.rules.pack_on(rows[0]["pack"], at)
    region = rows[0]["region"] or pack.region
    return Source(at, engine.rules, pack, region, rows={"items": rows}, project=of)


def _rows_of(engine: Engine, model: str, pack: str, region: str) -> list[Columns]:
    """Rows of one pack (and region); an order has them of the dossier it is about."""
    if model == "supervision":
        return _orders(engine, pack, region)
    return [row for _, row in engine.rows(model) if _belongs(row, pack, region)]


def _belongs(row: Columns, pack: str, region: str) -> bool:
    return row["pack"] == pack and region in ("", row["region"])


def _orders(engine: Engine, pack: str, region: str) -> list[Columns]:
    about = {
        stream
        for model in ("petition_card", "talk_register", "items", "rounds")
        for stream, row in engine.rows(model)
        if _belongs(row, pack, region)
    }
    return [row for _, row in engine.rows("supervision") if row["stream"] in about]


def _balances(engine: Engine, pack: str, region: str, days: Days) -> Iterator[Columns]:
    for month in days.months():
        yield from _month(engine, pack, region, month.word)


def _month(engine: Engine, pack: str, region: str, month: str) -> list[Columns]:
    found = balances(engine.rows("reconciliation.cells"), month, engine.rows("rounds"))
    return [asdict(each) for each in found if each.pack == pack and region in ("", each.region)]


def _rates(
    engine: Engine, pack: Pack, region: str, days: Days, at: Instant
) -> dict[str, Sequence[Rate]]:
    cells = [
        (key, counters)
        for key, counters in engine.rows("scorecard.cells", f"{pack.name}|")
        if region in ("", key.split("|", 2)[1])
    ]
    last = min(days.after, ended(engine, pack, at)) - _ONE_DAY
    return {
        days.word: figures(cells, pack, days.first, last),
        f"{days.word}|kind": figures(cells, pack, days.first, last, "kind"),
    }


def ended(engine: Reading, pack: Pack, at: Instant) -> date:
    """The first day that has not ended at `at`."""
    return engine.rules.calendar(pack, pack.region, at).zone.date_of(at)
