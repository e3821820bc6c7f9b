"""Clocks as they stand: state, level in its light, due instant, what remains."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sla_engine import words
from sla_engine.cli import output
from sla_engine.cli.output import Voice
from sla_engine.policy.clause import Text
from sla_engine.showing.clocks import amount, left_of, level_of
from sla_engine.showing.written import deadline, duration, tight, when
from sla_engine.sla.assess import Reading, State
from sla_engine.worktime import Remaining, Unit

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text as Styled

_SECOND = 1_000_000
_UNITS = {
    Unit.WORKDAYS: Text("个工作日", " working days"),
    Unit.CALENDAR_DAYS: Text("天", " days"),
    Unit.CALENDAR_MONTHS: Text("天", " days"),
    Unit.HALF_WORKDAYS: Text("个半日", " half-days"),
}


def render(readings: Iterable[Reading], voice: Voice) -> "RenderableType":
    """All clocks as a table."""
    from rich.text import Text as Styled

    table = output.table(
        "时钟 clocks", "条款 clause", "状态 state", "等级 level", "起算–到期 from–due",
        "余量 left", "下一步 next",
    )  # fmt: skip
    for reading in readings:
        state = reading.state.value
        style = words.STATE_STYLES[state]
        table.add_row(
            Styled.assemble(
                _name(reading, voice), _flag(reading, voice), "\n", (reading.unit, "dim")
            ),
            Styled(
                "\n".join((voice.word(words.STATES[state]), *_ruled(reading, voice))), style=style
            ),
            _level(reading, voice),
            f"{when(reading.start)}\n{due_text(reading, voice)}",
            Styled("\n".join((left_text(reading, voice), *_saved(reading, voice))), style=style),
            next_text(reading, voice),
        )
    return table


def left_text(reading: Reading, voice: Voice) -> str:
    """What is left, by how much it is overdue, or by how much it was early or late."""
    left = left_of(reading)
    if left is not None:
        return _open(left, reading, voice)
    stopped, due = reading.stopped_at, reading.due
    if reading.state in (State.CANCELLED, State.LAPSED) or stopped is None or due is None:
        return "—"
    sign = Text("提前 ", "early by ") if stopped <= due else Text("晚 ", "late by ")
    return voice.word(sign) + duration(due - stopped, voice.lang)


def _ruled(reading: Reading, voice: Voice) -> Iterator[str]:
    """The verdict that takes the place of the computed one, and where it was ruled."""
    ruling = reading.ruling
    if ruling is not None:
        yield f"→ {voice.word(words.VERDICTS[ruling.verdict])} {ruling.dispute}"


def _saved(reading: Reading, voice: Voice) -> Iterator[str]:
    """How much of the term was not needed, in its own unit; hours are told by `left_text`."""
    saved = reading.saved
    if saved is not None and not saved.unit.is_hours:
        yield voice.word(Text("节省 ", "saved ")) + voice.word(amount(saved))


def due_text(reading: Reading, voice: Voice) -> str:
    """The due instant; a provisional one says so."""
    if reading.due is None:
        return voice.word(Text("恢复后重算", "set on resumption"))
    mark = voice.word(Text(" 暂定", " provisional")) if reading.provisional else ""
    return deadline(reading.due) + mark


def next_text(reading: Reading, voice: Voice) -> str:
    """The next act and when it goes out; nothing once the clock has stopped."""
    upcoming = reading.next
    if upcoming is None or not reading.state.open:
        return "—"
    act = words.act(upcoming.rung.act, reading.cycle.pack)
    return f"{voice.word(act)}\n{when(upcoming.fire_at)}"


def _level(reading: Reading, voice: Voice) -> "Styled":
    from rich.text import Text as Styled

    level = level_of(reading)
    if level is None:
        return Styled("—")
    return Styled(f"● {voice.word(level.name)}", style=output.light(level.light))


def _name(reading: Reading, voice: Voice) -> str:
    cycle = "" if reading.cycle.name == "1" else f" #{reading.cycle.name}"
    return f"{tight(voice.word(reading.clause.name))}{cycle}"


def _flag(reading: Reading, voice: Voice) -> tuple[str, str]:
    is_default = reading.clause.status == "default"
    return (f" {voice.word(words.DEFAULT)}" if is_default else "", "yellow")


def _open(left: Remaining, reading: Reading, voice: Voice) -> str:
    unit = reading.schedule.last.term.amount.unit
    if left.overdue and left.due is not None and not (left.days or left.half_days or left.seconds):
        return voice.word(Text("超 ", "over by ")) + duration(reading.at - left.due, voice.lang)
    if left.seconds is not None:
        over = left.seconds < 0
        amount = duration(left.seconds * _SECOND, voice.lang)
        if unit is Unit.WORK_HOURS:
            amount += voice.word(Text("（工作时间）", " of working time"))
    else:
        count = left.days if left.days is not None else left.half_days or 0
        if count == 0:
            return voice.word(Text("今日到期", "due today"))
        over, amount = count < 0, f"{abs(count)}{voice.word(_UNITS[unit])}"
    return voice.word(Text("超 ", "over by ") if over else Text("剩 ", "left ")) + amount
