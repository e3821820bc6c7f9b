"""Golden exports: what analysts load does not change unless somebody meant it to."""

import pytest

from tests.golden.redraw_exports import FOLDER, drawn

DRAWN = dict(drawn())


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_an_export_reads_as_it_always_did(name: str) -> None:
    kept = FOLDER / name
    assert kept.is_file(), "write it: python -m tests.golden.redraw_exports"
    expected = kept.read_bytes().decode()
    assert DRAWN[name] == expected, "python -m tests.golden.redraw_exports"


def test_every_file_kept_is_written() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*DRAWN}
