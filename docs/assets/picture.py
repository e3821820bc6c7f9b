"""Draw docs/assets/demo.svg from what `sla-engine demo` prints.

    .venv/bin/python docs/assets/picture.py

Every run of text is given the width of its terminal cells, so that columns stand in line whatever
fonts the reader has; nothing is loaded from elsewhere.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURE = Path(__file__).with_name("demo.svg")
ROOT = PICTURE.parents[2]

# The part of the demonstration that is shown: from its first line that holds one to the line
# that holds the other.
FIRST, BEFORE = "一、诉求一览", "二、一件诉求"
COLUMNS = 98

FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"
CJK = "'Noto Sans Mono CJK SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"
CELL, LINE, SIZE, MARGIN = 8.4, 19, 14, 18
# Spaces at the ends of a text element, and several together, are lost in some viewers.
WORDS = re.compile(r"\S+(?: \S+)*")
INK = TerminalTheme(
    (24, 26, 31),
    (208, 212, 220),
    [
        (24, 26, 31),
        (240, 106, 106),
        (126, 200, 128),
        (229, 192, 96),
        (97, 160, 240),
        (196, 134, 222),
        (86, 190, 200),
        (208, 212, 220),
    ],
    [
        (130, 136, 148),
        (250, 130, 130),
        (150, 220, 150),
        (245, 210, 120),
        (125, 180, 250),
        (212, 160, 235),
        (110, 210, 220),
        (240, 242, 246),
    ],
)


def printed() -> list[Text]:
    """Lines of the demonstration as a terminal of this width shows them, colours and all."""
    command = [sys.executable, "-m", "sla_engine.cli.main", "demo"]
    terminal = {"COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    known = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    shown = subprocess.run(
        command, cwd=ROOT, env=known | terminal, check=True, capture_output=True
    ).stdout.decode()
    return list(Text.from_ansi(shown).split("\n"))


def excerpt(lines: list[Text]) -> list[Text]:
    """The part that is shown, without blank lines at its end."""
    first = next(i for i, line in enumerate(lines) if FIRST in line.plain)
    last = next(i for i, line in enumerate(lines) if BEFORE in line.plain)
    while not lines[last - 1].plain.strip():
        last -= 1
    return lines[first:last]


def svg(lines: list[Text]) -> str:
    """The lines as a picture."""
    width = 2 * MARGIN + COLUMNS * CELL
    height = 2 * MARGIN + len(lines) * LINE
    texts = "\n".join(tag for row, line in enumerate(lines) for tag in runs(line, row))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" \
width="{width:g}" height="{height:g}" role="img">
<title>sla-engine demo</title>
<style>
text {{ font: {SIZE}px {FONT},{CJK}; white-space: pre; }}
.w {{ font-family: {CJK},{FONT}; }}
.b {{ font-weight: bold; }}
.s {{ text-decoration: line-through; }}
</style>
<rect width="100%" height="100%" rx="8" fill="{INK.background_color.hex}"/>
{texts}
</svg>
"""


def runs(line: Text, row: int) -> Iterator[str]:
    """Text elements of one line: neighbours of one style and one width of character."""
    console = Console(width=10 * COLUMNS, color_system="truecolor", legacy_windows=False)
    cell, y = 0, MARGIN + row * LINE + SIZE
    for text, style, _ in line.render(console):
        for wide, group in groupby(
            text.rstrip("\n"), key=lambda character: cell_len(character) > 1
        ):
            part = "".join(group)
            for word in WORDS.finditer(part):
                x = MARGIN + (cell + cell_len(part[: word.start()])) * CELL
                length = cell_len(word[0]) * CELL
                yield element(word[0], x, y, length, style or Style(), wide)
            cell += cell_len(part)


def is_wide(character: str) -> bool:
    return cell_len(character) > 1


def element(text: str, x: float, y: float, length: float, style: Style, wide: bool) -> str:
    """One run in its place. Rules are stretched to meet; characters are only spaced."""
    classes = [name for name, on in (("w", wide), ("b", style.bold), ("s", style.strike)) if on]
    fill = INK.foreground_color.hex if style.color is None else style.color.get_truecolor(INK).hex
    marks = f' class="{" ".join(classes)}"' if classes else ""
    faint = ' opacity=".6"' if style.dim else ""
    glyphs = "" if wide else ' lengthAdjust="spacingAndGlyphs"'
    return (
        f'<text x="{x:.1f}" y="{y}" textLength="{length:.1f}"{glyphs} fill="{fill}"{marks}{faint}>'
        f"{escape(text)}</text>"
    )


def draw() -> str:
    """The picture as it should be now."""
    return svg(excerpt(printed()))


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}\n")
