"""A store, and facts into it: `init` and `append`."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from sla_engine.cli import lines
from sla_engine.cli.desk import DEPARTED, Desk, command
from sla_engine.cli.files import opened
from sla_engine.cli.options import within

if TYPE_CHECKING:
    from sla_engine.cli.reception import Refused

_SHOWN = 50
_LARGEST_BATCH = 10_000

app = typer.Typer()


@command(
    app,
    "init",
    help="建库 · Make an empty store.\n\n"
    "One that is there already is brought up to date and keeps its facts.",
)
def init(desk: Desk) -> None:
    store, existed = desk.settings.store, desk.present
    with desk.engine(create=True) as engine:
        packs = sorted({pack.name for pack in engine.rules.packs})
        head = engine.log.head()
    if desk.voice.json:
        desk.voice.document(
            {"store": store, "created": not existed, "events": head, "packs": packs}
        )
        return
    there = f"已有，{head} 个事件 · there, {head} events" if head else "空库就绪 · there, and empty"
    made = there if existed else "已建库 · made"
    desk.voice.show(f"{made}: {store}", f"政策包 · policy packs: {', '.join(packs)}")


@command(
    app,
    "append",
    help="送入事实 · Record facts from JSON Lines.\n\n"
    "A line sent again is recognised and records nothing new; a refused line does not hold up the "
    "others. Facts may come in any order: one that comes too early is tried once more at the end. "
    "Ends with 1 when a line was refused.",
)
def append(
    desk: Desk,
    file: Annotated[
        Path, typer.Argument(help="A file of JSON Lines in UTF-8, or - for standard input.")
    ] = Path("-"),
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejects",
            metavar="FILE",
            help="Write refused lines here with the reasons. Mend them and `append` this very "
            "file. It may hold personal data, so only its owner can read it.",
        ),
    ] = None,
    batch: Annotated[
        int | None, typer.Option("--batch", metavar="N", help="Lines per transaction (200).")
    ] = None,
) -> None:
    from sla_engine.cli.reception import Reception

    settings = desk.settings
    size = within(batch or settings.batch, "--batch", 1, _LARGEST_BATCH)
    total = lines.count(file) if file.is_file() else None
    with (
        desk.engine() as engine,
        opened(file) as stream,
        _part_of(rejects) as part,
        desk.voice.progress(file.name, total) as advance,
    ):
        clerk = _Clerk(desk, part)
        reception = Reception(engine.take, clerk.hear, size, settings.line_limit)
        try:
            for line in lines.read(stream, settings.line_limit):
                reception.receive(line)
                advance.to(line.number)
            reception.finish()
        finally:
            clerk.sum_up(reception.tally)
    if clerk.refused:
        raise typer.Exit(DEPARTED)


class _Clerk:
    """Tells the caller of refused lines and keeps them for sending again."""

    def __init__(self, desk: Desk, part: IO[bytes] | None) -> None:
        self.desk = desk
        self.part = part
        self.refused = 0

    def hear(self, refused: "Refused") -> None:
        import msgspec

        from sla_engine.cli.reception import reject

        self.refused += 1
        voice, number = self.desk.voice, refused.line.number
        if self.part is not None:
            self.part.write(msgspec.json.encode(reject(refused)) + b"\n")
        if voice.json:
            faults = [fault.as_dict() for fault in refused.faults]
            voice.line({"line": number, "status": "refused", "faults": faults})
        elif self.refused <= _SHOWN:
            voice.refused(f"第 {number} 行 · line {number}", refused.faults)

    def sum_up(self, tally: Counter[str]) -> None:
        recorded, repeated, refused = (tally[n] for n in ("recorded", "repeated", "refused"))
        if self.desk.voice.json:
            counts = {"recorded": recorded, "repeated": repeated, "refused": refused}
            self.desk.voice.line({"summary": counts})
            return
        if refused > _SHOWN:
            rest = refused - _SHOWN
            self.desk.voice.show(f"… 另有 {rest} 行被拒 · {rest} more refused; see --rejects")
        self.desk.voice.show(
            f"记录 recorded {recorded} · 重复 repeated {repeated} · 拒收 refused {refused}"
        )


@contextmanager
def _part_of(path: Path | None) -> Iterator[IO[bytes] | None]:
    """A file that takes its name only when it is complete, so it may be the input itself."""
    if path is None:
        yield None
        return
    import os

    part = path.with_name(f"{path.name}.part")
    with open(part, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
        yield stream
    part.replace(path)
