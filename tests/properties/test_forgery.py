"""Whatever one value of a derivation is changed to, it is refused, or says the same as before."""

import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sla_engine.checker.amounts import amount_of
from tests.support.checked import Case, against
from tests.unit.checker.matters import lived, provisional, revised, waiting

Path = tuple[str | int, ...]

_MATTERS = (lived, waiting, provisional, revised)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.text("ab中", max_size=3),
    st.sampled_from(["met", "late", "solve", "1", "count", "skip", "2025-10-09", "P-HEAR"]),
    st.just([]),
    st.just({}),
)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value that holds no others."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def at(told: Any, path: Path) -> Any:
    for key in path:
        told = told[key]
    return told


@st.composite
def forgeries(draw: st.DrawFn) -> tuple[Case, Path, Any]:
    """A case with one derivation, of which one value is another."""
    case = deepcopy(draw(st.sampled_from(_MATTERS))())
    told = draw(st.sampled_from(case["derivations"]))
    path = draw(st.sampled_from(list(leaves(told))))
    was = at(told, path)
    near = st.sampled_from([was + 1, was - 1]) if type(was) is int else st.nothing()
    value = draw(near | _VALUES)
    at(told, path[:-1])[path[-1]] = value
    case["derivations"] = [told]
    return case, path, was


@settings(max_examples=2_000 if os.environ.get("SOAK") else 150, deadline=None)
@given(forgeries())
def test_a_derivation_with_one_other_value_is_refused(forgery: tuple[Case, Path, Any]) -> None:
    case, path, was = forgery
    now = at(case["derivations"][0], path)
    same = type(now) is type(was) and (now == was or _means(now, was))
    assert (against(case) == "") == same


def _means(now: Any, was: Any) -> bool:
    """Whether two texts name one length."""
    return isinstance(now, str) and amount_of(now) is not None and amount_of(now) == amount_of(was)
