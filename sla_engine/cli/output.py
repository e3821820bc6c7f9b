"""How answers look: JSON for programs, tables and panels for people, the same words everywhere.

Times are shown at +08:00, to the minute unless there are seconds. Instants that end a day are
shown as 24:00 of that day, as officials write them. A colour never stands without its word.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sla_engine.showing.written import Speech

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress
    from rich.table import Table
    from rich.text import Text as Styled

    from sla_engine.errors import Fault

Instant = int

_PIPED_WIDTH = 120
_SHOWN_FAULTS = 40

_UNSEEN = dict.fromkeys(
    {*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - {9, 10},
    "\N{REPLACEMENT CHARACTER}",
)


LIGHTS: Mapping[str, str] = {
    "none": "dim",
    "grey": "bright_black",
    "blue": "blue",
    "yellow": "yellow",
    "orange": "dark_orange",
    "red": "red",
    "purple": "magenta",
    "black": "bold white on black",
}


class Voice(Speech):
    """Speaks to whoever called: answers on standard output, complaints on standard error."""

    def __init__(self, json: bool = False) -> None:
        self.json = json
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")

    def show(self, *renderables: "RenderableType") -> None:
        """For people: one under the other. Plain lines are left to the terminal to break."""
        from rich.text import Text

        out = console()
        for renderable in renderables:
            out.print(renderable, soft_wrap=isinstance(renderable, str | Text))

    def read(self, lines: Iterable[str]) -> None:
        """Text to be read or copied: never cut, never broken."""
        for line in lines:
            sys.stdout.write(f"{plain(line)}\n")

    def note(self, text: str) -> None:
        """A remark beside the answer; never on standard output, never with --json."""
        if not self.json:
            console(stderr=True).print(text, style="dim")

    def document(self, value: Any) -> None:
        """For programs: one JSON document."""
        import msgspec

        _write(msgspec.json.format(msgspec.json.encode(value), indent=2))

    def line(self, value: Any) -> None:
        """For programs: one JSON line."""
        import msgspec

        _write(msgspec.json.encode(value))

    def complain(self, faults: Sequence["Fault"]) -> None:
        """What was refused and why, on standard error."""
        if self.json:
            import msgspec

            document = {"error": {"code": faults[0].code, "faults": [f.as_dict() for f in faults]}}
            sys.stderr.write(msgspec.json.encode(document).decode() + "\n")
        else:
            console(stderr=True).print(faults_panel(faults))

    def refused(self, label: str, faults: Sequence["Fault"]) -> None:
        """One refused item among many: where, and every reason in both languages."""
        from rich.text import Text

        lines = [Text(label, style="bold")]
        for fault in faults:
            lines.append(Text.assemble("  ", (fault.code, "red"), "  ", fault.zh()))
            lines.append(Text(f"    {fault.en()}", style="dim"))
        self.show(*lines)

    @contextmanager
    def progress(self, what: str, total: int | None) -> "Iterator[Advance]":
        """A bar with count and time to go; on a terminal alone."""
        if self.json or not sys.stderr.isatty():
            yield Advance()
            return
        bar = _bar()
        with bar:
            yield Advance(bar, what, total)


class Advance:
    """Moves a bar forward; without a bar it does nothing."""

    def __init__(
        self, bar: "Progress | None" = None, what: str = "", total: int | None = None
    ) -> None:
        self._bar = bar
        self._task = bar.add_task(what, total=total) if bar is not None else None

    def __call__(self, steps: int = 1) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, steps)

    def to(self, done: int) -> None:
        """To an absolute count."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)


def table(title: str, *headers: str) -> "Table":
    """An empty table in the house style; headers are written `中文 english`, one under the other.
    What is too long for its column is broken, never cut."""
    from rich import box
    from rich.table import Table

    made = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        made.add_column(header.replace(" ", "\n", 1), overflow="fold")
    return made


def faults_panel(faults: Sequence["Fault"]) -> "RenderableType":
    """Code, Chinese and English of each fault, with the hint as part of each text."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    parts: list[RenderableType] = []
    for fault in faults[:_SHOWN_FAULTS]:
        parts.append(
            Text.assemble((fault.code, "bold red"), "\n", fault.zh(), "\n", (fault.en(), "dim"))
        )
    rest = len(faults) - _SHOWN_FAULTS
    if rest > 0:
        parts.append(Text(f"… 另有 {rest} 处 · {rest} more", style="dim"))
    return Panel(Group(*parts), title="不能照办 · refused", title_align="left", border_style="red")


def light(colour: str) -> str:
    """The style of a level's light."""
    return LIGHTS.get(colour, "")


def styled(*parts: "str | tuple[str, str]") -> "Styled":
    """Text of which some parts carry a style; nothing in it is read as markup."""
    from rich.text import Text

    return Text.assemble(*parts)


def console(stderr: bool = False, markup: bool = False) -> "Console":
    """A console that prints what people sent as text, never as commands to the terminal.
    `markup` is for text that is all our own.

    A pipe has no width of its own; tables get one that a page bears.
    """
    import os

    from rich.console import Console, ConsoleOptions
    from rich.segment import Segment

    class Safe(Console):
        def render(
            self, renderable: Any, options: ConsoleOptions | None = None
        ) -> Iterator[Segment]:
            for segment in super().render(renderable, options):
                yield segment if segment.control else segment._replace(text=plain(segment.text))

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PIPED_WIDTH
    return Safe(stderr=stderr, width=width, highlight=False, markup=markup, emoji=False)


def plain(text: str) -> str:
    """Text without control characters and without marks that turn the direction of writing."""
    return text.translate(_UNSEEN)


def _bar() -> "Progress":
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
        # Rich would send answers that are piped away to the terminal of the bar.
        redirect_stdout=sys.stdout.isatty(),
    )


def _write(text: bytes) -> None:
    """At once: whoever follows a pipe waits for the line."""
    sys.stdout.write(text.decode() + "\n")
    sys.stdout.flush()
