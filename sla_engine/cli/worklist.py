"""What is due: every open clock, the most urgent first."""

from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, command
from sla_engine.cli.options import LimitOption, checked, instant

app = typer.Typer()


@command(
    app,
    "worklist",
    help="待办 · What is due, the most urgent first.\n\n"
    "Overdue before running, then by level, then by due time. One line for each open clock.",
)
def worklist(
    desk: Desk,
    unit: Annotated[str, typer.Option(metavar="UNIT", help="Only what this unit must do.")] = "",
    level: Annotated[
        int,
        typer.Option(
            metavar="N", help="Only clocks that have reached this level or a higher one (10, 20…)."
        ),
    ] = 0,
    state: Annotated[
        str, typer.Option(metavar="STATE", help="Only clocks that are running, paused or overdue.")
    ] = "",
    due_before: Annotated[
        str, typer.Option(metavar="TIME", help="Only what is due before then (RFC 3339).")
    ] = "",
    limit: LimitOption = 50,
) -> None:
    from sla_engine.cli.due import render
    from sla_engine.cli.options import misused
    from sla_engine.showing.duties import STATE_UNKNOWN, Wanted

    due = instant(due_before, "--due-before")
    with misused(STATE_UNKNOWN):
        wanted = Wanted(unit, level, state, due)
    with desk.engine() as engine:
        render(engine, desk.voice, wanted, checked(limit))
