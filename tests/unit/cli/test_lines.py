"""Lines of a file: all of them, numbered, none held beyond its limit."""

import io

from hypothesis import assume, example, given
from hypothesis import strategies as st

from sla_engine.cli import lines
from sla_engine.cli.lines import Line

LIMIT = 20
BOM = b"\xef\xbb\xbf"

line_texts = st.binary(max_size=60).map(lambda text: text.translate(None, b"\r\n"))


@given(st.lists(line_texts), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
@example([b"b" * 21, b""], b"\r\n", True)
@example([b" " * 30 + b"x"], b"\n", False)
def test_every_line_that_is_not_blank_comes_with_its_number_and_its_size(
    texts: list[bytes], end: bytes, bom: bool
) -> None:
    assume(not texts or not texts[0].startswith(BOM))
    data = (BOM if bom else b"") + end.join(texts)
    assert list(lines.read(io.BytesIO(data), LIMIT)) == [
        Line(number, text[:LIMIT], len(text))
        for number, text in enumerate(texts, 1)
        if text.strip() or len(text) > LIMIT
    ]


def test_a_line_far_beyond_the_limit_is_measured_and_not_kept() -> None:
    data = b"a\n" + b"b" * 5_000_000 + b"\nc"
    a, b, c = lines.read(io.BytesIO(data), LIMIT)
    assert (a, c) == (Line(1, b"a", 1), Line(3, b"c", 1))
    assert (b.number, b.size, len(b.text)) == (2, 5_000_000, LIMIT)
