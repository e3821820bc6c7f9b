"""The clocks of a dossier as bars over the working calendar, in SVG made here.

A pure function of readings, days and a language. Days off are shaded, make-up working days marked,
pauses hatched; what ran past its due instant is drawn in another pattern; extensions, re-fixed
terms, due instants and rungs are marks with words of their own. What the picture shows is told in
its description and stands in the table beside it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from markupsafe import Markup, escape

from sla_engine import words
from sla_engine.documents.svg import cut, width
from sla_engine.errors import UnpublishedYear
from sla_engine.policy.clause import Text
from sla_engine.record import Instant
from sla_engine.sla.assess import Reading, State
from sla_engine.worktime import Calendar, DayKind, format_instant

WIDTH = 960
LABEL = 232
_RIGHT = 12
_HEAD, _ROW, _BAR = 46, 30, 12
_TIGHT, _WEEKS = 34, 120
_MOST_DAYS = 800
_DAY = 86_400_000_000
_INK, _SOFT, _GRID, _OFF, _MADE_UP = "#1f2329", "#57606a", "#d9dee6", "#eceff4", "#fff4d6"
_FILLS = {
    State.RUNNING: "#0958d9",
    State.PAUSED: "#57606a",
    State.OVERDUE: "#0958d9",
    State.LAPSED: "#8c959f",
    State.MET: "#1a6b34",
    State.LATE: "#0958d9",
    State.CANCELLED: "#8c959f",
}
_LATE = "#b3161b"
_LIGHTS = {"red": _LATE, "orange": _LATE, "purple": "#6a1b9a", "black": _INK, "yellow": "#9a6700"}
_FONTS = "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif"

Say = Callable[[Text], str]

_TITLE = Text("时钟图：各条款在工作日历上的起止", "Clocks over the working calendar")
_NOW = Text("截至", "as at")


class Daymark(NamedTuple):
    """A day of the calendar: from its first instant to its last, whether people work, and what the
    calendar calls it. `kind` None: no notice has settled that year."""

    day: date
    begin: Instant
    end: Instant
    kind: DayKind | None
    name: str = ""

    @property
    def works(self) -> bool:
        return self.kind is not None and self.kind.works


class Tick(NamedTuple):
    """A mark on a bar: `shape` is "rung", "extension", "refix", "due" or "stop"."""

    at: Instant
    shape: str
    tone: str
    says: Text
    reached: bool = True


class Bar(NamedTuple):
    """One clock: where it runs, where it stood still, what is marked on it. `until`: its end, or
    the instant it is looked at; `due` None while a pause is open."""

    name: Text
    state: State
    start: Instant
    until: Instant
    due: Instant | None
    pauses: tuple[tuple[Instant, Instant], ...]
    ticks: tuple[Tick, ...]


def bars(readings: Iterable[Reading]) -> list[Bar]:
    """Clocks as bars, in order of start."""
    return [_bar(each) for each in readings]


def days(calendar: Calendar, begin: Instant, end: Instant) -> list[Daymark]:
    """Every day that touches [begin, end), at most so many as can be drawn."""
    zone = calendar.zone
    first = zone.day_of(begin)
    last = min(max(zone.day_of(end - 1), first), first + _MOST_DAYS)
    return [_daymark(calendar, ordinal) for ordinal in range(first, last + 1)]


def window(drawn: Sequence[Bar]) -> tuple[Instant, Instant]:
    """From the first start to the last thing worth seeing."""
    begin = min(bar.start for bar in drawn)
    ends = (max(bar.until, bar.due or bar.until, *(t.at for t in bar.ticks), 0) for bar in drawn)
    return begin, max(*ends, begin + _DAY // 2, 0) + 1


def draw(drawn: Sequence[Bar], marks: Sequence[Daymark], now: Instant, language: str) -> Markup:
    """The picture. `marks` cover the whole of it; `now` is drawn where it lies inside."""
    say: Say = (lambda text: text.zh) if language == "zh" else (lambda text: text.en)
    scale = _Scale(marks[0].begin, marks[-1].end)
    height = _HEAD + _ROW * len(drawn) + 8
    parts = [_DEFS, *_calendar(marks, scale, height, say)]
    for index, bar in enumerate(drawn):
        parts += _row(bar, _HEAD + _ROW * index, scale, say)
    if scale.begin <= now < scale.end:
        parts += _now(scale.x(now), height, f"{say(_NOW)} {_when(now)}")
    told = "；".join(described(bar, say) for bar in drawn)
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" class="clocks" '
        f'role="img" aria-labelledby="clocks-title clocks-told" font-family="{_FONTS}">'
        f'<title id="clocks-title">{escape(say(_TITLE))}</title>'
        f'<desc id="clocks-told">{escape(told)}</desc>{"".join(parts)}</svg>'
    )


def described(bar: Bar, say: Say) -> str:
    """One clock in words, for those who do not see the picture."""
    due = say(Text("恢复后重算", "due on resumption")) if bar.due is None else _when(bar.due)
    state = say(words.STATES[bar.state.value])
    comma = say(Text("，", ", "))
    return f"{say(bar.name)} {_when(bar.start)} → {due}{comma}{state}"


# ------------------------------------------------------------------------------- what is drawn


def _bar(reading: Reading) -> Bar:
    schedule, cycle = reading.schedule, reading.cycle
    end = cycle.end
    until = reading.at if end is None else min(end, reading.at)
    suffix = "" if cycle.name == "1" else f" #{cycle.name}"
    name = reading.clause.name
    return Bar(
        name=Text(name.zh + suffix, name.en + suffix),
        state=reading.state,
        start=reading.start,
        until=max(until, reading.start),
        due=reading.due,
        pauses=tuple(
            (begin, min(reading.at, until) if stop is None else min(stop, until))
            for begin, stop in schedule.last.pauses
            if begin < until
        ),
        ticks=tuple(_ticks(reading)),
    )


def _ticks(reading: Reading) -> Iterator[Tick]:
    schedule, pack = reading.schedule, reading.cycle.pack
    for grant in schedule.grants:
        at = grant.fact.meta.occurred_at
        yield Tick(at, "extension", "#0958d9", Text(f"延期 {grant.amount}", "extended"))
    for refix in reading.cycle.refixes:
        said = Text("按新通知重定期限", "term re-fixed by a new notice")
        yield Tick(max(refix.at, reading.start), "refix", "#6a1b9a", said)
    for firing in schedule.firings:
        level = pack.level(firing.rung.level)
        tone = _LIGHTS.get(level.light if level else "", _SOFT)
        act = words.act(firing.rung.act, pack)
        yield Tick(firing.at, "rung", tone, act, firing.at <= reading.at)
    if reading.due is not None:
        yield Tick(reading.due, "due", _INK, Text("到期", "due"))
    if reading.stopped_at is not None:
        yield Tick(reading.stopped_at, "stop", _INK, Text("停止", "stopped"))


def _daymark(calendar: Calendar, ordinal: int) -> Daymark:
    zone, day = calendar.zone, date.fromordinal(ordinal)
    begin, end = zone.midnight[ordinal], zone.midnight[ordinal + 1]
    try:
        known = calendar.day(day)
    except UnpublishedYear:
        return Daymark(day, begin, end, None)
    return Daymark(day, begin, end, known.kind, known.name)


# ------------------------------------------------------------------------------------ drawing


class _Scale(NamedTuple):
    """Instants to places from left to right."""

    begin: Instant
    end: Instant

    def x(self, at: Instant) -> float:
        held = min(max(at, self.begin), self.end)
        share = (held - self.begin) / (self.end - self.begin)
        return round(LABEL + (WIDTH - LABEL - _RIGHT) * share, 1)


def _calendar(marks: Sequence[Daymark], scale: _Scale, height: int, say: Say) -> Iterator[str]:
    """Days off shaded, make-up days marked; names of days as close as they can be read."""
    many = len(marks)
    for mark in marks:
        left, right = scale.x(mark.begin), scale.x(mark.end)
        if not mark.works or mark.kind is DayKind.MAKEUP_WORKDAY:
            yield _shade(mark, left, right - left, height, say)
        if many <= _WEEKS and mark.kind is DayKind.MAKEUP_WORKDAY and right - left >= 11:
            yield _text((left + right) / 2, 42, say(Text("班", "W")), "middle", 10, "#7a4d00")
        if _labelled(mark.day, many):
            yield f'<path d="M{left:g},18 V{height - 6}" stroke="{_GRID}" stroke-width=".7"/>'
            yield _text(left + 2, 14, _date(mark.day, many, mark is marks[0]), "start", 10, _SOFT)
    yield f'<path d="M{LABEL},{_HEAD - 2} H{WIDTH - _RIGHT}" stroke="{_GRID}"/>'


def _labelled(day: date, many: int) -> bool:
    if many <= 14:
        return True
    if many <= _TIGHT:
        return day.weekday() in (0, 3)
    if many <= _WEEKS:
        return day.weekday() == 0
    return day.day == 1


def _date(day: date, many: int, first: bool) -> str:
    if many > _WEEKS or first:
        return f"{day.year}-{day.month:02}" if many > _WEEKS else f"{day.month}-{day.day}"
    return f"{day.month}-{day.day}"


def _shade(mark: Daymark, left: float, wide: float, height: int, say: Say) -> str:
    kind = mark.kind
    fill = _MADE_UP if kind is DayKind.MAKEUP_WORKDAY else _OFF if kind else "url(#unknown)"
    known = words.DAY_KINDS[kind.value] if kind else Text("尚无放假通知", "no notice yet")
    title = f"{mark.day} {say(known)} {mark.name}".rstrip()
    return (
        f'<rect x="{left:g}" y="20" width="{wide:.1f}" height="{height - 26}" fill="{fill}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _row(bar: Bar, top: int, scale: _Scale, say: Say) -> Iterator[str]:
    middle = top + _ROW / 2
    y = middle - _BAR / 2
    yield f"<g><title>{escape(described(bar, say))}</title>"
    yield _text(LABEL - 8, middle + 4, cut(say(bar.name), (LABEL - 14) / 12), "end", 12, _INK)
    yield from _run(bar, y, scale)
    for begin, end in bar.pauses:
        yield _rect(scale.x(begin), y, scale.x(end) - scale.x(begin), "url(#paused)")
    for tick in bar.ticks:
        yield _tick(tick, scale.x(tick.at), middle, say)
    yield "</g>"


def _run(bar: Bar, y: float, scale: _Scale) -> Iterator[str]:
    """What has run, and beyond the due instant what ran too long; what is left is an outline."""
    start, until = scale.x(bar.start), scale.x(bar.until)
    due = scale.x(bar.due) if bar.due is not None else until
    if bar.state is State.CANCELLED:
        yield _rect(start, y, until - start, "none", _FILLS[bar.state])
        return
    yield _rect(start, y, min(due, until) - start, _FILLS[bar.state])
    if bar.due is not None and bar.until > bar.due and bar.state is not State.LAPSED:
        yield _rect(due, y, until - due, "url(#late)", _LATE)
    elif due > until and bar.state.open:
        yield _rect(until, y, due - until, "#fff", _FILLS[bar.state])


def _tick(tick: Tick, x: float, middle: float, say: Say) -> str:
    shapes = {
        "due": f"M{x - 1:g},{middle - 11} h2 v22 h-2 z",
        "stop": f"M{x - 4:g},{middle:g} a4,4 0 1 0 8,0 a4,4 0 1 0 -8,0 z",
        "extension": f"M{x:g},{middle - 5} l8,5 l-8,5 z",
        "refix": f"M{x:g},{middle - 6} l6,6 l-6,6 l-6,-6 z",
        "rung": f"M{x:g},{middle - 6} l4.5,-7 h-9 z",
    }
    filled = tick.tone if tick.reached and tick.shape != "stop" else "#fff"
    title = escape(f"{say(tick.says)} {_when(tick.at)}")
    return (
        f'<path d="{shapes[tick.shape]}" fill="{filled}" stroke="{tick.tone}" stroke-width="1.2">'
        f"<title>{title}</title></path>"
    )


def _now(x: float, height: int, title: str) -> Iterator[str]:
    yield (
        f'<path d="M{x:g},20 V{height - 4}" stroke="{_LATE}" stroke-dasharray="3 3">'
        f"<title>{escape(title)}</title></path>"
    )
    anchor = "end" if x + width(title) * 10 > WIDTH else "start"
    yield _text(x + (-4 if anchor == "end" else 4), 29, title, anchor, 10, _LATE)


def _rect(x: float, y: float, wide: float, fill: str, edge: str = "") -> str:
    """A part of a bar; what lasted but minutes is still to be seen."""
    stroke = f' stroke="{edge}"' if edge else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{max(wide, 2):.1f}" height="{_BAR}" '
        f'fill="{fill}"{stroke}/>'
    )


def _text(x: float, y: float, text: str, anchor: str, size: int, fill: str) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )


def _when(instant: Instant) -> str:
    return format_instant(instant)[:16].replace("T", " ")


_DEFS = (
    '<defs><pattern id="paused" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="6" height="6" fill="#fff"/>'
    '<path d="M0,0 V6" stroke="#57606a" stroke-width="4"/></pattern>'
    '<pattern id="late" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(-45)"><rect width="5" height="5" fill="#fdecec"/>'
    '<path d="M0,0 V5" stroke="#b3161b" stroke-width="4"/></pattern>'
    '<pattern id="unknown" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<circle cx="2" cy="2" r="1" fill="#c3cbd3"/></pattern></defs>'
)
