"""Writes golden exports again: `python -m tests.golden.redraw_exports`. Look at what changed."""

import re
from collections.abc import Iterator
from pathlib import Path

from sla_engine import __version__
from sla_engine.exporting.run import Format
from tests.support.exported import exported
from tests.support.small_log import DIGESTS, small

FOLDER = Path(__file__).with_name("exports")
FORMATS = (Format.XES, Format.OCEL)
_SUMS = re.compile(r'((?:check" value=|check","value":|chain":)")[0-9a-f]+')


def drawn() -> Iterator[tuple[str, str]]:
    """File name and text of every golden export. Digests of rules change with every notice and
    with the language of packs, and with them the digests of events; they are left out."""
    for form in FORMATS:
        text = exported(small(), form).decode()
        for name, digest in DIGESTS.items():
            text = text.replace(digest, f"({name})")
        text = text.replace(f'"{__version__}"', '"(release)"')
        yield f"log.{form}", _SUMS.sub(r"\1(digest)", text)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in drawn():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
