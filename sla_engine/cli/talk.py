"""Talks (约谈): the register, and every step from proposal to strike-off.

Each step is a fact with who did it and when; whether it may be, the talk's own rules decide.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import typer

from sla_engine.cli.desk import DEPARTED, Desk, command, group
from sla_engine.cli.options import (
    AsKnownOption,
    AtOption,
    ByOption,
    IdOption,
    TalkArgument,
    instant,
    within,
)

app = group("talk", "约谈 · Talks in three tiers, to the strike-off.")

Data = dict[str, Any]
Step = Callable[..., Data]
Sender = Callable[..., None]

_OPENING = "proposed"
_STEPS = "Steps of a talk, in their order"

ApproverOption = Annotated[str, typer.Option(metavar="OFFICIAL", help="Who approves.")]
ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help="Why.")]
DocumentOption = Annotated[str, typer.Option(metavar="REF", help="Reference of the document.")]
WhenOption = Annotated[
    str,
    typer.Option(metavar="TIME", help="When the talk is to be, RFC 3339 with offset."),
]


@command(app, "list", help="台账 · The register of talks, those still open first.")
def list_(
    desk: Desk,
    all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Only talks with this unit.")] = "",
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many.")] = 100,
) -> None:
    from sla_engine.cli.registers import talks

    with desk.engine() as engine:
        talks(engine, desk.voice, not all_, unit, within(limit, "--limit", 1, 1_000_000))


@command(app, "show", help="全貌 · Card, clocks and timeline of one talk.")
def show(desk: Desk, talk: TalkArgument, as_known: AsKnownOption = "") -> None:
    from sla_engine.cli.case import Case, render

    known_at = instant(as_known, "--as-known")
    with desk.engine() as engine:
        case = Case.open(engine, talk, known_at)
        if desk.voice.json:
            desk.voice.document(case.document())
        else:
            desk.voice.show(*render(case, desk.voice))


class Sent(NamedTuple):
    """What every step says of itself: when it was taken, by whom, under which id."""

    at: str
    by: str
    id_: str


_SENT: Mapping[str, Any] = {"at": AtOption, "by": ByOption, "id_": IdOption}


def sending(name: str, help: str) -> Callable[[Sender], Sender]:
    """Register a function that records one fact: it is given the desk and what was `Sent`."""

    def bind(function: Sender) -> Sender:
        def run(desk: Desk, /, **options: Any) -> None:
            sent = Sent(**{each: options.pop(each) for each in _SENT})
            function(desk, sent, **options)

        own = [*inspect.signature(function).parameters.values()][2:]
        run.__signature__ = _signature(own)  # type: ignore[attr-defined] # `command` reads it
        command(app, name, help=help, rich_help_panel=_STEPS)(run)
        return function

    return bind


def step(name: str, fact: str, help: str) -> Callable[[Step], Step]:
    """Register a step of a talk: the function turns the step's own options into its data."""

    def bind(function: Step) -> Step:
        def send(desk: Desk, sent: Sent, talk: str, **options: Any) -> None:
            _send(desk, talk, fact, function(**options), sent)

        own = inspect.signature(function).parameters.values()
        talk = inspect.Parameter("talk", _KEYWORD, annotation=TalkArgument)
        before = [inspect.Parameter(each, _KEYWORD) for each in ("desk", "sent")]
        send.__signature__ = inspect.Signature(  # type: ignore[attr-defined] # `sending` reads it
            [*before, talk, *(each.replace(kind=_KEYWORD) for each in own)]
        )
        sending(name, help)(send)
        return function

    return bind


_KEYWORD = inspect.Parameter.KEYWORD_ONLY


def _signature(own: Sequence[inspect.Parameter]) -> inspect.Signature:
    behind = [
        inspect.Parameter(name, _KEYWORD, annotation=note, default="")
        for name, note in _SENT.items()
    ]
    desk = inspect.Parameter("desk", _KEYWORD)
    return inspect.Signature([desk, *(each.replace(kind=_KEYWORD) for each in own), *behind])


def _send(desk: Desk, talk: str, fact: str, data: Data, sent: Sent) -> None:
    """Record one fact and show where the talk stands then; ends with DEPARTED if refused."""
    from sla_engine.cli.case import Case, render_head, stream_of
    from sla_engine.identity import digest
    from sla_engine.service.handler import outcome_dict
    from sla_engine.service.intake import parse
    from sla_engine.worktime import format_instant

    instant(sent.at, "--at")
    with desk.engine() as engine:
        name = talk if fact == _OPENING else stream_of(engine, talk).split("/", 1)[1]
        at = sent.at or format_instant(engine.clock.now())
        said = {"talk": name, "type": fact, "at": at, "data": data}
        said |= {"by": sent.by} if sent.by else {}
        key = sent.id_ or f"{fact}-{digest(said)[:16]}"
        (outcome,) = engine.take([parse({**said, "id": key, "source": "cli"})])
        if outcome.faults:
            desk.voice.complain(outcome.faults)
            raise typer.Exit(DEPARTED)
        if desk.voice.json:
            desk.voice.document(outcome_dict(outcome))
        else:
            desk.voice.show(*render_head(Case.open(engine, name, None), desk.voice))


@sending("propose", "提请 · Propose a talk by hand.\n\nBreaches propose theirs by themselves.")
def propose(  # noqa: PLR0913 # one argument for each option
    desk: Desk,
    sent: Sent,
    *,
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Who is to be talked to.")],
    pack: Annotated[str, typer.Option(metavar="PACK", help="The policy pack that governs it.")],
    cause: Annotated[
        list[str], typer.Option(metavar="TEXT", help="Why; may be given several times.")
    ],
    petition: Annotated[
        list[str] | None, typer.Option(metavar="NO", help="A petition behind it; repeatable.")
    ] = None,
    tier: Annotated[int, typer.Option(metavar="N", help="At which tier.")] = 1,
    region: Annotated[
        str, typer.Option(metavar="CODE", help="Region, e.g. CN-3704 (default: the pack's).")
    ] = "",
    approver: Annotated[
        str, typer.Option(metavar="OFFICIAL", help="Who approves beginning above tier 1.")
    ] = "",
) -> None:
    from sla_engine.identity import talk_id

    with desk.engine() as engine:
        at = instant(sent.at, "--at") or engine.clock.now()
        home = region or engine.rules.pack_on(pack, at).region
    data = {"pack": pack, "region": home, "unit": unit, "tier": tier, "causes": cause}
    data |= {"petitions": petition or [], "approver": approver}
    _send(desk, talk_id(unit, cause[0]).split("/", 1)[1], _OPENING, data, sent)


@step("approve", "approved", "批准 · Approve the talk.")
def approve(approver: ApproverOption) -> Data:
    return {"approver": approver}


@step("refuse", "refused", "不予批准 · Refuse the talk; it ends here.")
def refuse(approver: ApproverOption, reason: ReasonOption) -> Data:
    return {"approver": approver, "reason": reason}


@step("notify", "notified", "通知 · The notice has been served: when and where.")
def notify(
    number: Annotated[str, typer.Option(metavar="NO", help="Number of the notice (约谈通知书).")],
    when: WhenOption,
    place: Annotated[str, typer.Option(metavar="TEXT", help="Where.")] = "",
    person: Annotated[str, typer.Option(metavar="POST", help="Who is to come, by post.")] = "",
    material: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="What to bring; repeatable.")
    ] = None,
) -> Data:
    data = {"number": number, "scheduled_at": when, "place": place, "person": person}
    return {**data, "materials": material or []}


@step("postpone", "postponed", "改期 · The talk is held at another time.")
def postpone(when: WhenOption, reason: ReasonOption) -> Data:
    return {"scheduled_at": when, "reason": reason}


@step("hold", "held", "实施 · The talk was held.")
def hold(
    attendee: Annotated[
        list[str] | None, typer.Option(metavar="POST", help="Who took part; repeatable.")
    ] = None,
    delegated: Annotated[
        bool,
        typer.Option(
            "--delegated", help="A deputy came instead. Where that is barred it is a no-show."
        ),
    ] = False,
) -> Data:
    return {"attendees": attendee or [], "delegated": delegated}


@step("no-show", "no_show", "缺席 · Nobody came.")
def no_show(note: Annotated[str, typer.Option(metavar="TEXT", help="A remark.")] = "") -> Data:
    return {"note": note}


@step("excuse", "no_show_excused", "缺席有正当理由 · The absence is excused; notify anew.")
def excuse(approver: ApproverOption, reason: ReasonOption) -> Data:
    return {"approver": approver, "reason": reason}


@step("minute", "minuted", "记录 · The minutes have been signed.")
def minute(
    document: DocumentOption,
    requirement: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="What is required; repeatable.")
    ] = None,
) -> Data:
    return {"document": document, "requirements": requirement or []}


@step("plan", "plan_filed", "整改清单 · The rectification plan has been filed.")
def plan(
    document: DocumentOption,
    item: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT", help="Item, measure, owner, deadline, acceptance test; repeatable."
        ),
    ] = None,
) -> Data:
    return {"document": document, "items": item or []}


@step("accept-plan", "plan_accepted", "认可清单 · The plan is accepted; rectification begins.")
def accept_plan(approver: ApproverOption = "") -> Data:
    return {"approver": approver}


@step("return-plan", "plan_returned", "退回清单 · The plan is sent back.")
def return_plan(reason: ReasonOption) -> Data:
    return {"reason": reason}


@step("report", "rectification_reported", "整改反馈 · The unit reports what it has put right.")
def report(
    document: DocumentOption,
    signer: Annotated[str, typer.Option(metavar="OFFICIAL", help="Who signed it.")] = "",
) -> Data:
    return {"document": document, "signer": signer}


@step("verify", "rectification_verified", "核查 · Somebody else has found it put right.")
def verify(
    verifier: Annotated[str, typer.Option(metavar="OFFICIAL", help="Who looked; not the signer.")],
    method: Annotated[str, typer.Option(metavar="TEXT", help="How.")] = "",
) -> Data:
    return {"verifier": verifier, "method": method}


@step("reject", "rectification_rejected", "整改不到位 · Not put right; the next tier follows.")
def reject(
    verifier: Annotated[str, typer.Option(metavar="OFFICIAL", help="Who looked.")],
    reason: ReasonOption,
) -> Data:
    return {"verifier": verifier, "reason": reason}


@step("raise", "tier_raised", "升级 · Take the talk to a higher tier.")
def raise_(
    tier: Annotated[int, typer.Option(metavar="N", help="The tier it goes to.")],
    reason: ReasonOption,
    approver: ApproverOption,
) -> Data:
    return {"tier": tier, "reason": reason, "approver": approver}


@step("strike-off", "struck_off", "销号 · The matter is put right and struck off.")
def strike_off(document: DocumentOption, approver: ApproverOption = "") -> Data:
    return {"document": document, "approver": approver}


@step("rebound", "rebounded", "反弹 · A matter struck off has come back.")
def rebound(reason: ReasonOption) -> Data:
    return {"reason": reason}


@step("withdraw", "withdrawn", "撤销 · The talk has lost its ground.")
def withdraw(
    reason: ReasonOption,
    recall: Annotated[
        list[str] | None,
        typer.Option(metavar="POST", help="Who had been notified and is told; repeatable."),
    ] = None,
) -> Data:
    return {"reason": reason, "recalled": recall or []}
