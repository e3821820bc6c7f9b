"""Rounds (轮次): boards, reports, statements, scoring, walks, publications that come again."""

from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, Misuse, command, group
from sla_engine.cli.noun import Data, Noun, Sent, given
from sla_engine.cli.options import (
    ApproverOption,
    AsKnownOption,
    DocumentOption,
    LimitOption,
    ReasonOption,
    RoundArgument,
    checked,
    instant,
)
from sla_engine.errors import Fault, register

PAIR_WRONG = register(
    "PAIR_WRONG",
    "“{found}”应写成 {allowed}",
    "{found} should be written {allowed}",
)

app = group("round", "轮次 · Rounds of a series, from the opening to the publication.")

_ROUND = Noun(app, "round", RoundArgument, "Steps of a round, in their order", opening="opened")

MemberOption = Annotated[str, typer.Option(metavar="MEMBER", help="The member it is about.")]


@command(app, "list", help="台账 · Rounds, those still running first.")
def list_(
    desk: Desk,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    series: Annotated[str, typer.Option(metavar="SERIES", help="Only of this series.")] = "",
    period: Annotated[str, typer.Option(metavar="PERIOD", help="Only of this period.")] = "",
    limit: LimitOption = 100,
) -> None:
    from sla_engine.cli.lists import rounds

    wanted = {"series": series, "period": period}
    with desk.engine() as engine:
        rounds(engine, desk.voice, wanted, all_, checked(limit))


@command(app, "show", help="全貌 · Card, clocks and timeline of one round.")
def show(desk: Desk, round: RoundArgument, as_known: AsKnownOption = "") -> None:
    from sla_engine.cli.case import tell

    tell(desk, f"round/{round}", as_known)


@_ROUND.sending("open", "开启 · Open a round.\n\nRounds that come again are opened by themselves.")
def open_(  # noqa: PLR0913 # one argument for each option
    desk: Desk,
    sent: Sent,
    *,
    round: Annotated[str, typer.Argument(metavar="ROUND", help="The id it is to have.")],
    series: Annotated[str, typer.Option(metavar="SERIES", help="A series of the pack.")],
    period: Annotated[str, typer.Option(metavar="PERIOD", help="2024-05, 2024Q2, 2024-W21 …")],
    pack: Annotated[str, typer.Option(metavar="PACK", help="The policy pack that governs it.")],
    region: Annotated[str, typer.Option(metavar="CODE", help="Region (default: the pack's).")] = "",
    unit: Annotated[str, typer.Option(metavar="UNIT", help="The office that runs it.")] = "",
    member: Annotated[
        list[str] | None, typer.Option(metavar="MEMBER", help="Who takes part; repeatable.")
    ] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="What it is called.")] = "",
) -> None:
    with desk.engine() as engine:
        at = instant(sent.at, "--at") or engine.clock.now()
        home = region or engine.rules.pack_on(pack, at).region
    data = {"pack": pack, "region": home, "series": series, "period": period}
    data |= given(unit=unit, members=member, title=title)
    _ROUND.send(desk, round, "opened", data, sent)


@_ROUND.step("join", "member_joined", "加入 · A member joins.")
def join(member: MemberOption) -> Data:
    return {"member": member}


@_ROUND.step("leave", "member_left", "退出 · A member leaves; its clocks are cancelled.")
def leave(member: MemberOption) -> Data:
    return {"member": member}


@_ROUND.step("report", "reported", "上报 · A member reports.")
def report(
    member: MemberOption,
    document: DocumentOption = "",
    figure: Annotated[
        list[str] | None, typer.Option(metavar="NAME=N", help="A count; repeatable.")
    ] = None,
) -> Data:
    figures = {name: _count(text) for name, text in _pairs(figure, "--figure", "NAME=N")}
    return given(member=member, document=document, figures=figures or None)


@_ROUND.step("score", "scored", "打分 · Somebody scores a member.")
def score(
    member: MemberOption,
    score: Annotated[
        list[str], typer.Option(metavar="DIMENSION=POINTS", help="From 0 to 100; repeatable.")
    ],
    rater: Annotated[
        str, typer.Option(metavar="REF", help="Who gave them: a reference, never a person's name.")
    ] = "",
    document: DocumentOption = "",
) -> Data:
    scores = {name: _points(text) for name, text in _pairs(score, "--score", "DIMENSION=POINTS")}
    return given(member=member, scores=scores, rater=rater, document=document)


@_ROUND.step("sign", "statement_signed", "对账签字 · One side signs the month's statement.")
def sign(  # one argument for each option
    *,
    member: MemberOption,
    side: Annotated[str, typer.Option(metavar="SIDE", help="unit or office.")],
    signer: Annotated[str, typer.Option(metavar="OFFICIAL", help="Who signs.")],
    opening: Annotated[int, typer.Option(metavar="N", help="Items open when the month began.")],
    new: Annotated[int, typer.Option(metavar="N", help="Items that came in.")],
    struck_off: Annotated[int, typer.Option(metavar="N", help="Items that went out.")],
    carried_over: Annotated[int, typer.Option(metavar="N", help="Items still open at its end.")],
    overdue: Annotated[int, typer.Option(metavar="N", help="How many of those are overdue.")] = 0,
) -> Data:
    return {
        "member": member, "side": side, "signer": signer, "opening": opening, "new": new,
        "struck_off": struck_off, "carried_over": carried_over, "overdue": overdue,
    }  # fmt: skip


DRAFT = (
    "初稿 · The draft is served: objections may come.\n\nPlaces are worked out from the scores by "
    "the rules of the series."
)


@_ROUND.step("draft", "drafted", DRAFT)
def draft() -> Data:
    return {}


@_ROUND.step("object", "objected", "异议 · A member objects to the draft.")
def object_(
    member: MemberOption,
    ground: ReasonOption,
    signer: Annotated[str, typer.Option(metavar="OFFICIAL", help="The unit's head, who signs.")],
) -> Data:
    return {"member": member, "ground": ground, "signer": signer}


@_ROUND.step("rule", "objection_ruled", "裁定 · The objection is ruled on.")
def rule(
    member: MemberOption,
    reason: ReasonOption,
    upheld: Annotated[bool, typer.Option("--upheld", help="The objection is right.")] = False,
    place: Annotated[
        str, typer.Option(metavar="PLACE", help="The place it has then; none when left out.")
    ] = "",
) -> Data:
    return {**given(member=member, reason=reason, place=place), "upheld": upheld}


@_ROUND.step("publish", "published", "发布 · The round is published.")
def publish(
    document: DocumentOption = "",
    approver: ApproverOption = "",
) -> Data:
    return given(document=document, approver=approver)


@_ROUND.step("overturn", "place_overturned", "撤销上榜 · A place falls, and what was built on it.")
def overturn(
    member: MemberOption,
    ground: ReasonOption,
    approver: ApproverOption,
) -> Data:
    return {"member": member, "ground": ground, "approver": approver}


@_ROUND.step("close", "closed", "结束 · The round is over.")
def close(document: DocumentOption = "") -> Data:
    return given(document=document)


def _pairs(texts: list[str] | None, option: str, form: str) -> list[tuple[str, str]]:
    found = [text.rpartition("=") for text in texts or ()]
    for text, (name, _, value) in zip(texts or (), found, strict=True):
        if not name or not value.replace(".", "", 1).isdigit():
            raise Misuse(Fault(PAIR_WRONG, option, text, form))
    return [(name, value) for name, _, value in found]


def _count(text: str) -> int:
    if not text.isdigit():
        raise Misuse(Fault(PAIR_WRONG, "--figure", text, "NAME=N"))
    return int(text)


def _points(text: str) -> float:
    return float(text)
