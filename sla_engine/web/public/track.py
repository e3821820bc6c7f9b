"""办理进度查询: whoever has number and code sees how their petition stands, and rates it when it is
resolved. In plain words: nothing that units settle between themselves, nobody's name, no cards.

A wrong number and a wrong code are told alike and after the same time; how often somebody may try
is limited where `/track` is guarded.
"""

import asyncio
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.documents.progress import promise, updates
from sla_engine.dossier.chronicle import Chronicle
from sla_engine.errors import Fault, Refusal, register
from sla_engine.petition.events import Merged, Rated
from sla_engine.policy.clause import Text
from sla_engine.record import Instant
from sla_engine.service.intake import Submission
from sla_engine.service.tracking import matches, petitioner_of
from sla_engine.showing.written import deadline
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.sla.cycle import pack_at
from sla_engine.web import pages
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import PUBLIC, need
from sla_engine.web.house import House, HouseDep
from sla_engine.wiring import Engine

NOT_TRACKED = register(
    "NOT_TRACKED",
    "编号或查询码不对",
    "the number or the code is not right",
    "核对受理时告知的编号与查询码；遗失的请联系受理渠道",
    "check both as you were told them; if they are lost ask where you handed your petition in",
)
RATED_BEFORE = register(
    "RATED_BEFORE",
    "此件已评价过，每件评价一次",
    "this petition has been rated; each is rated once",
)
RATING_TOO_SOON = register(
    "RATING_TOO_SOON",
    "此件尚未办结，办结后可以评价",
    "this petition is not resolved yet; it can be rated then",
)
RATING_WRONG = register(
    "RATING_WRONG",
    "没有填写，或“{found}”不对；可选：{allowed}",
    "it is left out, or {found} is none of: {allowed}",
)

router = APIRouter(include_in_schema=False, route_class=FormRoute)

SOURCE = "track"
"""Under which what petitioners say here is recorded."""

_DATA = Path(__file__).parents[2] / "data" / "rating.toml"
_EVENLY_S = 0.25
_NOBODY = "-"
Field = Annotated[str, Form()]


class Rating(NamedTuple):
    """What is asked: the dimensions by id, the grades by points."""

    dimensions: Mapping[str, Text]
    grades: Mapping[int, Text]


class Step(NamedTuple):
    """One of the five steps: `state` is "done", "here" or "todo"; `at`: when it was done. Where it
    took another end, that is the last, "ended"."""

    name: Text
    state: str
    at: Instant | None


class Tracked(NamedTuple):
    """What a petitioner is shown. `ended`: it took another end than being resolved; `joined`: it is
    dealt with together with another one of theirs, whose course is shown; `waits`: it goes on."""

    no: str
    version: int
    steps: Sequence[Step]
    updates: Sequence[tuple[Instant, Text]]
    promise: Reading | None
    late: bool
    ended: Text | None
    joined: bool
    waits: bool
    resolved: bool
    rated: Rated | None


_STEPS = (
    (Text("受理", "Received"), ("admitted", "registered")),
    (Text("派单", "Assigned"), ("dispatched",)),
    (Text("办理", "In hand"), ("accepted",)),
    (Text("答复办结", "Answered"), ("resolved",)),
    (Text("评价", "Rated"), ("rated",)),
)
_REGISTERED = Text("登记", "Registered")
_HERE = {
    "registered": 0, "admitted": 1, "returned": 1, "dispatched": 2, "in_progress": 2,
    "return_requested": 2, "resolved": 4, "closed": 4,
}  # fmt: skip
"""Which step a petition is at, by its phase. What units settle between themselves is in hand."""
_ENDED = {
    "declined": Text("不予受理", "not admitted"),
    "merged": Text("已并入另一件办理", "dealt with together with another petition"),
    "withdrawn": Text("已撤回", "withdrawn"),
}
_RESOLVED = ("resolved", "closed")
_PLAIN = {
    "registered": Text("您的诉求已登记", "your petition is registered"),
    "admitted": Text("已受理", "it is admitted"),
    "declined": Text("不予受理，理由已告知", "it is not admitted; you were told why"),
    "dispatched": Text("已交承办单位办理", "it was handed to the unit that deals with it"),
    "accepted": Text("承办单位已开始办理", "the unit has begun"),
    "responded": Text("承办单位已与您联系", "the unit has been in touch with you"),
    "suspended": Text("办理依法中止", "it is suspended, as the rules allow"),
    "resumed": Text("恢复办理", "it goes on"),
    "resolved": Text("已办结并答复", "it is resolved and answered"),
    "callback_done": Text("已回访", "you were called back"),
    "rated": Text("您已评价", "you rated it"),
    "rework_ordered": Text("已要求重新办理", "it is dealt with once more"),
    "closed": Text("已归档", "it is filed"),
    "merged": Text("已并入另一件办理", "it is dealt with together with another"),
    "withdrawn": Text("已撤回", "it is withdrawn"),
}
"""What happened, as it is told to whoever asked; steps of a pack keep their names."""


@cache
def rating() -> Rating:
    """The five dimensions and the grades (data/rating.toml)."""
    table = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return Rating(
        {name: Text(*said) for name, said in table["dimensions"].items()},
        {each["points"]: Text(*each["name"]) for each in table["grade"]},
    )


@router.get("/track", dependencies=[need(PUBLIC)])
def ask(request: Request, no: str = "") -> Response:
    """编号与查询码."""
    return _page(request, no=no)


@router.post("/track", dependencies=[need(PUBLIC)])
async def look(request: Request, house: HouseDep, no: Field = "", code: Field = "") -> Response:
    """How a petition stands."""
    found = await _found(house, no, code)
    if found is None:
        return _page(request, HTTPStatus.NOT_FOUND, no=no, faults=[Fault(NOT_TRACKED)])
    return _page(request, found=found, code=code)


@router.post("/track/rating", dependencies=[need(PUBLIC)])
@stands_on("/track", posted=True)
async def rate(request: Request, house: HouseDep) -> Response:
    """用后评价: once, of what is resolved."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    no, code = form.get("no", ""), form.get("code", "")
    found = await _found(house, no, code)
    if found is None:
        return _page(request, HTTPStatus.NOT_FOUND, no=no, faults=[Fault(NOT_TRACKED)])
    await _record(house, found, _said(found, form))
    shown = await run_in_threadpool(_tracked, house.engine, found.no)
    return _page(request, found=shown, code=code, thanks=True)


def _page(
    request: Request,
    status: int = HTTPStatus.OK,
    *,
    found: Tracked | None = None,
    no: str = "",
    code: str = "",
    faults: Sequence[Fault] = (),
    thanks: bool = False,
) -> Response:
    return pages.render(
        request,
        "track/track.html",
        status=status,
        found=found,
        no=no,
        code=code,
        faults=faults,
        thanks=thanks,
        rating=rating(),
        deadline=deadline,
    )


# --------------------------------------------------------------------------------- number and code


async def _found(house: House, no: str, code: str) -> Tracked | None:
    """The petition, for whoever has its code; whoever has not waits the same time for every
    reason."""
    clock, began = house.engine.clock, house.engine.clock.monotonic()
    found = await run_in_threadpool(_opened, house.engine, no.strip(), code)
    if found is None:
        await asyncio.sleep(max(0.0, _EVENLY_S - (clock.monotonic() - began)))
    return found


def _opened(engine: Engine, no: str, code: str) -> Tracked | None:
    subject = petitioner_of(engine.log, no)
    right = matches(engine.log, subject or _NOBODY, no, code)
    return _tracked(engine, no) if right and subject else None


def _tracked(engine: Engine, no: str) -> Tracked:
    case = engine.assess(f"petition/{no}")
    shown = _followed(engine, case, no)
    phase = shown.chronicle.phase
    waits = phase not in (*_ENDED, *_RESOLVED)
    promised = promise(shown) if waits else None
    return Tracked(
        no=no,
        version=case.dossier.version,
        steps=_steps(shown.chronicle),
        updates=[*_updates(engine, case), *_since(engine, case, shown)],
        promise=promised,
        late=promised is not None and promised.due is not None and promised.due < shown.at,
        ended=_ENDED.get(phase),
        joined=shown is not case,
        waits=waits,
        resolved=case.chronicle.phase in _RESOLVED,
        rated=_rated(case.chronicle),
    )


def _followed(engine: Engine, case: Assessment, no: str) -> Assessment:
    """The petition that carries on where this one was merged, as long as it is the same
    petitioner's: of nobody else's is anything shown."""
    whose, seen = petitioner_of(engine.log, no), {no}
    while case.chronicle.phase == "merged":
        events = [each.event for each in case.chronicle.facts]
        into = [each for each in events if isinstance(each, Merged)][-1].into
        if into in seen or petitioner_of(engine.log, into) != whose:
            break
        seen.add(into)
        case = engine.assess(f"petition/{into}")
    return case


def _updates(engine: Engine, case: Assessment) -> list[tuple[Instant, Text]]:
    pack = pack_at(case.chronicle, case.chronicle.marks[0], engine.rules)
    return [(mark.at, _PLAIN.get(mark.name, said)) for mark, said in updates(case, pack)]


def _since(engine: Engine, case: Assessment, shown: Assessment) -> list[tuple[Instant, Text]]:
    """What came of the other one since they are dealt with together."""
    if shown is case:
        return []
    merged = _at(case.chronicle, ("merged",)) or 0
    return [each for each in _updates(engine, shown) if each[0] > merged]


def _steps(chronicle: Chronicle) -> list[Step]:
    if chronicle.phase in _ENDED:
        return [*_taken(chronicle), _ending(chronicle)]
    here, rated = _HERE.get(chronicle.phase, -1), _rated(chronicle) is not None
    steps = []
    for number, (name, marks) in enumerate(_STEPS):
        done = number < here or (number == len(_STEPS) - 1 and rated)
        state = "done" if done else "here" if number == here else "todo"
        steps.append(Step(name, state, _at(chronicle, marks) if done else None))
    return steps


def _taken(chronicle: Chronicle) -> Iterator[Step]:
    """The steps that were taken before it ended otherwise; the others never come."""
    for name, marks in _STEPS:
        if (at := _at(chronicle, marks[:1])) is not None:
            yield Step(name, "done", at)
        elif (at := _at(chronicle, marks[1:])) is not None:
            yield Step(_REGISTERED, "done", at)


def _ending(chronicle: Chronicle) -> Step:
    phase = chronicle.phase
    return Step(_ENDED[phase], "ended", _at(chronicle, (phase,)))


def _at(chronicle: Chronicle, names: Sequence[str]) -> Instant | None:
    """When it was last marked so, by the first of the names that is there."""
    for name in names:
        at = [mark.at for mark in chronicle.marks if mark.name == name and not mark.inherited]
        if at:
            return at[-1]
    return None


def _rated(chronicle: Chronicle) -> Rated | None:
    said = [each.event for each in chronicle.facts if isinstance(each.event, Rated)]
    return said[-1] if said else None


# ------------------------------------------------------------------------------------------ rating


def _said(found: Tracked, form: Mapping[str, str]) -> Rated:
    """What the form says. Raises `Refusal` with every fault of it."""
    faults: list[Fault] = []
    if found.rated is not None:
        faults.append(Fault(RATED_BEFORE))
    elif not found.resolved:
        faults.append(Fault(RATING_TOO_SOON))
    asked, scores = rating(), dict[str, float]()
    allowed = " / ".join(map(str, asked.grades))
    for name in asked.dimensions:
        points = form.get(name, "")
        if points in map(str, asked.grades):
            scores[name] = float(points)
        else:
            faults.append(Fault(RATING_WRONG, name, points[:20], allowed))
    for name in ("satisfied", "solved"):
        if form.get(name) not in ("yes", "no"):
            faults.append(Fault(RATING_WRONG, name, form.get(name, "")[:20], "yes / no"))
    if faults:
        raise Refusal(faults)
    return Rated(form["satisfied"] == "yes", form["solved"] == "yes", scores)


async def _record(house: House, found: Tracked, said: Rated) -> None:
    """One rating for each petition: its number is the key."""
    now = house.now()
    sent = Submission(
        stream=f"petition/{found.no}",
        event=said,
        source=SOURCE,
        key=f"{found.no}-rated",
        occurred_at=now,
        seen=found.version,
    )
    outcome = await house.tell(sent)
    if outcome.faults:
        raise Refusal(outcome.faults)
