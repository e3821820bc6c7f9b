"""Logs of other systems become petitions, judged and never acted upon; our own become logs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.desk import DEPARTED, Desk, Misuse, command
from sla_engine.cli.export import read_exactly
from sla_engine.errors import Fault, Refusal, register

if TYPE_CHECKING:
    from sla_engine.cli.output import Advance
    from sla_engine.importing.matter import Refused

IMPORT_HOW = register(
    "IMPORT_HOW",
    "{found} 必须且只能给出一个",
    "one of {found} is needed, and one alone",
    "其他系统的日志用 --mapping，本程序导出的用 --exact",
    "--mapping for logs of other systems, --exact for what this program exported",
)

app = typer.Typer()

_SHOWN = 50
_STEPS = 1_000


@command(
    app,
    "import",
    help="导入历史 · Take the log of another system as history.\n\n"
    "Clocks are judged, nobody is told. Rows that cannot be taken are reported and hold nothing "
    "up; importing the same file again records nothing new. Ends with 1 when a row was refused."
    "\n\nWith --exact: a new store from what `export` wrote, the same event by event, verified.",
)
def import_(
    desk: Desk,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XES, also gzipped.")],
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", "-m", metavar="MAPPING", help="TOML that says which column is what."
        ),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option("--exact", metavar="", help="FILE is an export of a whole log of our own."),
    ] = False,
) -> None:
    if exact == (mapping is not None):
        raise Misuse(Fault(IMPORT_HOW, "", "--mapping, --exact"))
    if mapping is not None:
        _import(desk, file, mapping)
    else:
        read_exactly(desk, file)


def _import(desk: Desk, file: Path, mapping: Path) -> None:
    from sla_engine.cli.imported import render
    from sla_engine.importing.load import load_mapping
    from sla_engine.importing.run import import_file

    try:
        bound = load_mapping(mapping)
    except Refusal as refusal:
        raise Misuse(refusal.faults) from None
    with (
        desk.engine(adapt=bound.known_to) as engine,
        desk.voice.progress(file.name, 2 * _STEPS) as advance,
    ):
        watch = _Watch(desk, advance)
        report = import_file(engine, file, bound, watch)
    if desk.voice.json:
        desk.voice.line({"summary": report.as_dict()})
    else:
        desk.voice.show(*render(report, desk.voice))
    if report.refused:
        raise typer.Exit(DEPARTED)


class _Watch:
    """Shows how far an import has come, and what it refuses."""

    def __init__(self, desk: Desk, advance: "Advance") -> None:
        self.desk = desk
        self.advance = advance
        self.count = 0

    def advanced(self, stage: str, rows: int, fraction: float) -> None:
        done = fraction if stage == "take" else 1 + fraction
        self.advance.to(int(done * _STEPS))

    def refused(self, refused: "Refused") -> None:
        self.count += 1
        voice = self.desk.voice
        if voice.json:
            voice.line({"status": "refused", **refused.as_dict()})
        elif self.count <= _SHOWN:
            voice.refused(f"第 {refused.line} 行 · line {refused.line}", refused.faults)
