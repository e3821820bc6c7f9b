"""The picture of the clocks: everything stands where its time is, and nothing leaves the frame."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla_engine.policy.clause import Text
from sla_engine.sla.assess import State
from sla_engine.web.console import bars
from sla_engine.web.console.bars import LABEL, WIDTH, Bar, Tick
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import RULES

NS = "{http://www.w3.org/2000/svg}"
HOUR = 3_600_000_000
BEGIN = parse_instant("2024-09-10T09:00:00+08:00")
CALENDAR = RULES.calendar(RULES.pack_on("zaozhuang-2110", BEGIN), "CN-3704")
SPANS = st.integers(0, 60 * 24)


def _drawn(found: list[Bar], now: int = BEGIN, language: str = "zh") -> ET.Element:
    begin, end = bars.window(found)
    return ET.fromstring(bars.draw(found, bars.days(CALENDAR, begin, end), now, language))


@st.composite
def _bars(draw: st.DrawFn) -> Bar:
    start = BEGIN + draw(SPANS) * HOUR
    until = start + draw(SPANS) * HOUR
    due = draw(st.none() | st.builds(lambda n: start + n * HOUR, SPANS))
    pause = start + draw(SPANS) * HOUR
    pauses = ((pause, until),) if pause < until else ()
    shape = draw(st.sampled_from(["rung", "extension", "refix", "due", "stop"]))
    tick = Tick(start + draw(SPANS) * HOUR, shape, "#000000", Text("<动作>", "act & more"))
    name = Text(draw(st.text(max_size=40)), "clause")
    return Bar(name, draw(st.sampled_from(list(State))), start, until, due, pauses, (tick,))


@settings(max_examples=60, deadline=None)
@given(st.lists(_bars(), min_size=1, max_size=6), st.sampled_from(["zh", "en"]))
def test_whatever_the_clocks_the_picture_is_whole_and_within_its_frame(
    found: list[Bar], language: str
) -> None:
    found = [bar._replace(name=Text(_plain(bar.name.zh), bar.name.en)) for bar in found]
    svg = _drawn(found, language=language)
    for each in svg.iter(f"{NS}rect"):
        if each.get("x") is None:
            continue
        left, wide = float(each.get("x", "")), float(each.get("width", ""))
        assert wide >= 0
        assert LABEL - 1 <= left <= left + wide <= WIDTH + 2
    assert len(list(svg.iter(f"{NS}g"))) == len(found)


def _plain(text: str) -> str:
    """What can stand in XML at all."""
    return re.sub(r"[^\u4e00-\u9fff\w ]", "", text)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 400 * 24), min_size=2, max_size=20))
def test_later_is_never_further_to_the_left(hours: list[int]) -> None:
    instants = sorted(BEGIN + hour * HOUR for hour in hours)
    scale = bars._Scale(BEGIN, BEGIN + 401 * 24 * HOUR)
    places = [scale.x(each) for each in instants]
    assert places == sorted(places)


def test_days_off_are_shaded_and_make_up_days_marked_as_the_calendar_has_them() -> None:
    bar = Bar(Text("办理", "handling"), State.RUNNING, BEGIN, BEGIN, BEGIN + 9 * 24 * HOUR, (), ())
    svg = _drawn([bar])
    titles = [each.text or "" for each in svg.iter(f"{NS}title")]
    assert "2024-09-14 调休上班 中秋节" in titles
    assert "2024-09-16 调休放假 中秋节" in titles
    assert "2024-09-17 法定节假日 中秋节" in titles
    assert not any(each.startswith("2024-09-12") for each in titles)
    assert "班" in [each.text for each in svg.iter(f"{NS}text")]


def test_a_year_without_a_notice_is_shown_as_unknown_and_not_guessed() -> None:
    far = parse_instant("2093-01-04T09:00:00+08:00")
    marks = bars.days(CALENDAR, far, far + 3 * 24 * HOUR)
    assert {mark.kind for mark in marks} == {None}
    bar = Bar(Text("办理", "handling"), State.RUNNING, far, far, far + 2 * 24 * HOUR, (), ())
    assert "尚无放假通知" in bars.draw([bar], marks, far, "zh")


@pytest.mark.parametrize(
    ("state", "until", "patterns"),
    [
        (State.RUNNING, 24, set()),
        (State.PAUSED, 24, {"paused"}),
        (State.OVERDUE, 96, {"late"}),
        (State.LAPSED, 96, set()),
    ],
)
def test_each_state_has_a_pattern_of_its_own_beside_its_colour(
    state: State, until: int, patterns: set[str]
) -> None:
    pauses = ((BEGIN, BEGIN + HOUR),) if state is State.PAUSED else ()
    due = None if state is State.PAUSED else BEGIN + 48 * HOUR
    bar = Bar(Text("办理", "handling"), state, BEGIN, BEGIN + until * HOUR, due, pauses, ())
    drawn = str(ET.tostring(_drawn([bar]), encoding="unicode")).split("</ns0:defs>")[-1]
    assert {name for name in ("paused", "late") if f"url(#{name})" in drawn} == patterns


def test_every_clock_of_a_town_is_drawn_with_its_own_due_instant(town: Engine) -> None:
    for stream in list(town.log.streams("petition/"))[:20]:
        readings = town.assess(stream).readings
        if readings:
            svg = _drawn(bars.bars(readings))
            told = svg.find(f"{NS}desc")
            assert told is not None
            assert told.text is not None
            assert len(told.text.split("；")) == len(readings)
