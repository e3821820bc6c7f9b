"""Values beside values: of a table only what is expected, of a list the whole."""

from fractions import Fraction

import pytest

from scenarios.everything import percent
from scenarios.findings import Findings


def compared(expected: object, found: object) -> list[tuple[str, str]]:
    findings = Findings()
    findings.compare("about", "field", expected, found)
    assert findings.checked == 1
    return [(each.expected, each.found) for each in findings.departures]


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}),
        ([{"a": 1}, {"a": 2}], [{"a": 1, "b": 1}, {"a": 2, "b": 2}]),
        ([1, 2], (1, 2)),
        (None, None),
    ],
)
def test_what_was_not_asked_for_does_not_matter(expected: object, found: object) -> None:
    assert compared(expected, found) == []


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        ({"a": 1}, {"b": 2}, ('{"a": 1}', '{"a": "—"}')),
        ({"甲": "red"}, {"甲": ""}, ('{"甲": "red"}', '{"甲": ""}')),
        ([1], [1, 2], ("[1]", "[1, 2]")),
        ([{"a": 1}], [], ('[{"a": 1}]', "[]")),
        (1, None, ("1", "none")),
    ],
)
def test_a_departure_shows_both_sides_as_far_as_they_were_asked_for(
    expected: object, found: object, said: tuple[str, str]
) -> None:
    assert compared(expected, found) == [said]


@pytest.mark.parametrize(
    ("share", "like", "said"),
    [
        (Fraction(2, 3), "66.67", "66.67"),
        (Fraction(2, 3), "67", "67"),
        (Fraction(1, 1), "100.0", "100.0"),
        # an exact half is rounded up, not to even
        (Fraction(1, 800), "0.13", "0.13"),
        (Fraction(0), "none", "0"),
        (None, "66.67", "none"),
    ],
)
def test_a_share_is_said_with_as_many_decimals_as_were_written(
    share: Fraction | None, like: str, said: str
) -> None:
    assert percent(share, like) == said
