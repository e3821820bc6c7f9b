"""Commands that need no store: questions about working time, and the demonstration."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, command
from sla_engine.cli.files import content, opened
from sla_engine.cli.output import console

app = typer.Typer()


@command(
    app,
    "compute",
    help="推算 · Answer questions about working time.\n\n"
    "JSON Lines in, JSON Lines out. A line that cannot be taken is answered with an error and the "
    "next one is read; the exit status is 0 all the same, for every line has its answer.",
)
def compute(
    desk: Desk,
    file: Annotated[
        Path, typer.Argument(help="A file of questions, or - for standard input.")
    ] = Path("-"),
    schedules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Office hours that questions may name, as JSON."),
    ] = None,
    calendar: Annotated[
        str, typer.Option(metavar="NAME", help="Which calendar to ask: cn, nl.")
    ] = "cn",
) -> None:
    from sla_engine.catalog import load_almanac
    from sla_engine.cli.compute import read_schedules, run

    almanac = load_almanac(calendar)
    hours = read_schedules(content(schedules), schedules.name) if schedules else {}
    with opened(file) as source:
        sys.stdout.flush()
        refused = run(source, sys.stdout.buffer, almanac, hours)
    if refused:
        desk.voice.note(f"{refused} 行不能回答 · {refused} lines could not be taken")


@command(
    app,
    "demo",
    help="演示 · See the whole of it at work, in seconds.\n\n"
    "A story on virtual time, from petition to strike-off. Ends with 1 if anything departs from "
    "what it foretells. With --store the store is kept, to be looked at with the other commands.",
)
def demo(desk: Desk) -> None:
    from sla_engine.cli.demo import run_demo

    store = Path(desk.store) if desk.store else None
    status = run_demo(console(markup=True), store, desk.voice.json)
    if status:
        raise typer.Exit(status)
