"""Logs of other systems become petitions, judged and never acted upon."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.desk import DEPARTED, Desk, Misuse, command
from sla_engine.errors import Refusal

if TYPE_CHECKING:
    from sla_engine.cli.output import Advance
    from sla_engine.importing.matter import Refused

app = typer.Typer()

_SHOWN = 50
_STEPS = 1_000


@command(
    app,
    "import",
    help="导入历史 · Take the log of another system as history.\n\n"
    "Clocks are judged, nobody is told. Rows that cannot be taken are reported and hold nothing "
    "up; importing the same file again records nothing new. Ends with 1 when a row was refused.",
)
def import_(
    desk: Desk,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XES, also gzipped.")],
    mapping: Annotated[
        Path,
        typer.Option(
            "--mapping", "-m", metavar="MAPPING", help="TOML that says which column is what."
        ),
    ],
) -> None:
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
