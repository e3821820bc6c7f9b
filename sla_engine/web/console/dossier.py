"""What the pages of a petition and of a talk have in common: what was known when, the clocks as a
picture, a table and a derivation, the timeline, the forms and what becomes of them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sla_engine import words
from sla_engine.errors import refuse
from sla_engine.policy.clause import Text
from sla_engine.record import Instant
from sla_engine.service.handler import STREAM_ELSEWHERE
from sla_engine.showing.officers import Officers
from sla_engine.web.console import bars, commands, told
from sla_engine.web.console.case import NOW, Case, Known
from sla_engine.web.console.causes import Causes
from sla_engine.web.console.commands import MOMENT_WRONG, Command
from sla_engine.web.console.sending import accepted
from sla_engine.web.forms import Refused, refused, stands_on
from sla_engine.web.gate import NOT_YOURS, Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.language import language_of
from sla_engine.web.permits import check_time, permission_for
from sla_engine.wiring import Engine
from sla_engine.worktime import Amount, format_instant, parse_instant
from sla_engine.worktime.instant import FIRST_YEAR, LAST_YEAR, MINUTE, zone_of

_REGION_ZONE = "Asia/Shanghai"


def known_of(query: Mapping[str, str], engine: Engine, stream: str) -> Known:
    """From where the page is looked at: `known_at` (local time, or RFC 3339), or `step`, the
    so-manieth instant at which anything was recorded. Raises `Refusal` MOMENT_WRONG."""
    corrected = query.get("corrected", "") == "yes"
    at = _asked(query.get("known_at", ""))
    if at is None and commands.counts(query.get("step", "")):
        instants = sorted({each.meta.recorded_at for each in engine.events(stream)})
        step = int(query["step"])
        at = instants[step - 1] if 0 < step < len(instants) else None
    if at is not None and at >= engine.clock.now():
        at = None
    return Known(at, corrected and at is not None)


def _asked(text: str) -> Instant | None:
    """The minute named, to its end: who asks for 17:30 means to see what came at 17:30."""
    if not text:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise refuse(MOMENT_WRONG, "known_at", text) from None
    if told.tzinfo is not None:
        return parse_instant(text, "known_at")
    if not FIRST_YEAR <= told.year <= LAST_YEAR:
        raise refuse(MOMENT_WRONG, "known_at", text)
    minutes = told.hour * 60 + told.minute
    return zone_of(_REGION_ZONE).wall(told.toordinal(), minutes * MINUTE) + MINUTE - 1


def view(
    request: Request,
    house: House,
    visitor: Visitor,
    case: Case,
    forms: Sequence[Command],
) -> dict[str, Any]:
    """What the templates of a dossier show."""
    language, engine = language_of(request), house.engine
    rows = told.clock_rows(case, language)
    held = told.held_of(case)
    at = case.assessment.at
    return {
        "case": case,
        "phase": words.phase(case.kind.name, case.phase),
        "card": held.card,
        "card_by": [each.clause.name for each in case.readings if each.key in held.clocks],
        "cards": told.CARDS,
        "rows": rows,
        "whys": told.whys(rows, held, language),
        "lines": told.lines(case, language, Causes(engine), _officers(engine, case)),
        "picture": picture(engine, case, language),
        "now": at,
        "by": told.by,
        "amount": _amount,
        "started": lambda version: _named(case, version),
        "value": lambda text: _valued(text, language),
        "instants": case.instants,
        "step": _step(case),
        "local_at": format_instant(case.known.at or at)[:16],
        "forms": commands.possible(forms, case, visitor),
        "news": _news(engine, case, refused(request), language),
        "done": _done(request, forms),
    }


def _named(case: Case, version: int) -> Text:
    """What the fact was that a clock started by."""
    fact = next((each for each in case.events if each.version == version), None)
    return Text("", "") if fact is None else words.fact(case.kind, fact.event, case.pack)


def _amount(text: str) -> Text:
    """An amount of time as a derivation has it, in both languages."""
    return Text(text, Amount.parse(text).en())


def picture(engine: Engine, case: Case, language: str) -> Markup | None:
    """The clocks over the calendar; None without any."""
    drawn = bars.bars(case.readings)
    if not drawn:
        return None
    region = case.chronicle.traits.get("region") or case.pack.region
    calendar = engine.rules.calendar(case.pack, region, case.known.at)
    begin, end = bars.window(drawn)
    marks = bars.days(calendar, begin, end)
    return bars.draw(drawn, marks, case.assessment.at, language)


def _valued(text: str, language: str) -> str:
    found = told.VALUES.get(text)
    return text if found is None else found.zh if language == "zh" else found.en


def _officers(engine: Engine, case: Case) -> Officers:
    region = case.chronicle.traits.get("region") or case.pack.region
    opening = case.assessment.dossier.opening.event
    return Officers.of(engine, region, opening, case.known.at)


def _step(case: Case) -> int:
    """Which of the instants is looked from; the last is now."""
    at = case.known.at
    if at is None:
        return len(case.instants)
    return sum(each <= at for each in case.instants)


def _news(engine: Engine, case: Case, sent: Refused | None, language: str) -> list[told.Line]:
    """What came after the version that the sender of a stale form had seen."""
    if sent is None or all(fault.code != STREAM_ELSEWHERE for fault in sent.faults):
        return []
    seen = str(sent.typed.get("seen", ""))
    lines = told.lines(case, language, Causes(engine))
    return [each for each in lines if each.recorded.version > int(seen)]


def _done(request: Request, forms: Sequence[Command]) -> Text | None:
    """What has just been recorded, by the address that the form led to."""
    done = request.query_params.get("done", "")
    return next((each.title for each in forms if each.type == done), None)


class Screen(NamedTuple):
    """One kind of dossier as pages under `path`, where `{name}` stands for the dossier's. `opened`
    raises what keeps a visitor out."""

    kind: str
    path: str
    opened: Callable[[Engine, Visitor, str, Known], Case]

    def address(self, name: str) -> str:
        """Where the page of one dossier is."""
        return self.path.partition("{")[0] + quote(name)


def serve_forms(router: APIRouter, screen: Screen, offered: Iterable[Command]) -> None:
    """An address of its own for every form, with the permission that it takes."""
    for command in offered:
        record = stands_on(screen.path)(_recording(screen, command))
        record.__name__ = f"{screen.kind}_{command.type}"
        router.post(f"{screen.path}/record/{command.type}")(record)


def _recording(screen: Screen, command: Command) -> Callable[..., Awaitable[Response]]:
    async def record(
        request: Request,
        house: HouseDep,
        visitor: Annotated[Visitor, need(permission_for(screen.kind, command.type))],
        name: str,
    ) -> Response:
        form = await request.form()
        case = await run_in_threadpool(screen.opened, house.engine, visitor, name, NOW)
        if not case.worked_by(visitor):
            raise refuse(NOT_YOURS, "", name)
        if not commands.recorded(case, visitor, str(form.get("key", ""))):
            said = commands.submission(command, case, visitor, form, house.now())
            check_time(visitor, said, case.assessment)
            accepted(await house.tell(said))
        there = f"{screen.address(name)}?done={command.type}"
        return RedirectResponse(there, HTTPStatus.SEE_OTHER)

    return record
