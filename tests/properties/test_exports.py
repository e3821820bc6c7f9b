"""Whatever an event says, every format says it so that the same bytes come back."""

from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.exporting.line import INSTANTS
from sla_engine.exporting.run import Format
from sla_engine.record import EVENTS, Event, Meta
from tests.support.exported import ALL, exported, heard, stored

ODD = [
    "", "=1+1", "'", '"', "\r\n", "\n", "\t", ",", ";", "\x00", "\x1b", "\ufeff", "\ufffe",
    "\x85", "\u2028", "🙂", "市水务局", "null", "true", "<a&b>", "]]>", "\\", "  ",
]  # fmt: skip
TEXT = st.one_of(
    st.sampled_from(ODD),
    st.lists(st.sampled_from(ODD), max_size=4).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
# Further than intake takes them: an instant is a whole number of 64 bits.
WHOLE = st.one_of(st.integers(-5, 5), st.integers(-(2**63), 2**63 - 1))
MOMENTS = st.one_of(st.integers(0, 2**52), st.integers(-(2**62), 2**62))


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: WHOLE,
    bool: st.booleans(),
    float: st.floats(),
}


def values(hint: Any, name: str) -> st.SearchStrategy[Any]:
    """Anything a field may hold."""
    if hint in PLAIN:
        return MOMENTS if name in INSTANTS else PLAIN[hint]
    inner = get_args(hint)
    if not inner:
        return structs(hint)
    if type(None) in inner:
        return st.none() | values(inner[0], name)
    if get_origin(hint) is Mapping:
        return st.dictionaries(TEXT, values(inner[1], name), max_size=3)
    if inner[-1] is Ellipsis:
        return st.lists(values(inner[0], name), max_size=3).map(tuple)
    return st.tuples(*(values(each, name) for each in inner))


def structs(cls: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(cls)
    return st.builds(cls, **{each: values(hints[each], each) for each in cls.__struct_fields__})


METAS = st.builds(
    Meta,
    occurred_at=MOMENTS,
    recorded_at=MOMENTS,
    seq=WHOLE,
    **{
        name: TEXT
        for name in Meta.__struct_fields__
        if name not in ("occurred_at", "recorded_at", "seq")
    },
)
# Of dossiers that no pack judges, so that nothing is asked about their clocks.
STREAMS = st.builds("{}/{}".format, st.sampled_from(["delivery", "rules", "subject"]), TEXT)
EVENT: st.SearchStrategy[Event] = st.sampled_from(sorted(EVENTS)).flatmap(
    lambda wire: structs(EVENTS[wire])
)


@pytest.mark.parametrize("form", ALL)
@given(events=st.lists(st.tuples(STREAMS, METAS, EVENT), min_size=1, max_size=4))
def test_a_log_comes_back_as_it_was(form: Format, events: list[tuple[str, Meta, Event]]) -> None:
    rows = stored(events)
    assert heard(exported(rows, form)) == rows
