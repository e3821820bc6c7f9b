"""What people may record about a petition or a talk: which forms there are, what each asks for, in
which phases and under which permission. A form becomes a submission like any other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from starlette.datastructures import FormData

from sla_engine.dossier.kind import Step
from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.policy.clause import Text
from sla_engine.record import Instant, type_name
from sla_engine.service.intake import Submission
from sla_engine.web.console import sending
from sla_engine.web.console.case import Case
from sla_engine.web.gate import Visitor
from sla_engine.web.permits import permission_for
from sla_engine.worktime import format_instant
from sla_engine.worktime.instant import FIRST_YEAR, LAST_YEAR, MINUTE, zone_of

SEEN_UNREADABLE = register(
    "SEEN_UNREADABLE",
    "表单不完整，看不出您看到的是第几版（“{found}”）",
    "the form does not say which version you saw ({found})",
    "刷新页面后重新填写",
    "load the page again and fill in the form once more",
)
MOMENT_WRONG = register(
    "MOMENT_WRONG",
    "时间“{found}”不对",
    "{found} is no time",
    "写成 2024-09-02T17:30",
    "write it like 2024-09-02T17:30",
)

Choices = Callable[[Case], Sequence[tuple[str, Text]]]
Way = Literal["line", "text", "lines", "choice", "yes", "moment", "answers"]
Data = dict[str, Any]

_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a form asks for. `way`: how it is filled in; `hint` stands under it."""

    name: str
    label: Text
    way: Way = "line"
    required: bool = False
    choices: Choices | None = None
    hint: Text | None = None
    preset: Callable[[Case, Visitor], str] = lambda _case, _visitor: ""


@dataclass(frozen=True, slots=True)
class Command:
    """One kind of fact that people record. `also`: what must hold beside the phase; `given`: what a
    form need not ask for, from the case, the visitor and the form's key."""

    type: str
    title: Text
    fields: tuple[Field, ...] = ()
    also: Callable[[Case], bool] = lambda _case: True
    given: Callable[[Case, Visitor, str], Data] = lambda _case, _visitor, _key: {}
    grave: bool = False


def possible(commands: Sequence[Command], case: Case, visitor: Visitor) -> list[Command]:
    """What this visitor may record in this phase; nothing about the past."""
    if case.known.past or not case.worked_by(visitor):
        return []
    kind = case.kind.name
    mine = (each for each in commands if visitor.may(permission_for(kind, each.type)))
    return [each for each in mine if _fits(each, case)]


def _fits(command: Command, case: Case) -> bool:
    step = _steps(case).get(command.type)
    in_phase = step is None or case.phase in step.allowed
    return in_phase and command.also(case)


def _steps(case: Case) -> Mapping[str, Step]:
    return {type_name(each): step for each, step in case.kind.steps.items()}


def submission(
    command: Command, case: Case, visitor: Visitor, form: FormData, now: Instant
) -> Submission:
    """The fact that a form states, seen at the version it names. Raises `Refusal`, every fault."""
    faults: list[Fault] = []
    key, seen = str(form.get("key", "")), str(form.get("seen", ""))
    if not counts(seen) or not key:
        faults.append(Fault(SEEN_UNREADABLE, "", seen))
    data, at = command.given(case, visitor, key), now
    for field in command.fields:
        try:
            data |= _filled(field, case, form)
        except Refusal as refusal:
            faults += refusal.faults
    try:
        at = _moment("at", str(form.get("at", "")), case) or now
    except Refusal as refusal:
        faults += refusal.faults
    if faults:
        raise Refusal(faults)
    return sending.submission(visitor, at, case.stream, command.type, data, key=key, seen=int(seen))


def recorded(case: Case, visitor: Visitor, key: str) -> bool:
    """Whether what this form says is on record already: it was sent twice."""
    return any((e.meta.source, e.meta.key) == (visitor.source, key) for e in case.events)


def _filled(field: Field, case: Case, form: FormData) -> Data:
    text = str(form.get(field.name, "")).strip()
    match field.way:
        case "yes":
            return {field.name: text == "yes"} if text else {}
        case "lines":
            told = [line.strip() for line in text.splitlines() if line.strip()]
            return {field.name: told} if told else {}
        case "moment":
            at = _moment(field.name, text, case)
            return {} if at is None else {field.name: format_instant(at)}
        case "answers":
            asked = {
                name: str(form.get(f"{field.name}.{name}", "")) for name in case.pack.questions
            }
            given = {name: answer for name, answer in asked.items() if answer}
            return {field.name: given} if given else {}
        case _:
            return {field.name: _number(field, text)} if text else {}


def _number(field: Field, text: str) -> Any:
    return int(text) if field.name == "tier" and counts(text) else text


def counts(text: str) -> bool:
    """Whether a text is a number that can be counted to."""
    return text.isdecimal() and len(text) <= _DIGITS


def _moment(name: str, text: str, case: Case) -> Instant | None:
    """What `datetime-local` sends, in the zone of the dossier's calendar."""
    if not text:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise refuse(MOMENT_WRONG, f"data.{name}", text) from None
    if told.tzinfo is not None or not FIRST_YEAR <= told.year <= LAST_YEAR:
        raise refuse(MOMENT_WRONG, f"data.{name}", text)
    return zone_of(_zone(case)).wall(told.toordinal(), (told.hour * 60 + told.minute) * MINUTE)


def _zone(case: Case) -> str:
    return next((r.cycle.calendar.zone.name for r in case.readings), "Asia/Shanghai")


def me(_case: Case, visitor: Visitor) -> str:
    """Whoever fills in the form, as the log names them."""
    return visitor.title or visitor.name


def yes_no(yes: Text, no: Text) -> Choices:
    """Either of two, each with its word."""
    return lambda _case: [("yes", yes), ("no", no)]


APPROVER = Field("approver", Text("批准人", "approver"), required=True, preset=me)
REASON = Field("reason", Text("理由", "reason"), "text", required=True)
