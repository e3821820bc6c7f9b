"""Figures in SVG, drawn from data: bars of rates, the course of a period, the map of a project.

Each function gives markup that stands in an HTML page as it is; every text in it is escaped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from unicodedata import east_asian_width

from markupsafe import Markup, escape

Row = Mapping[str, Any]

WIDTH = 680
_FONTS = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_LINE, _BAR, _SIZE = 30, 14, 12
_LABEL, _VALUE = 190, 150
_INK, _SOFT, _GRID, _FILL, _SECOND = "#1c2733", "#5c6b7a", "#d7dde3", "#2f5d8a", "#b9812e"
_MOST = 24
_BOX_W, _BOX_H, _GAP_X, _GAP_Y, _ACROSS, _PASS_W = 148, 78, 20, 40, 4, 4
_TONES = {
    "done": ("#e6f2ea", "#2e7d4f"),
    "working": ("#e8f0f8", "#2f5d8a"),
    "waiting": ("#f5f6f7", "#8a96a3"),
    "cancelled": ("#f5f6f7", "#c3cbd3"),
}


def width(text: str) -> float:
    """Width of a text in ems: a Chinese character is one, a Latin letter a little over half."""
    return sum(1.0 if east_asian_width(each) in "WF" else 0.56 for each in text)


def cut(text: str, ems: float) -> str:
    """A text that fits into so many ems, with an ellipsis where it was cut."""
    if width(text) <= ems:
        return text
    while text and width(text) > ems - 1:
        text = text[:-1]
    return f"{text}…"


def bars(rows: Sequence[Row]) -> Markup:
    """One horizontal bar for each rate, with its share and the two numbers behind it. A rate of
    nothing has no bar, and a count has no place here."""
    rows = [row for row in rows if isinstance(row["denominator"], int)]
    height = _LINE * len(rows) + 8
    room = WIDTH - _LABEL - _VALUE
    parts = [_line(_LABEL + room * k // 4, 4, height - 4, str(25 * k)) for k in range(5)]
    for index, row in enumerate(rows):
        top = _LINE * index + 8
        long = room * row["numerator"] / row["denominator"] if row["denominator"] else 0
        counts = f"{row['share'] or '—'}　{row['numerator']}/{row['denominator']}"
        parts += [
            _text(_LABEL - 8, top + 12, cut(str(row["indicator"]), _LABEL / _SIZE - 1), "end"),
            _rect(_LABEL, top, round(long, 1), _BAR, _FILL),
            _text(WIDTH - _VALUE + 10, top + 12, counts),
        ]
    return _svg(height, parts)


def course(rows: Sequence[Row], legend: tuple[str, str]) -> Markup:
    """Two columns for each part of a period: what came in, and what was resolved."""
    height, base = 210, 170
    most = max((max(row["registered"], row["resolved"]) for row in rows), default=0) or 1
    room = (WIDTH - 40) / max(len(rows), 1)
    column = min(38.0, room / 3)
    parts = [_rect(20, base, WIDTH - 40, 1, _GRID)]
    for index, row in enumerate(rows):
        middle = 20 + room * (index + 0.5)
        for side, name, fill in ((-1, "registered", _FILL), (0, "resolved", _SECOND)):
            tall = round(130 * row[name] / most, 1)
            left = round(middle + side * column + (1 if side == 0 else -1), 1)
            parts.append(_rect(left, base - tall, column, tall, fill))
            parts.append(_text(left + column / 2, base - tall - 5, str(row[name]), "middle", 11))
        parts.append(_text(middle, base + 18, str(row["month"]), "middle", 11))
    for index, (words, fill) in enumerate(zip(legend, (_FILL, _SECOND), strict=True)):
        parts.append(_rect(20 + 150 * index, 196, 10, 10, fill))
        parts.append(_text(36 + 150 * index, 205, words, "start", 11))
    return _svg(height, parts)


def sides(rows: Sequence[Row], legend: tuple[str, str]) -> Markup:
    """One bar for each unit: to the left what gets better for it, to the right what gets worse."""
    rows = rows[:_MOST]
    height, middle = _LINE * len(rows) + 34, _LABEL + (WIDTH - _LABEL - 50) / 2
    most = max((max(row["worse"], row["better"]) for row in rows), default=0) or 1
    room = (WIDTH - _LABEL - 50) / 2 - 40
    parts = [_rect(middle, 24, 1, height - 30, _GRID)]
    parts.append(_text(middle - 8, 14, f"← {legend[0]}", "end", 11))
    parts.append(_text(middle + 8, 14, f"{legend[1]} →", "start", 11))
    for index, row in enumerate(rows):
        top = _LINE * index + 30
        left, right = (round(room * row[side] / most, 1) for side in ("better", "worse"))
        parts += [
            _text(_LABEL - 8, top + 12, cut(str(row["unit"] or "—"), _LABEL / _SIZE - 1), "end"),
            _rect(middle - left, top, left, _BAR, _FILL),
            _rect(middle, top, right, _BAR, _SECOND),
            _text(middle - left - 5, top + 12, str(row["better"]), "end", 11),
            _text(middle + right + 5, top + 12, str(row["worse"]), "start", 11),
        ]
    return _svg(height, parts)


def moves(rows: Sequence[Row], legend: tuple[str, str]) -> Markup:
    """One column for each number of days by which terms move, the sooner ones to the left."""
    height, base = 210, 168
    most = max((row["clocks"] for row in rows), default=0) or 1
    room = (WIDTH - 40) / max(len(rows), 1)
    wide = min(46.0, room * 0.7)
    parts = [_rect(20, base, WIDTH - 40, 1, _GRID)]
    for index, row in enumerate(rows):
        middle, tall = 20 + room * (index + 0.5), round(130 * row["clocks"] / most, 1)
        fill = _FILL if str(row["days_moved"]).startswith("−") else _SECOND
        parts.append(_rect(middle - wide / 2, base - tall, wide, tall, fill))
        parts.append(_text(middle, base - tall - 5, str(row["clocks"]), "middle", 11))
        parts.append(_text(middle, base + 18, str(row["days_moved"]), "middle", 11))
    for index, (words, fill) in enumerate(zip(legend, (_FILL, _SECOND), strict=True)):
        parts.append(_rect(20 + 150 * index, 196, 10, 10, fill))
        parts.append(_text(36 + 150 * index, 205, words, "start", 11))
    return _svg(height, parts)


class _Box(NamedTuple):
    """A step, or the place where an arrow passes a row of others (`row` None)."""

    row: Row | None
    left: float
    top: float

    @property
    def middle(self) -> float:
        return self.left + (_BOX_W if self.row is not None else _PASS_W) / 2


def flow(steps: Sequence[Row], word: Callable[[str], str]) -> Markup:
    """The steps of a project from top to bottom, each under those it waits for. `word` says the
    state in words, for a colour never stands alone."""
    rows, edges = _layers(steps)
    found = {str(step["id"]): step for step in steps}
    boxes = _placed(rows, found)
    arrows = [_arrow(boxes[before], boxes[after]) for before, after in edges]
    drawn = [part for box in boxes.values() for part in _box(box, word)]
    height = len(rows) * (_BOX_H + _GAP_Y) - _GAP_Y + 16
    return _svg(height, [_HEAD, *arrows, *drawn])


def _layers(steps: Sequence[Row]) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """Names by row, at most so many boxes across, and the arrows between neighbouring rows. An
    arrow that passes a row has a place of its own in it ("A>B@2"), so that it crosses no box."""
    rows: list[list[str]] = []
    for depth in sorted({int(step["depth"]) for step in steps}):
        level = [str(step["id"]) for step in steps if step["depth"] == depth]
        rows += [level[k : k + _ACROSS] for k in range(0, len(level), _ACROSS)]
    at = {name: number for number, row in enumerate(rows) for name in row}
    edges: list[tuple[str, str]] = []
    for before, after in _direct(steps, at):
        passed = [f"{before}>{after}@{number}" for number in range(at[before] + 1, at[after])]
        for number, name in enumerate(passed, at[before] + 1):
            rows[number].append(name)
        edges += pairwise((before, *passed, after))
    return [_sorted(row, edges, rows[:number]) for number, row in enumerate(rows)], edges


def _direct(steps: Sequence[Row], at: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """What a step waits for, without what it waits for through another step anyway."""
    after = {str(step["id"]): [str(each) for each in step["after"]] for step in steps}
    for name, waits in after.items():
        for before in waits:
            through = any(_reaches(other, before, after) for other in waits if other != before)
            if before in at and at[before] < at[name] and not through:
                yield before, name


def _reaches(name: str, goal: str, after: Mapping[str, Sequence[str]]) -> bool:
    seen, waiting = set[str](), [name]
    while waiting:
        each = waiting.pop()
        if each == goal:
            return True
        if each not in seen:
            seen.add(each)
            waiting += after.get(each, ())
    return False


def _sorted(
    row: list[str], edges: Sequence[tuple[str, str]], above: Sequence[Sequence[str]]
) -> list[str]:
    """A row in the order of what stands above it, so that arrows cross as little as may be."""
    order = {name: place for names in above[-1:] for place, name in enumerate(names)}

    def place(name: str) -> float:
        over = [order[before] for before, after in edges if after == name and before in order]
        return sum(over) / len(over) if over else 0

    return sorted(row, key=place)


def _placed(rows: Sequence[Sequence[str]], found: Mapping[str, Row]) -> dict[str, _Box]:
    """Every name in its place; each row stands in the middle."""
    boxes: dict[str, _Box] = {}
    for number, row in enumerate(rows):
        widths = [_BOX_W if name in found else _PASS_W for name in row]
        left = (WIDTH - sum(widths) - _GAP_X * (len(row) - 1)) / 2
        for name, wide in zip(row, widths, strict=True):
            boxes[name] = _Box(found.get(name), left, 8 + number * (_BOX_H + _GAP_Y))
            left += wide + _GAP_X
    return boxes


def _box(box: _Box, word: Callable[[str], str]) -> Iterator[str]:
    step, left, top = box
    if step is None:
        yield (f'<path d="M{box.middle:g},{top} V{top + _BOX_H}" fill="none" stroke="{_SOFT}"/>')
        return
    fill, edge = _TONES[step["state"]]
    yield (
        f'<rect x="{left:g}" y="{top}" width="{_BOX_W}" height="{_BOX_H}" rx="4" fill="{fill}" '
        f'stroke="{edge}"/>'
    )
    ems = _BOX_W / 11 - 1
    yield _text(box.middle, top + 20, cut(str(step["title"]), _BOX_W / 13 - 1), "middle", 13)
    yield _text(box.middle, top + 38, cut(str(step["unit"]), ems), "middle", 11, _SOFT)
    due = step["done_at"] or step["due"]
    said = str(due).split(" ", maxsplit=1)[0] if due else "—"
    yield _text(box.middle, top + 54, said, "middle", 11)
    yield _text(box.middle, top + 70, word(str(step["state"])), "middle", 11, edge)


def _arrow(before: _Box, after: _Box) -> str:
    x1, y1 = before.middle, before.top + _BOX_H
    x2, y2 = after.middle, after.top - (3 if after.row is not None else 0)
    bend = (y1 + y2) / 2
    tip = ' marker-end="url(#tip)"' if after.row is not None else ""
    return (
        f'<path d="M{x1:g},{y1:g} C{x1:g},{bend:g} {x2:g},{bend:g} {x2:g},{y2:g}" fill="none" '
        f'stroke="{_SOFT}"{tip}/>'
    )


_HEAD = (
    '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="5" refY="3" orient="auto">'
    f'<path d="M0,0 L6,3 L0,6 z" fill="{_SOFT}"/></marker></defs>'
)


def _svg(height: int, parts: Sequence[str]) -> Markup:
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" font-family="{_FONTS}">'
        f"{''.join(parts)}</svg>"
    )


def _rect(x: float, y: float, wide: float, tall: float, fill: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{tall:g}" fill="{fill}"/>'


def _text(  # a place, a text and how it looks
    x: float, y: float, text: str, anchor: str = "start", size: int = _SIZE, fill: str = _INK
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _line(x: int, top: int, bottom: int, words: str) -> str:
    return (
        f'<line x1="{x}" y1="{top}" x2="{x}" y2="{bottom}" stroke="{_GRID}">'
        f"<title>{words}%</title></line>"
    )
