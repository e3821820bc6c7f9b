"""Golden documents: what officials are handed does not change unless somebody meant it to."""

import pytest

from tests.golden.redraw import FOLDER, drawn

DRAWN = dict(drawn())


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_document_reads_as_it_always_did(name: str) -> None:
    kept = FOLDER / name
    assert kept.is_file(), "draw it: python -m tests.golden.redraw"
    assert DRAWN[name] == kept.read_text(encoding="utf-8"), "python -m tests.golden.redraw"


def test_every_file_kept_is_drawn() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*DRAWN, "pack.toml"}
