"""诉求工单 · The work list: filters, saved views, pages, and the same as a file."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Any, get_args, get_type_hints
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from projections import docket
from projections.days import begin_of
from projections.docket import Filter
from sla_engine import words
from sla_engine.access.events import EXPORT, ExportTaken
from sla_engine.access.registrar import Actor, meta_of
from sla_engine.policy.clause import Scope, Text
from sla_engine.ports import Log, attempt
from sla_engine.projection import Columns
from sla_engine.record import Draft, Instant
from sla_engine.service import views
from sla_engine.showing.names import Levels, edition_on
from sla_engine.showing.written import deadline, duration, when
from sla_engine.web import pages
from sla_engine.web.console import told
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import Visitor, need
from sla_engine.web.guards import check_asked_here
from sla_engine.web.house import House, HouseDep
from sla_engine.web.language import language_of
from sla_engine.web.paths import CENTRE, party
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_date

router = APIRouter(include_in_schema=False, route_class=FormRoute)

Reads = Annotated[Visitor, need("petition:read")]
Exports = Annotated[Visitor, need("export")]

PAGE = 50
_EXPORT_PAGE = 500
_FAR = 3 * 86_400_000_000
_TEXTS = ("phase", "kind", "urgency", "region", "pack", "number")
_REGISTERED = ("registered_from", "registered_until")
_DUE = ("due_from", "due_until", "overdue")
_ASKED = ("unit", "card", *_TEXTS, "state", "order", *_DUE, *_REGISTERED)
_CARDS: Mapping[str, Text] = {
    "red": Text("红牌", "red card"),
    "yellow": Text("黄牌", "yellow card"),
    "any": Text("红牌或黄牌", "red or yellow card"),
    "none": Text("没有牌", "no card"),
}
_STATES: Mapping[str, Text] = {
    "open": Text("仅在办", "only open"),
    "ended": Text("已归档", "ended"),
    "any": Text("全部", "any"),
}
_ORDERS: Mapping[str, Text] = {
    "due": Text("最急在前", "most urgent first"),
    "newest": Text("最新登记在前", "newest first"),
}
_NUMBERED = Text("按编号排列", "by number")
FILTERS: Mapping[str, Text] = {
    "unit": Text("承办单位", "unit"),
    "card": Text("红黄牌", "card"),
    "phase": Text("环节", "phase"),
    "kind": Text("类别", "kind"),
    "urgency": Text("紧急程度", "urgency"),
    "region": Text("地区代码", "region"),
    "pack": Text("政策包", "pack"),
    "number": Text("编号（开头）", "number begins"),
    "state": Text("范围", "state"),
    "order": Text("排序", "order"),
    "due_from": Text("到期 自", "due from"),
    "due_until": Text("到期 至", "due until"),
    "overdue": Text("只看已超时", "overdue only"),
    "registered_from": Text("登记 自", "registered from"),
    "registered_until": Text("登记 至", "registered until"),
}
CHOICES: Mapping[str, Mapping[str, Text]] = {
    "unit": {CENTRE: words.CENTRE},
    "card": _CARDS,
    "phase": words.PETITION_PHASES,
    "urgency": told.VALUES,
    "state": _STATES,
    "order": _ORDERS,
    "overdue": {"1": Text("是", "yes")},
}
"""Words for what can be asked, and for the codes among the answers."""
_UNSAFE = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


@router.get("/petitions")
def petitions(request: Request, house: HouseDep, visitor: Reads, cursor: str = "") -> Response:
    engine = house.engine
    asked = _asked(request.query_params, visitor)
    wanted = filter_of(asked, house.now())
    found = docket.page(engine, wanted, cursor, PAGE)
    language = language_of(request)
    return pages.render(
        request,
        "desk/petitions.html",
        asked=asked,
        rows=list(_rows(engine, found.rows, house.now(), language)),
        page=found,
        first="?" + urlencode(_given(asked)),
        next="?" + urlencode({**_given(asked), "cursor": found.next}),
        at_first=not cursor,
        query=urlencode(_given(asked)),
        views=views.views(engine.log, visitor.name),
        choices=choices(engine),
        cards=told.CARDS,
        card_words=_CARDS,
        states=_STATES,
        orders=_ORDERS,
        order=_ORDERS.get(docket.order_of(wanted), _NUMBERED),
        by=told.by,
    )


@router.get("/petitions/export.csv")
def export(request: Request, house: HouseDep, visitor: Exports) -> Response:
    """The same list as a file for spreadsheets, without anything personal; that it was taken is on
    record."""
    check_asked_here(request)
    asked = _asked(request.query_params, visitor)
    lines = _lines(house.engine, filter_of(asked, house.now()), language_of(request))
    _record(house, visitor, asked)
    head = {"Content-Disposition": 'attachment; filename="petitions.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=head)


def _filters(query: str) -> str:
    """The filters that a query names; whatever else it says is left out."""
    return urlencode(_given({name: dict(parse_qsl(query)).get(name, "") for name in _ASKED}))


def _list_of(typed: Mapping[str, Any]) -> str:
    return f"/petitions?{_filters(str(typed.get('query', '')))}"


@router.post("/petitions/views")
@stands_on(_list_of)
def save_view(
    house: HouseDep,
    visitor: Reads,
    name: Annotated[str, Form()] = "",
    query: Annotated[str, Form()] = "",
) -> Response:
    filters = _filters(query)
    views.save(house.engine.log, visitor.name, name, filters)
    return RedirectResponse(f"/petitions?{filters}", HTTPStatus.SEE_OTHER)


@router.post("/petitions/views/drop")
@stands_on("/petitions")
def drop_view(house: HouseDep, visitor: Reads, name: Annotated[str, Form()] = "") -> Response:
    views.drop(house.engine.log, visitor.name, name)
    return RedirectResponse("/petitions", HTTPStatus.SEE_OTHER)


# --------------------------------------------------------------------------------------- filters


def filter_of(asked: Mapping[str, str], now: Instant) -> Filter:
    """The docket's filter for what a form says; what a field cannot say, it does not. What is due
    at 24:00 is due on the day that ends then. Raises `Refusal` for a date that is none."""
    hints = get_type_hints(Filter)
    chosen: dict[str, Any] = {
        name: asked[name]
        for name in ("order", "state", "card")
        if asked.get(name) in get_args(hints[name])
    }
    chosen |= {name: asked[name] for name in _TEXTS if asked.get(name)}
    if unit := asked.get("unit"):
        chosen["unit"] = party(unit)
    if asked.get("number"):
        chosen.setdefault("state", "any")
    first, last = _day(asked, "due_from"), _day(asked, "due_until")
    if first is not None:
        chosen["due_from"] = begin_of(first) + 1
    if last is not None:
        chosen["due_before"] = begin_of(last + timedelta(1)) + 1
    if asked.get("overdue"):
        chosen["due_before"] = min(now, chosen.get("due_before", now))
    since, until = (_day(asked, name) for name in _REGISTERED)
    if since is not None:
        chosen["registered_from"] = begin_of(since)
    if until is not None:
        chosen["registered_before"] = begin_of(until + timedelta(1))
    return Filter(**chosen)


def _day(asked: Mapping[str, str], name: str) -> date | None:
    return parse_date(asked[name], name) if asked.get(name) else None


def _asked(query: Mapping[str, str], visitor: Visitor) -> dict[str, str]:
    """What the form says; a handler asks about their own unit alone."""
    asked = {name: query.get(name, "").strip() for name in _ASKED}
    return {**asked, "unit": visitor.unit} if visitor.unit else asked


def _given(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if value}


def choices(engine: Engine) -> dict[str, Any]:
    """What can be chosen: names that the packs know, units that have anything."""
    packs = {pack.name: pack for pack in engine.rules.packs}
    fields: dict[str, set[str]] = {"kind": set(), "urgency": {"normal", "urgent"}}
    for clause in (each for pack in packs.values() for each in pack.clauses):
        if clause.scope in (Scope.PETITION, Scope.ASSIGNMENT):
            for name, values in clause.match.fields.items():
                fields.setdefault(name, set()).update(values)
    keys = (key.partition("|")[2] for key, _ in engine.rows("docket.cells", "unit|"))
    return {
        "units": [unit for unit in keys if unit],
        "phases": words.PETITION_PHASES,
        "kinds": sorted(fields["kind"]),
        "urgencies": {name: told.VALUES.get(name, Text(name, name)) for name in fields["urgency"]},
        "packs": {name: pack.title for name, pack in sorted(packs.items())},
    }


# ------------------------------------------------------------------------------------------ rows


def _rows(
    engine: Engine, rows: Sequence[Columns], now: Instant, language: str
) -> Iterator[Columns]:
    """Rows with their codes in words."""
    levels = Levels(engine)
    for row in rows:
        over = row["due"] is not None and row["due"] < now
        yield {
            **row,
            "phase": words.phase("petition", row["phase"]),
            "clause": _clause(engine, row),
            "over": over,
            "left": _left(row["due"], now, language),
            "card": told.card_of((row["card"],), over) if row["open"] else "grey",
            "level": _level(levels, row),
        }


def _clause(engine: Engine, row: Columns) -> Text | None:
    pack = edition_on(engine.rules, row["pack"], row["registered_at"])
    clauses = () if pack is None else pack.clauses
    return next((each.name for each in clauses if each.id == row["clause"]), None)


_WITHOUT: Mapping[str, Text] = {
    "red": Text("（未发红牌）", ", no red card given"),
    "yellow": Text("（未发黄牌）", ", no yellow card given"),
}
"""What the name of a level with that light leaves open: an urging reaches it without a card."""


def _level(levels: Levels, row: Columns) -> Text | None:
    level = levels.level(row["pack"], row["level"])
    if level is None:
        return None
    without = _WITHOUT.get(level.light)
    if without is None or row["card"] in ("red", level.light):
        return level.name
    return Text(level.name.zh + without.zh, level.name.en + without.en)


def _left(due: Instant | None, now: Instant, language: str) -> str:
    """Clock time, for a list is read at a glance; the petition itself shows working days."""
    if due is None:
        return "—"
    sign = Text("已超", "over by ") if due < now else Text("还有", "")
    shown = 1 if abs(due - now) >= _FAR else 2
    return told.say(sign, language) + duration(due - now, language, shown)


_COLUMNS = (
    Text("编号", "number"), Text("类别", "kind"), Text("事项", "matter"), Text("地区", "region"),
    Text("紧急程度", "urgency"), Text("承办单位", "unit"), Text("环节", "phase"),
    Text("红黄牌", "card"), Text("最早到期", "due"), Text("登记时间", "registered"),
    Text("办结归档时间", "ended"), Text("政策包", "pack"),
)  # fmt: skip


def _lines(engine: Engine, wanted: Filter, language: str) -> Iterator[bytes]:
    """The file piece by piece, each a page of the list. It begins with the mark by which
    spreadsheets know UTF-8."""

    def say(text: Text | None) -> str:
        return "" if text is None else text.zh if language == "zh" else text.en

    yield "\ufeff".encode() + _written([[say(each) for each in _COLUMNS]])
    cursor = ""
    while True:
        found = docket.page(engine, wanted, cursor, _EXPORT_PAGE)
        yield _written([[*_cells(row, say)] for row in found.rows])
        cursor = found.next
        if not cursor:
            return


def _cells(row: Columns, say: Any) -> Iterator[str]:
    yield from (row["no"], row["kind"], row["matter"], row["region"])
    yield say(told.VALUES.get(row["urgency"], Text(row["urgency"], row["urgency"])))
    yield row["unit"]
    yield say(words.phase("petition", row["phase"]))
    yield say(_CARDS.get(row["card"]))
    yield deadline(row["due"], "")
    yield when(row["registered_at"], "")
    yield when(row["ended_at"], "")
    yield row["pack"]


def _written(rows: list[list[str]]) -> bytes:
    """Lines of a spreadsheet; what it would take for a formula is made text."""
    out = io.StringIO()
    csv.writer(out).writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_UNSAFE) else cell


def _record(house: House, visitor: Visitor, asked: Mapping[str, str]) -> None:
    """That somebody takes the list away; before they do."""
    log: Log = house.engine.log
    told_of = tuple(f"{name}={value}" for name, value in _given(asked).items())
    by = Actor(visitor.name, ",".join(sorted(visitor.roles)), visitor.source)
    draft = Draft(meta_of(by, house.now()), ExportTaken("petitions", told_of))
    stream = EXPORT + visitor.name

    def work() -> None:
        with log.transact() as tx:
            tx.append(stream, len(tx.load(stream)), [draft])

    attempt(work)
