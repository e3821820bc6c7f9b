"""What a reviewer asks of the log: replays of one petition, answered at once; what other rules
would have done to everything, as jobs with progress. Nothing is written."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sla_engine.errors import refuse
from sla_engine.replay.diff import diff
from sla_engine.rules.texts import notice_of
from sla_engine.showing import papers
from sla_engine.showing.forecasts import forecast_dict
from sla_engine.showing.plain import rfc3339
from sla_engine.showing.questions import Asked, Review, Wanted, brought
from sla_engine.showing.replays import difference_dict, replay_dict
from sla_engine.showing.whatifs import WHATIF_OF_NOTHING, WhatIf, installed, question_of
from sla_engine.web import problems
from sla_engine.web.api import reading, shapes
from sla_engine.web.api.openapi import problems_for
from sla_engine.web.api.petitions import No
from sla_engine.web.api.reading import told
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.jobs import JOB_UNDONE, Job, State
from sla_engine.web.language import Language, language_of
from sla_engine.web.paths import PETITION_AT

router = reading.router("reviews")

Reviewer = Annotated[Visitor, need("replay:run")]
Id = Annotated[str, Path(min_length=1, max_length=64)]

_TEXT = 100_000
_NAME = Field(default="", max_length=400)
_LOOK_S = 0.25


class _Asking(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QuestionIn(_Asking):
    """A question in words: known by when, judged at which instant, under which edition and which
    calendar, with which facts changed. What is left out is as it stands."""

    known_at: str = Field(default="", max_length=40, description="RFC 3339 with offset")
    at: str = Field(default="", max_length=40, description="the instant judged")
    pack: str = Field(default="", max_length=400, description="NAME@EDITION, from the start")
    calendar: str = Field(
        default="", max_length=40, description="a date, an instant, or `now`: as known then"
    )
    without: list[str] = Field(default=[], max_length=50, description="notices by their numbers")
    edits: list[str] = Field(
        default=[],
        max_length=50,
        description="`move SOURCE:ID to TIME`, `remove SOURCE:ID`, `add {…}`",
    )
    against: str = Field(
        default="", max_length=40, description="for a comparison: with what was known then"
    )

    def asked(self) -> Asked:
        return Asked(
            self.known_at,
            self.at,
            self.pack,
            self.calendar,
            tuple(self.without),
            tuple(self.edits),
            self.against,
        )


class WhatIfIn(_Asking):
    """Which rules to compare with: an edition or a calendar that is known, or texts (TOML) that are
    not loaded. At least one of the first five."""

    pack: str = _NAME
    pack_toml: str = Field(default="", max_length=_TEXT)
    calendar: str = Field(default="", max_length=40)
    notice_toml: str = Field(default="", max_length=_TEXT)
    without: list[str] = Field(default=[], max_length=50)
    since: str = Field(default="", max_length=10, description="registered from this day on")
    until: str = Field(default="", max_length=10, description="registered before this day")


class NoticeIn(_Asking):
    """A holiday notice (TOML) that is not loaded."""

    toml: str = Field(max_length=_TEXT)


# ---------------------------------------------------------------------------------------- replays

_WORDS = Annotated[str, Query(max_length=400)]
_MANY = Annotated[list[str], Query(max_length=50)]


def _worded(
    *,
    known_at: _WORDS = "",
    at: _WORDS = "",
    pack: _WORDS = "",
    calendar: _WORDS = "",
    without: _MANY = [],  # noqa: B006  copied for each request
    edit: _MANY = [],  # noqa: B006
    against: _WORDS = "",
) -> Asked:
    """The question as query parameters."""
    return Asked(known_at, at, pack, calendar, tuple(without), tuple(edit), against)


Worded = Annotated[Asked, Depends(_worded)]


@router.get(
    f"{PETITION_AT}/replay",
    operation_id="replayPetition",
    summary="重演 · A replay",
    responses=told(shapes.REPLAY, "What follows", 404),
)
def replay_petition(
    request: Request, house: HouseDep, visitor: Reviewer, no: No, asked: Worded
) -> Response:
    """What follows for a petition, by what was known when, under which rules."""
    return _replayed(request, house, visitor, no, asked)


@router.post(
    f"{PETITION_AT}/replay",
    operation_id="askReplay",
    summary="重演（提问） · A replay of a question that is sent",
    responses=told(shapes.REPLAY, "What follows", 404),
)
def ask_replay(
    request: Request, house: HouseDep, visitor: Reviewer, no: No, question: QuestionIn
) -> Response:
    """The same for a question that is too long for an address."""
    return _replayed(request, house, visitor, no, question.asked())


@router.get(
    f"{PETITION_AT}/replay/diff",
    operation_id="comparePetition",
    summary="两次重演比较 · Two replays compared",
    responses=told(shapes.DIFFERENCE, "The differences", 404),
)
def compare_petition(
    request: Request, house: HouseDep, visitor: Reviewer, no: No, asked: Worded
) -> Response:
    """Where the answer to a question parts from what follows from all that is known now (or was
    known at `against`), and the smallest set of causes of each flipped verdict."""
    return _compared(request, house, visitor, no, asked)


@router.post(
    f"{PETITION_AT}/replay/diff",
    operation_id="askDifference",
    summary="两次重演比较（提问） · Two replays compared, of questions that are sent",
    responses=told(shapes.DIFFERENCE, "The differences", 404),
)
def ask_difference(
    request: Request, house: HouseDep, visitor: Reviewer, no: No, question: QuestionIn
) -> Response:
    """The same for a question that is too long for an address."""
    return _compared(request, house, visitor, no, question.asked())


def _replayed(request: Request, house: House, visitor: Visitor, no: str, asked: Asked) -> Response:
    review = _review(house, visitor, no, asked)
    return reading.answer(request, replay_dict(review.replay(review.question)))


def _compared(request: Request, house: House, visitor: Visitor, no: str, asked: Asked) -> Response:
    review = _review(house, visitor, no, asked)
    found = diff(review.replay(review.plain), review.replay(review.question))
    causes = {each.key: review.causes((each.key[0], each.key[1])) for each in found.flipped}
    return reading.answer(request, difference_dict(found, causes))


def _review(house: House, visitor: Visitor, no: str, asked: Asked) -> Review:
    stream = reading.dossier(house, visitor, f"petition/{no}").stream
    return Review.of(house.engine, stream, asked)


# ------------------------------------------------------------------------------------------- jobs

_TAKEN: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "Taken on; Location is where it is followed",
        "content": {"application/json": {"schema": shapes.JOB}},
        "headers": {"Location": {"schema": shapes.TEXT}},
    },
    **problems_for(422, 429, 503),
}
problems.tell("BULK_MISSING", 503)


@router.post(
    "/jobs/whatif",
    operation_id="beginWhatIf",
    summary="全量试算 · What if, over everything",
    status_code=202,
    responses=_TAKEN,
)
def begin_whatif(
    request: Request, house: HouseDep, visitor: Reviewer, question: WhatIfIn
) -> Response:
    """What other rules would have done to every petition: how many terms move, how many verdicts
    flip, for which units. Needs the extra `bulk`."""
    installed()
    asked = _whatif(house, question)
    total = sum(1 for _ in house.engine.log.streams("petition/"))
    words = {name: value for name, value in question.model_dump().items() if value}

    def work(advance: Callable[[int], None]) -> Any:
        from sla_engine.showing.impacts import document_of, names_of  # noqa: PLC0415  the extra

        found = asked.run(house.engine, advance)
        names = names_of(asked.rules)
        return papers.as_dict(
            document_of(found, asked.question, names, question.since, question.until)
        )

    job = house.jobs.begin("whatif", visitor.name, words, total, work)
    return _taken(request, job)


@router.post(
    "/jobs/foresee-notice",
    operation_id="foreseeNotice",
    summary="试算放假通知 · What a notice would move",
    status_code=202,
    responses=_TAKEN,
)
def foresee_notice(
    request: Request, house: HouseDep, visitor: Reviewer, notice: NoticeIn
) -> Response:
    """What loading a holiday notice would do to every open dossier: a dry run."""
    title = notice_of(notice.toml, house.now()).citation

    def work(advance: Callable[[int], None]) -> Any:
        return forecast_dict(title, house.engine.foresee_notice(notice.toml, advance))

    total = house.engine.log.count_open()
    job = house.jobs.begin("foresee-notice", visitor.name, {"notice": title}, total, work)
    return _taken(request, job)


@router.get(
    "/jobs",
    operation_id="listJobs",
    summary="我的试算 · Your jobs",
    responses=reading.told(shapes.page(shapes.JOB), "Your jobs, the latest first"),
)
def list_jobs(request: Request, house: HouseDep, visitor: Reviewer) -> Response:
    """What you asked for and is still kept."""
    language = language_of(request)
    rows = [_job(each, language) for each in house.jobs.of(visitor.name)]
    return reading.answer(request, {"rows": rows, "next": None, "exhausted": False})


@router.get(
    "/jobs/{id}",
    operation_id="readJob",
    summary="一次试算 · One job",
    responses=told(shapes.JOB, "The job", 404),
)
def read_job(request: Request, house: HouseDep, visitor: Reviewer, id: Id) -> Response:
    """State and progress; `result` is where the result lies once it is done."""
    return reading.answer(request, _job(house.jobs.get(id, visitor.name), language_of(request)))


@router.get(
    "/jobs/{id}/result",
    operation_id="readResult",
    summary="试算结果 · What a job came to",
    responses=told(shapes.keyed(shapes.ANY), "The result", 404, 409),
)
def read_result(request: Request, house: HouseDep, visitor: Reviewer, id: Id) -> Response:
    """What came of it: of a what-if the report as a document, of a notice what it would move."""
    job = house.jobs.get(id, visitor.name)
    if job.state is not State.DONE:
        raise refuse(JOB_UNDONE, "", job.state.value)
    return reading.answer(request, job.result)


@router.get(
    "/jobs/{id}/events",
    operation_id="watchJob",
    summary="试算进度 · How far a job has come",
    responses={
        200: {
            "description": "Events `progress` with the job as data, the last when it is over",
            "content": {"text/event-stream": {"schema": shapes.TEXT}},
        },
        **problems_for(404, 422),
    },
)
async def watch_job(request: Request, house: HouseDep, visitor: Reviewer, id: Id) -> Response:
    """Server-sent events of its progress, until it is over."""
    job = await run_in_threadpool(house.jobs.get, id, visitor.name)
    stream = _progress(job, language_of(request))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.delete(
    "/jobs/{id}",
    operation_id="cancelJob",
    summary="取消试算 · Cancel a job",
    status_code=204,
    responses={
        204: {"description": "Cancelled, or forgotten if it was over"},
        **problems_for(404, 422),
    },
)
def cancel_job(house: HouseDep, visitor: Reviewer, id: Id) -> Response:
    """Nobody wants it any more."""
    house.jobs.cancel(house.jobs.get(id, visitor.name))
    return Response(status_code=204)


async def _progress(job: Job, language: Language) -> AsyncIterator[bytes]:
    told_last = b""
    while True:
        over = job.state.over
        data = msgspec.json.encode(_job(job, language))
        if data != told_last:
            told_last = data
            yield b"event: progress\ndata: " + data + b"\n\n"
        if over:
            return
        await asyncio.sleep(_LOOK_S)


def _whatif(house: House, said: WhatIfIn) -> WhatIf:
    """Raises `Refusal` for what cannot be read, `WHATIF_OF_NOTHING`."""
    if not (said.pack or said.pack_toml or said.calendar or said.notice_toml or said.without):
        raise refuse(WHATIF_OF_NOTHING, "", "", "pack, pack_toml, calendar, notice_toml, without")
    house.engine.refresh_rules()
    rules, now = house.engine.rules, house.now()
    wanted = Wanted(said.pack, said.calendar, said.pack_toml, said.notice_toml, "pack_toml")
    judged = brought(rules, wanted, now)
    question = question_of(judged, tuple(said.without), now)
    first, after = reading.day(said.since, "since"), reading.day(said.until, "until")
    return WhatIf(judged.rules, question, first, after)


def _taken(request: Request, job: Job) -> Response:
    headers = {"Location": f"/v1/jobs/{job.id}"}
    return reading.answer(request, _job(job, language_of(request)), 202, headers)


def _job(job: Job, language: Language) -> dict[str, Any]:
    problem = problems.document(job.faults, 422, language) if job.faults else None
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state.value,
        "done": job.done,
        "total": job.total,
        "asked": job.asked,
        "asked_at": rfc3339(job.asked_at),
        "ended_at": rfc3339(job.ended_at),
        "problem": problem,
        "result": f"/v1/jobs/{job.id}/result" if job.state is State.DONE else None,
    }
