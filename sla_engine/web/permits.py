"""Who may send which fact, and about what."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from sla_engine.dispute.decide import opening
from sla_engine.dispute.events import (
    DisputeAdmitted,
    DisputeOpened,
    DisputeRefused,
    DisputeRuled,
    DisputeWithdrawn,
    EvidenceFiled,
)
from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Lane, lane_named
from sla_engine.errors import refuse, register
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.vocabulary import AGAINST_THE_UNIT
from sla_engine.record import Event, Instant, type_name
from sla_engine.round.events import StatementSigned
from sla_engine.service.intake import Submission
from sla_engine.sla.assess import Assessment, Reading, State
from sla_engine.web.gate import NOT_ALLOWED, NOT_YOURS, Visitor, own
from sla_engine.web.problems import tell
from sla_engine.wiring import UNKNOWN_DOSSIER
from sla_engine.worktime import format_instant

RULED_BY_FILER = tell(
    register(
        "RULED_BY_FILER",
        "本争议由“{found}”本人提出，须由他人办理",
        "{found} filed this dispute; somebody else must deal with it",
    ),
    403,
)

HELD_AGAINST_YOU = tell(
    register(
        "HELD_AGAINST_YOU",
        "“{found}”早于已对本单位作出的认定（{allowed}），本单位不能自行补录",
        "{found} lies before what has been held against your unit ({allowed}); it cannot take that "
        "back by its own word",
        "发生时间留空（即现在），或请督办人员核实后补录",
        "leave the time empty, which means now, or have a supervisor check and record it",
    ),
    403,
)

APPEND = "facts:append"
ANY_SOURCE = "facts:any-source"
"""Of a gateway that passes on what other systems say."""

READS = {
    "petition": "petition:read",
    "item": "petition:read",
    "talk": "talk:read",
    "round": "board:read",
    "unit": "board:read",
    "dispute": "dispute:read",
    "roster": "rules:read",
}
"""Which permission it takes to read a dossier, by its kind."""

DECISIONS = (DisputeAdmitted, DisputeRefused, DisputeRuled)
"""What nobody does about a dispute that they filed."""

ADDITIONS = (EvidenceFiled, DisputeWithdrawn)
"""What only the side that filed a dispute does about it."""

_OFFICE = "office"


def permission_for(kind: str, fact: str) -> str:
    """What a person needs to send that fact about that kind of dossier. Raises KeyError for what
    nobody sends."""
    return _table()[kind][fact]


@cache
def permissions_for(kind: str) -> tuple[str, ...]:
    """Whoever has one of these may send some fact about that kind of dossier."""
    return tuple(sorted({APPEND, *_table()[kind].values()}))


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    text = (files("sla_engine") / "data" / "facts-by.toml").read_text("utf-8")
    return tomllib.loads(text)


def check_fact(visitor: Visitor, submission: Submission) -> None:
    """A system that may send facts sends any; a person, those of the table. Raises
    `NOT_ALLOWED`."""
    if visitor.may(APPEND) and not visitor.person:
        return
    permission = permission_for(kind_of(submission.stream).name, type_name(submission.event))
    if not visitor.may(permission):
        raise refuse(NOT_ALLOWED, "type", visitor.name, permission)


def check_own(visitor: Visitor, submission: Submission, dossier: Dossier) -> None:
    """Whoever belongs to a unit speaks for it, about what is its own. Raises `NOT_YOURS`."""
    if not visitor.unit:
        return
    event = submission.event
    own(visitor, submission.unit or visitor.unit, submission.unit)
    if isinstance(event, StatementSigned) and event.side == _OFFICE:
        raise refuse(NOT_YOURS, "data.side", event.side)
    own(visitor, unit_concerned(dossier, event), dossier.stream)


def check_time(visitor: Visitor, submission: Submission, assessment: Assessment) -> None:
    """Somebody of a unit tells late what happened, as long as that is not before a breach or an act
    against their own unit: others may attest to that. What is on record already may be sent again.
    `assessment` is of now. Raises `HELD_AGAINST_YOU`."""
    sent_before = assessment.dossier.find(f"{submission.source}:{submission.key}") is not None
    if not (visitor.unit and visitor.person) or sent_before:
        return
    said = submission.occurred_at
    held = [
        (at, each.schedule.calendar.zone.name)
        for each in assessment.readings
        if each.unit == visitor.unit
        for at in _held(each)
        if said <= at
    ]
    if held:
        at, zone = min(held)
        raise refuse(HELD_AGAINST_YOU, "at", format_instant(said, zone), format_instant(at, zone))


def _held(reading: Reading) -> Iterator[Instant]:
    """When what was held against whoever is answerable for a clock was reached."""
    if reading.due is not None and reading.state in (State.OVERDUE, State.LATE):
        yield reading.due
    yield from (each.at for each in reading.fired if each.rung.act in AGAINST_THE_UNIT)


def check_filer(visitor: Visitor, dispute: Dossier) -> None:
    """Raises `RULED_BY_FILER` for whoever filed a dispute."""
    if not dispute.exists:
        return
    filed = dispute.opening.meta
    if visitor.source == filed.source or visitor.name == filed.actor:
        raise refuse(RULED_BY_FILER, "", visitor.name)


def may_add(visitor: Visitor, dispute: Dossier) -> bool:
    """Whether a person stands on the side that filed a dispute: the claimant's unit, or whoever
    filed it."""
    filed = dispute.opening.meta.source == visitor.source
    return filed or (visitor.unit != "" and visitor.unit == opening(dispute).claimant)


def check_adds(visitor: Visitor, dispute: Dossier) -> None:
    """Raises `NOT_YOURS` for whoever may not add to a dispute, nor withdraw it."""
    if dispute.exists and not may_add(visitor, dispute):
        raise refuse(NOT_YOURS, "", dispute.stream.partition("/")[2])


def unit_concerned(dossier: Dossier, event: Event) -> str:
    """Whose business a fact is: the unit of the open assignment it is about, the unit that is
    talked to, the member of a round, the claimant of a dispute; "" where that is nobody."""
    if isinstance(event, DisputeOpened):
        return event.claimant
    if member := getattr(event, "member", ""):
        return str(member)
    if not dossier.exists:
        return ""
    opened = dossier.opening.event
    if isinstance(opened, DisputeOpened):
        return opened.claimant
    lanes = read(dossier, kind_of(dossier.stream)).lanes
    lane = lanes.all.get(lanes.resolve(lane_named(event)))
    if lane is None:
        return str(getattr(opened, "unit", ""))
    # A system may tell late of what was while it was; a unit does nothing where it has gone.
    return lane.unit if lane.ended_at is None else ""


def check_read(visitor: Visitor, dossier: Dossier) -> None:
    """Whoever belongs to a unit reads what is or ever was its business, at a screen and by the API;
    anything else is not there for them, so that no number can be guessed. Raises
    `UNKNOWN_DOSSIER`."""
    if visitor.unit and not is_of(visitor.unit, dossier):
        raise refuse(UNKNOWN_DOSSIER, "", dossier.stream.partition("/")[2])


def lane_of(visitor: Visitor, chronicle: Chronicle) -> Lane | None:
    """The open lane of a handler's own unit; nobody else has one of their own."""
    mine = (
        lane
        for lane in chronicle.lanes.all.values()
        if lane.ended_at is None and lane.unit == visitor.unit
    )
    return next(mine, None) if visitor.unit else None


def works_on(visitor: Visitor, chronicle: Chronicle) -> bool:
    """Whether a visitor deals with a dossier and whoever it is about: a handler only while their
    unit has it."""
    return not visitor.unit or lane_of(visitor, chronicle) is not None


def knows_petitioner(visitor: Visitor, chronicle: Chronicle) -> bool:
    """Whether a visitor may learn the reference of whoever a petition is about."""
    return visitor.may("personal:read") and works_on(visitor, chronicle)


def is_of(unit: str, dossier: Dossier) -> bool:
    """Whether a dossier is a unit's business: it holds or held an assignment or the item, so that
    clocks run or ran against it; is talked to, is a member of the round, claims or is to rule."""
    if not dossier.exists:
        return False
    opened = dossier.opening.event
    if unit in (getattr(opened, name, "") for name in ("unit", "claimant", "office")):
        return True
    lanes = read(dossier, kind_of(dossier.stream)).lanes.all
    return unit in lanes or any(lane.unit == unit for lane in lanes.values())
