"""One petition: its card, clocks and timeline; why it is due when it is; erasing its petitioner."""

from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, command, group
from sla_engine.cli.options import (
    AsKnownOption,
    LimitOption,
    NoArgument,
    YesOption,
    checked,
    instant,
)
from sla_engine.errors import refuse, register

CLAUSE_ABSENT = register(
    "CLAUSE_ABSENT",
    "这件没有条款“{found}”的时钟；有：{allowed}",
    "there is no clock of clause {found} here; there are: {allowed}",
)
NO_PETITIONER = register(
    "NO_PETITIONER",
    "诉求件 {found} 没有诉求人编号，也就没有个人信息",
    "petition {found} has no petitioner reference, so nothing personal is kept",
)

app = group("petition", "诉求 · Petitions: what was promised, what happened, why.")


@command(
    app,
    "show",
    help="全貌 · Card, clocks with their verdicts, timeline.\n\n"
    "The timeline shows facts and acts with both times: when it was so, and when it was recorded. "
    "What was withdrawn is struck through. --as-known shows it as it stood then.",
)
def show(desk: Desk, no: NoArgument, as_known: AsKnownOption = "") -> None:
    from sla_engine.cli.case import tell

    tell(desk, no, as_known)


@command(
    app,
    "list",
    help="目录 · Petitions by number: phase, unit, highest level.",
)
def list_(
    desk: Desk,
    phase: Annotated[
        str, typer.Option(metavar="PHASE", help="Only those in this phase, e.g. in_progress.")
    ] = "",
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Only those held by this unit.")] = "",
    limit: LimitOption = 100,
) -> None:
    from sla_engine.cli.registers import petitions

    with desk.engine() as engine:
        petitions(engine, desk.voice, phase, unit, checked(limit))


@command(
    app,
    "explain",
    help="推演 · Why it is due when it is.\n\n"
    "The fact that starts the clock, every day counted or left out with the notice that made it "
    "so, pauses, extensions, and the rungs reached and to come.",
)
def explain(
    desk: Desk,
    no: NoArgument,
    clause: Annotated[
        str, typer.Option(metavar="CLAUSE", help="One clause only, by its id in the pack.")
    ] = "",
    as_known: AsKnownOption = "",
) -> None:
    from sla_engine.cli.derivation import render
    from sla_engine.showing.case import Case
    from sla_engine.showing.clocks import explained

    known_at = instant(as_known, "--as-known")
    with desk.engine() as engine:
        case = Case.open(engine, no, known_at)
        readings = [r for r in case.assessment.readings if clause in ("", r.clause.id)]
        if clause and not readings:
            there = dict.fromkeys(r.clause.id for r in case.assessment.readings)
            raise refuse(CLAUSE_ABSENT, "--clause", clause, ", ".join(there) or "-")
        if desk.voice.json:
            desk.voice.document([explained(reading) for reading in readings])
        else:
            desk.voice.read(line for each in readings for line in render(each, desk.voice))


@command(
    app,
    "case",
    help="案卷 · Facts and derivations, as JSON for the independent checker.\n\n"
    "`python -m sla_engine.checker CASE.json` verifies every due instant step by step without the "
    "engine. No personal data.",
)
def case_(desk: Desk, no: NoArgument, as_known: AsKnownOption = "") -> None:
    from sla_engine.catalog import pack_texts
    from sla_engine.showing.case import Case
    from sla_engine.showing.proof import proof

    known_at = instant(as_known, "--as-known")
    texts = {name: text for folder in desk.pack_dirs for name, text in pack_texts(folder).items()}
    with desk.engine() as engine:
        assessment = Case.open(engine, no, known_at).assessment
        desk.voice.document(proof(engine, assessment, texts))


@command(
    app,
    "erase",
    help="删除个人信息 · Destroy the petitioner's personal data.\n\n"
    "The data and the key to it, for good. The facts and the clocks stay; that something was "
    "erased is recorded.",
)
def erase(
    desk: Desk,
    no: NoArgument,
    ground: Annotated[
        str, typer.Option(metavar="TEXT", help="Why: the request or the rule. No personal data.")
    ],
    yes: YesOption = False,
) -> None:
    from sla_engine.petition.events import Registered
    from sla_engine.showing.case import stream_of

    with desk.engine() as engine:
        stream = stream_of(engine, no)
        opening = engine.dossier(stream).opening.event
        subject = opening.petitioner if isinstance(opening, Registered) else ""
        if not subject:
            raise refuse(NO_PETITIONER, "", no)
        if not yes:
            typer.confirm(
                f"删除 {subject} 的个人信息，不可恢复 · erase for good?", abort=True, err=True
            )
        engine.erase(subject, ground)
    if desk.voice.json:
        desk.voice.document({"erased": subject, "ground": ground})
    else:
        desk.voice.show(f"已删除 · erased: {subject}")
