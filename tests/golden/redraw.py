"""Draws every golden document again: `python -m tests.golden.redraw`. Look at what changed."""

from collections.abc import Iterator
from pathlib import Path

from sla_engine.documents.register import draw
from sla_engine.documents.render import Format, render
from sla_engine.wording import load_wording
from tests.support.papers import PACK, REGION, RULES, SOURCES

FOLDER = Path(__file__).with_name("documents")
FORMATS: tuple[Format, ...] = ("md", "html")


def drawn() -> Iterator[tuple[str, str]]:
    """File name and text of every golden document. Digests change with every notice and with the
    language of packs; they are left out."""
    wording = load_wording()
    for name, (document, of, source) in SOURCES.items():
        calendar = RULES.calendar(PACK, REGION, source.at).digest
        for to in FORMATS:
            text = render(draw(document, of, source), to, wording)
            text = text.replace(PACK.digest[:12], "(pack)").replace(calendar[:12], "(calendar)")
            yield f"{name}.{to}", text


def main() -> None:
    for name, text in drawn():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
