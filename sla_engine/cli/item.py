"""List items (清单事项): who owes what by when, from the listing to the strike-off."""

from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, command, group
from sla_engine.cli.noun import Data, Noun, Sent, given
from sla_engine.cli.options import (
    ApproverOption,
    AsKnownOption,
    DocumentOption,
    ItemArgument,
    LimitOption,
    ReasonOption,
    checked,
)

app = group("item", "清单事项 · Items of lists, to the strike-off.")

_ITEM = Noun(app, "item", ItemArgument, "Steps of an item, in their order", opening="listed")

VerifierOption = Annotated[
    str, typer.Option(metavar="OFFICIAL", help="Who looked; not who owes it, not the signer.")
]


@command(app, "list", help="台账 · Items, those still open first.")
def list_(  # one argument for each option
    desk: Desk,
    all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    list_: Annotated[str, typer.Option("--list", metavar="LIST", help="Only of this list.")] = "",
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Only what this unit owes.")] = "",
    project: Annotated[
        str, typer.Option(metavar="PROJECT", help="Only of this enterprise or project.")
    ] = "",
    limit: LimitOption = 100,
) -> None:
    from sla_engine.cli.lists import items

    wanted = {"list": list_, "unit": unit, "project": project}
    with desk.engine() as engine:
        items(engine, desk.voice, wanted, all_, checked(limit))


@command(app, "show", help="全貌 · Card, clocks and timeline of one item.")
def show(desk: Desk, item: ItemArgument, as_known: AsKnownOption = "") -> None:
    from sla_engine.cli.case import tell

    tell(desk, f"item/{item}", as_known)


@_ITEM.sending("add", "列入 · Put an item on a list.")
def add(  # noqa: PLR0913 # one argument for each option
    desk: Desk,
    sent: Sent,
    *,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The id it is to have.")],
    list_: Annotated[str, typer.Option("--list", metavar="LIST", help="A list of the pack.")],
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Who owes it.")],
    pack: Annotated[str, typer.Option(metavar="PACK", help="The policy pack that governs it.")],
    region: Annotated[str, typer.Option(metavar="CODE", help="Region (default: the pack's).")] = "",
    person: Annotated[str, typer.Option(metavar="POST", help="Who answers, by post.")] = "",
    title: Annotated[str, typer.Option(metavar="TEXT", help="What it is.")] = "",
    limit: Annotated[
        str, typer.Option(metavar="LIMIT", help="10个工作日, 30日, or its last day 2024-06-30.")
    ] = "",
    after: Annotated[
        list[str] | None, typer.Option(metavar="ITEM", help="What comes before it; repeatable.")
    ] = None,
    petition: Annotated[
        list[str] | None, typer.Option(metavar="NO", help="A petition it is about; repeatable.")
    ] = None,
    project: Annotated[
        str, typer.Option(metavar="PROJECT", help="The enterprise or project it belongs to.")
    ] = "",
    matter: Annotated[str, typer.Option(metavar="TEXT", help="Class of matter.")] = "",
) -> None:
    from sla_engine.cli.options import instant

    with desk.engine() as engine:
        at = instant(sent.at, "--at") or engine.clock.now()
        home = region or engine.rules.pack_on(pack, at).region
    optional = given(
        person=person, title=title, limit=limit, after=after, petitions=petition,
        project=project, matter=matter,
    )  # fmt: skip
    data = {"pack": pack, "region": home, "list": list_, "unit": unit, **optional}
    _ITEM.send(desk, item, "listed", data, sent)


@_ITEM.step("assign", "assigned", "转办 · Another unit or person owes it from here on.")
def assign(
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Who owes it now.")],
    person: Annotated[str, typer.Option(metavar="POST", help="Who answers, by post.")] = "",
) -> Data:
    return given(unit=unit, person=person)


@_ITEM.step("start", "started", "开始 · Work begins.")
def start(
    despite: Annotated[
        str, typer.Option(metavar="GROUND", help="Ground on which a predecessor may be open.")
    ] = "",
    owed: Annotated[
        list[str] | None, typer.Option(metavar="PAPER", help="A paper to follow; repeatable.")
    ] = None,
) -> Data:
    return given(despite=despite, owed=owed)


@_ITEM.step("link", "linked", "关联 · One more petition of the same class.")
def link(petition: Annotated[str, typer.Option(metavar="NO", help="The petition.")]) -> Data:
    return {"petition": petition}


@_ITEM.step("step", "step_done", "环节 · A milestone that the pack names.")
def step(
    name: Annotated[str, typer.Option("--name", metavar="STEP", help="Its id in the pack.")],
    evidence: Annotated[str, typer.Option(metavar="REF", help="What shows it.")] = "",
) -> Data:
    return given(step=name, evidence=evidence)


@_ITEM.step("report", "reported", "报完成 · The unit reports it done.")
def report(
    document: DocumentOption,
    signer: Annotated[str, typer.Option(metavar="OFFICIAL", help="Who signed it.")] = "",
) -> Data:
    return given(document=document, signer=signer)


@_ITEM.step("verify", "verified", "核验销号 · Somebody else has found it done; it is struck off.")
def verify(
    verifier: VerifierOption,
    method: Annotated[str, typer.Option(metavar="TEXT", help="How.")] = "",
    document: DocumentOption = "",
) -> Data:
    return given(verifier=verifier, method=method, document=document)


@_ITEM.step("reject", "rejected", "核验不通过 · Not done; back to work.")
def reject(verifier: VerifierOption, reason: ReasonOption) -> Data:
    return {"verifier": verifier, "reason": reason}


@_ITEM.step("rebound", "rebounded", "反弹 · An item struck off is open again.")
def rebound(reason: ReasonOption) -> Data:
    return {"reason": reason}


@_ITEM.step("cancel", "cancelled", "撤销 · The item is taken off its list.")
def cancel(
    approver: ApproverOption,
    reason: ReasonOption,
) -> Data:
    return {"approver": approver, "reason": reason}
