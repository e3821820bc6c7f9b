"""Figures: sound markup, nothing wider than the page, and no arrow through a box."""

import re
from xml.etree import ElementTree

import pytest

from sla_engine.documents import svg
from tests.support.papers import project

NS = "{http://www.w3.org/2000/svg}"


def rate(numerator: int, denominator: int, name: str = "按时办理率") -> dict[str, object]:
    return {"indicator": name, "numerator": numerator, "denominator": denominator, "share": "x"}


def drawn(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(markup)


def bars(markup: str) -> list[float]:
    return [float(each.attrib["width"]) for each in drawn(markup).iter(f"{NS}rect")]


def test_a_bar_is_as_long_as_its_rate() -> None:
    full, half, none, nothing = bars(svg.bars([rate(9, 9), rate(1, 2), rate(0, 5), rate(0, 0)]))
    assert half == pytest.approx(full / 2)
    assert (none, nothing) == (0, 0)
    assert full < svg.WIDTH


def test_a_count_is_no_bar_among_the_rates() -> None:
    count = {"indicator": "受理量", "numerator": 5805, "denominator": "—", "share": "—"}
    assert svg.bars([count, rate(1, 2)]) == svg.bars([rate(1, 2)])


def test_text_in_a_figure_is_text() -> None:
    words = "<b>&" * 3
    texts = [each.text or "" for each in drawn(svg.bars([rate(1, 2, words)])).iter(f"{NS}text")]
    assert any("<b>&" in text for text in texts)


@pytest.mark.parametrize(
    ("text", "ems", "cut"),
    [("施工许可", 4, "施工许可"), ("建设工程施工许可", 5, "建设工程…"), ("abc", 9, "abc")],
)
def test_a_text_is_cut_to_the_room_it_has(text: str, ems: float, cut: str) -> None:
    assert svg.cut(text, ems) == cut
    assert svg.width(cut) <= ems


def test_the_columns_of_a_period_stand_on_one_line_and_the_largest_is_the_tallest() -> None:
    rows = [
        {"month": "2024-01", "registered": 10, "resolved": 4},
        {"month": "2024-02", "registered": 0, "resolved": 20},
    ]
    rects = [each.attrib for each in drawn(svg.course(rows, ("新收", "办结"))).iter(f"{NS}rect")]
    columns = [(float(each["y"]), float(each["height"])) for each in rects[1:5]]
    assert len({top + tall for top, tall in columns}) == 1
    assert [tall for _, tall in columns] == [65, 26, 0, 130]


def test_a_period_without_anything_has_no_columns() -> None:
    assert drawn(svg.course([], ("新收", "办结"))).tag == f"{NS}svg"


def steps(*edges: tuple[str, int, tuple[str, ...]]) -> list[dict[str, object]]:
    return [
        {
            "id": name, "title": name, "unit": "u", "depth": depth, "after": after,
            "due": None, "done_at": None, "state": "working",
        }
        for name, depth, after in edges
    ]  # fmt: skip


def boxes(markup: str) -> list[tuple[float, float, float, float]]:
    return [
        tuple(float(each.attrib[name]) for name in ("x", "y", "width", "height"))  # type: ignore[misc]
        for each in drawn(markup).iter(f"{NS}rect")
    ]


def curves(markup: str) -> list[list[float]]:
    paths = (each.attrib["d"] for each in drawn(markup).iter(f"{NS}path"))
    return [[float(n) for n in re.findall(r"-?[\d.]+", path)] for path in paths if "C" in path]


def test_no_arrow_runs_through_a_box() -> None:
    long = steps(
        ("A", 1, ()), ("B", 2, ("A",)), ("C", 3, ("B",)), ("X", 1, ()), ("D", 4, ("C", "X"))
    )
    markup = svg.flow(long, str)
    for x, y, wide, tall in boxes(markup):
        for curve in curves(markup):
            ends = [(curve[0], curve[1]), (curve[-2], curve[-1])]
            assert not any(x < a < x + wide and y < b < y + tall for a, b in ends)
    passing = [p for p in drawn(markup).iter(f"{NS}path") if " V" in p.attrib["d"]]
    assert len(passing) == 2, "X passes the rows of B and C"


def test_what_is_waited_for_anyway_has_no_arrow_of_its_own() -> None:
    chain = steps(("A", 1, ()), ("B", 2, ("A",)), ("C", 3, ("A", "B")))
    assert len(curves(svg.flow(chain, str))) == 2


def test_many_steps_side_by_side_stay_on_the_page() -> None:
    many = steps(*((f"S{n}", 1, ()) for n in range(11)))
    found = boxes(svg.flow(many, str))
    assert len(found) == 11
    assert all(x >= 0 and x + wide <= svg.WIDTH for x, _, wide, _ in found)


def test_a_state_is_said_in_words_beside_its_colour() -> None:
    kind = project().rows["items"]
    assert len(kind) == 6
    markup = svg.flow(steps(("A", 1, ())), lambda state: f"<{state}>")
    assert "&lt;working&gt;" in markup
