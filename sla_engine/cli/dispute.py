"""Disputes (争议): objections, reviews, appeals, from the opening to the ruling."""

from typing import Annotated, Any

import typer

from sla_engine.cli.desk import Desk, command, group
from sla_engine.cli.noun import Data, Noun, Sent, given
from sla_engine.cli.options import (
    AsKnownOption,
    DisputeArgument,
    DocumentOption,
    LimitOption,
    checked,
)
from sla_engine.cli.replay import (
    CalendarOption,
    EditionOption,
    EditOption,
    KnownAtOption,
    WithoutOption,
)

app = group("dispute", "争议 · Objections, reviews and appeals, to the ruling.")

_DISPUTE = Noun(
    app, "dispute", DisputeArgument, "Steps of a dispute, in their order", opening="opened"
)

ApproverOption = Annotated[str, typer.Option(metavar="OFFICIAL", help="Who decides.")]
ClaimOption = Annotated[
    str,
    typer.Option(
        metavar="CLAIM", help="not_late, other_unit, wrong_calendar, fact_wrong, exclude."
    ),
]
ToldOption = Annotated[
    str, typer.Option(metavar="TIME", help="When the claimant was told (default: as logged).")
]
RulesOption = Annotated[
    str, typer.Option(metavar="PACK", help="The pack with the clauses for disputes.")
]
JudgedOption = Annotated[
    str, typer.Option(metavar="TIME", help="The instant judged (default: --known-at).")
]


@command(app, "list", help="台账 · The register of disputes, those still open first.")
def list_(
    desk: Desk,
    all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="Only these: objection, review, appeal.")
    ] = "",
    claimant: Annotated[str, typer.Option(metavar="UNIT", help="Only those of this unit.")] = "",
    subject: Annotated[
        str, typer.Option(metavar="STREAM", help="Only about this dossier: petition/NO …")
    ] = "",
    limit: LimitOption = 100,
) -> None:
    from sla_engine.cli.dispute_story import register

    wanted = {"kind": kind, "claimant": claimant, "subject": subject}
    with desk.engine() as engine:
        register(engine, desk.voice, wanted, all_, checked(limit))


@command(
    app,
    "show",
    help="全貌 · Verdict, claim, replays, ruling and new verdict side by side; clocks, timeline.",
)
def show(desk: Desk, dispute: DisputeArgument, as_known: AsKnownOption = "") -> None:
    from sla_engine.cli.dispute_story import tell

    tell(desk, dispute, as_known)


@_DISPUTE.sending(
    "open",
    "提出 · Dispute a clock's verdict, an act, or a place on a board.\n\n"
    "What is left out follows from the subject: the latest cycle, the last act of the rung, when "
    "it was told. With --appeals it is about what the first dispute was about.",
)
def open_(  # noqa: PLR0913 # one argument for each option
    desk: Desk,
    sent: Sent,
    *,
    dispute: Annotated[str, typer.Argument(metavar="DISPUTE", help="The id it is to have.")],
    claimant: Annotated[str, typer.Option(metavar="UNIT", help="Who disputes it.")],
    claim: ClaimOption,
    kind: Annotated[str, typer.Option(metavar="KIND", help="objection, review, appeal.")],
    subject: Annotated[
        str, typer.Option(metavar="NO", help="The petition, talk, item or round.")
    ] = "",
    clause: Annotated[str, typer.Option(metavar="CLAUSE", help="The clock in dispute.")] = "",
    cycle: Annotated[str, typer.Option(metavar="CYCLE", help="Its cycle.")] = "",
    rung: Annotated[str, typer.Option(metavar="RUNG", help="An act of it alone.")] = "",
    member: Annotated[str, typer.Option(metavar="MEMBER", help="A member's place.")] = "",
    ground: Annotated[
        str, typer.Option(metavar="CODE", help="Ground of exclusion, of the pack.")
    ] = "",
    remedy: Annotated[
        str, typer.Option(metavar="VERDICT", help="What is asked for: met, late, excluded.")
    ] = "",
    appeals: Annotated[
        str, typer.Option(metavar="DISPUTE", help="The dispute against whose ruling it goes.")
    ] = "",
    office: Annotated[str, typer.Option(metavar="UNIT", help="Who is to rule.")] = "",
    signer: Annotated[
        str, typer.Option(metavar="POST", help="Who signed for the claimant, by post.")
    ] = "",
    document: DocumentOption = "",
    told_at: ToldOption = "",
    pack: RulesOption = "disputes-generic",
) -> None:
    from sla_engine.cli.dispute_story import same_as
    from sla_engine.showing.case import stream_of

    about = given(subject=subject, clause=clause, cycle=cycle, rung=rung, member=member)
    with desk.engine() as engine:
        if appeals:
            about = {**same_as(engine, appeals), **about}
        if "subject" in about:
            about["subject"] = stream_of(engine, about["subject"])
    said = given(
        ground=ground, remedy=remedy, appeals=appeals, office=office, signer=signer,
        document=document, told_at=told_at,
    )  # fmt: skip
    data = {"pack": pack, "kind": kind, "claim": claim, "claimant": claimant, **about, **said}
    _DISPUTE.send(desk, dispute, "opened", data, sent)


@_DISPUTE.step("admit", "admitted", "受理 · The dispute is admitted.")
def admit(approver: ApproverOption = "", document: DocumentOption = "") -> Data:
    return given(approver=approver, document=document)


@_DISPUTE.step("refuse", "refused", "不予受理 · It is not admitted.")
def refuse(
    ground: Annotated[
        str,
        typer.Option(
            metavar="CODE", help="late, not_entitled, no_subject, ruled_before, incomplete."
        ),
    ],
    approver: ApproverOption = "",
    document: DocumentOption = "",
) -> Data:
    return given(ground=ground, approver=approver, document=document)


@_DISPUTE.step("evidence", "evidence_filed", "举证 · A document is put in evidence.")
def evidence(
    document: DocumentOption,
    digest: Annotated[str, typer.Option(metavar="SHA-256", help="Of the document.")] = "",
) -> Data:
    return given(document=document, digest=digest)


@_DISPUTE.sending(
    "replay",
    "复算 · Replay the subject under a question, and put the answer on record.\n\n"
    "The options are those of `sla-engine replay`; question and digests are recorded, so anybody "
    "can ask the same again.",
)
def replay(  # noqa: PLR0913 # one argument for each option
    desk: Desk,
    sent: Sent,
    *,
    dispute: DisputeArgument,
    known_at: KnownAtOption = "",
    judged_at: JudgedOption = "",
    pack: EditionOption = "",
    calendar: CalendarOption = "",
    without: WithoutOption = [],  # noqa: B006  typer copies it
    edit: EditOption = [],  # noqa: B006
) -> None:
    from sla_engine.cli.dispute_story import answered
    from sla_engine.showing.questions import Asked

    asked = Asked(known_at, judged_at, pack, calendar, tuple(without), tuple(edit))
    data: dict[str, Any] = answered(desk, dispute, asked)
    _DISPUTE.send(desk, dispute, "replay_run", data, sent)


@_DISPUTE.step("rule", "ruled", "裁定 · The dispute is ruled on.")
def rule(  # one argument for each option
    *,
    outcome: Annotated[str, typer.Option(metavar="OUTCOME", help="upheld, partly or rejected.")],
    ruler: Annotated[str, typer.Option(metavar="OFFICIAL", help="Who rules; not a party.")],
    document: DocumentOption,
    verdict: Annotated[
        str, typer.Option(metavar="VERDICT", help="What counts from now on: met, late, excluded.")
    ] = "",
    place: Annotated[
        str, typer.Option(metavar="PLACE", help="The place of the member; none when left out.")
    ] = "",
    ground: Annotated[
        str, typer.Option(metavar="CLAIM", help="What was found true (default: the claim).")
    ] = "",
) -> Data:
    return given(
        outcome=outcome, ruler=ruler, document=document, verdict=verdict, place=place, ground=ground
    )


@_DISPUTE.step("withdraw", "withdrawn", "撤回 · Whoever opened it takes it back.")
def withdraw(document: DocumentOption = "") -> Data:
    return given(document=document)


@_DISPUTE.step("step", "step_done", "环节 · A milestone that the pack names, as the service.")
def step(
    name: Annotated[str, typer.Option("--name", metavar="STEP", help="Its id in the pack.")],
    evidence: Annotated[str, typer.Option(metavar="REF", help="What shows it.")] = "",
) -> Data:
    return given(step=name, evidence=evidence)
