"""Talks (约谈): the register, and every step from proposal to strike-off.

Each step is a fact with who did it and when; whether it may be, the talk's own rules decide.
"""

from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, command, group
from sla_engine.cli.noun import Data, Noun, Sent
from sla_engine.cli.options import (
    ApproverOption,
    AsKnownOption,
    DocumentOption,
    LimitOption,
    ReasonOption,
    TalkArgument,
    checked,
    instant,
)

app = group("talk", "约谈 · Talks in three tiers, to the strike-off.")

_TALK = Noun(app, "talk", TalkArgument, "Steps of a talk, in their order", opening="proposed")

WhenOption = Annotated[
    str,
    typer.Option(metavar="TIME", help="When the talk is to be, RFC 3339 with offset."),
]


@command(app, "list", help="台账 · The register of talks, those still open first.")
def list_(
    desk: Desk,
    all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Only talks with this unit.")] = "",
    limit: LimitOption = 100,
) -> None:
    from sla_engine.cli.registers import talks

    with desk.engine() as engine:
        talks(engine, desk.voice, not all_, unit, checked(limit))


@command(app, "show", help="全貌 · Card, clocks and timeline of one talk.")
def show(desk: Desk, talk: TalkArgument, as_known: AsKnownOption = "") -> None:
    from sla_engine.cli.case import tell

    tell(desk, talk, as_known)


@_TALK.sending(
    "propose", "提请 · Propose a talk by hand.\n\nBreaches propose theirs by themselves."
)
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
    _TALK.send(desk, talk_id(unit, cause[0]).split("/", 1)[1], "proposed", data, sent)


@_TALK.step("approve", "approved", "批准 · Approve the talk.")
def approve(approver: ApproverOption) -> Data:
    return {"approver": approver}


@_TALK.step("refuse", "refused", "不予批准 · Refuse the talk; it ends here.")
def refuse(approver: ApproverOption, reason: ReasonOption) -> Data:
    return {"approver": approver, "reason": reason}


@_TALK.step("notify", "notified", "通知 · The notice has been served: when and where.")
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


@_TALK.step("postpone", "postponed", "改期 · The talk is held at another time.")
def postpone(when: WhenOption, reason: ReasonOption) -> Data:
    return {"scheduled_at": when, "reason": reason}


@_TALK.step("hold", "held", "实施 · The talk was held.")
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


@_TALK.step("no-show", "no_show", "缺席 · Nobody came.")
def no_show(note: Annotated[str, typer.Option(metavar="TEXT", help="A remark.")] = "") -> Data:
    return {"note": note}


@_TALK.step("excuse", "no_show_excused", "缺席有正当理由 · The absence is excused; notify anew.")
def excuse(approver: ApproverOption, reason: ReasonOption) -> Data:
    return {"approver": approver, "reason": reason}


@_TALK.step("minute", "minuted", "记录 · The minutes have been signed.")
def minute(
    document: DocumentOption,
    requirement: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="What is required; repeatable.")
    ] = None,
) -> Data:
    return {"document": document, "requirements": requirement or []}


@_TALK.step("plan", "plan_filed", "整改清单 · The rectification plan has been filed.")
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


@_TALK.step(
    "accept-plan", "plan_accepted", "认可清单 · The plan is accepted; rectification begins."
)
def accept_plan(approver: ApproverOption = "") -> Data:
    return {"approver": approver}


@_TALK.step("return-plan", "plan_returned", "退回清单 · The plan is sent back.")
def return_plan(reason: ReasonOption) -> Data:
    return {"reason": reason}


@_TALK.step(
    "report", "rectification_reported", "整改反馈 · The unit reports what it has put right."
)
def report(
    document: DocumentOption,
    signer: Annotated[str, typer.Option(metavar="OFFICIAL", help="Who signed it.")] = "",
) -> Data:
    return {"document": document, "signer": signer}


@_TALK.step("verify", "rectification_verified", "核查 · Somebody else has found it put right.")
def verify(
    verifier: Annotated[str, typer.Option(metavar="OFFICIAL", help="Who looked; not the signer.")],
    method: Annotated[str, typer.Option(metavar="TEXT", help="How.")] = "",
) -> Data:
    return {"verifier": verifier, "method": method}


@_TALK.step(
    "reject", "rectification_rejected", "整改不到位 · Not put right; the next tier follows."
)
def reject(
    verifier: Annotated[str, typer.Option(metavar="OFFICIAL", help="Who looked.")],
    reason: ReasonOption,
) -> Data:
    return {"verifier": verifier, "reason": reason}


@_TALK.step("raise", "tier_raised", "升级 · Take the talk to a higher tier.")
def raise_(
    tier: Annotated[int, typer.Option(metavar="N", help="The tier it goes to.")],
    reason: ReasonOption,
    approver: ApproverOption,
) -> Data:
    return {"tier": tier, "reason": reason, "approver": approver}


@_TALK.step("strike-off", "struck_off", "销号 · The matter is put right and struck off.")
def strike_off(document: DocumentOption, approver: ApproverOption = "") -> Data:
    return {"document": document, "approver": approver}


@_TALK.step("rebound", "rebounded", "反弹 · A matter struck off has come back.")
def rebound(reason: ReasonOption) -> Data:
    return {"reason": reason}


@_TALK.step("withdraw", "withdrawn", "撤销 · The talk has lost its ground.")
def withdraw(
    reason: ReasonOption,
    recall: Annotated[
        list[str] | None,
        typer.Option(metavar="POST", help="Who had been notified and is told; repeatable."),
    ] = None,
) -> Data:
    return {"reason": reason, "recalled": recall or []}
