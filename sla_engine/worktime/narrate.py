"""A derivation as lines that officials read, in Chinese and in English.

Both voices speak from the same steps as the answer; nothing is reckoned here. Names of holidays
and of notices stay Chinese in English lines: they are the names to look up.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import ClassVar

from sla_engine.worktime.amount import Unit
from sla_engine.worktime.day import Day, DayKind
from sla_engine.worktime.derivation import (
    Counted,
    CutOff,
    Derivation,
    Due,
    Ran,
    Rolled,
    Shifted,
    Skipped,
    Started,
    Step,
    Suspended,
)
from sla_engine.worktime.instant import HOUR, MINUTE, SECOND, Instant, format_instant, zone_of


def zh(derivation: Derivation) -> list[str]:
    """Chinese lines, one per step."""
    voice = _Chinese(derivation.unit, derivation.zone, derivation.amount)
    return [voice.say(step) for step in derivation.steps]


def en(derivation: Derivation) -> list[str]:
    """English lines, one per step."""
    voice = _English(derivation.unit, derivation.zone, derivation.amount_en)
    return [voice.say(step) for step in derivation.steps]


def told(steps: Iterable[Step], unit: Unit, zone: str) -> tuple[list[str], list[str]]:
    """Chinese and English lines of steps that belong to no term, such as days merely counted."""
    listed = tuple(steps)
    chinese, english = _Chinese(unit, zone), _English(unit, zone)
    return [chinese.say(step) for step in listed], [english.say(step) for step in listed]


def moment(instant: Instant, zone: str) -> tuple[str, str]:
    """An instant as both languages tell it: local date, weekday and time."""
    chinese, english = _Chinese(Unit.CLOCK_HOURS, zone), _English(Unit.CLOCK_HOURS, zone)
    return chinese.at(instant), english.at(instant)


class _Voice:
    """What both languages share: dates, times, lengths, and which line tells which step."""

    weekdays: ClassVar[tuple[str, ...]]
    day_form: ClassVar[str]
    separator: ClassVar[str]
    gap: ClassVar[str]
    parts: ClassVar[Mapping[str, str]]
    lengths: ClassVar[tuple[str, str, str]]
    kinds: ClassVar[Mapping[DayKind, str]]
    reasons: ClassVar[Mapping[str, str]]
    ordinals: ClassVar[Mapping[Unit, str]]
    cutoffs: ClassVar[Mapping[str, str]]
    day_zero: ClassVar[str]
    half_zero: ClassVar[str]

    def __init__(self, unit: Unit, zone: str, amount: str = "") -> None:
        self.unit = unit
        self.amount = amount
        self.zone = zone_of(zone)

    def say(self, step: Step) -> str:
        line: str = getattr(self, type(step).__name__.lower())(step)
        return line

    def uncounted(self) -> str:
        """That the day of the start does not count; hours run from the instant itself."""
        if self.unit.is_hours:
            return ""
        return self.half_zero if self.unit.is_halves else self.day_zero

    def on(self, day: date) -> str:
        return self.day_form.format(day=day.isoformat(), weekday=self.weekdays[day.weekday()])

    def at(self, instant: Instant, day: date | None = None) -> str:
        """Local time; midnight at the end of `day` is told as 24:00 of that day."""
        if day is not None and self.zone.day_of(instant) > day.toordinal():
            return f"{self.on(day)}{self.gap}24:00"
        moment = datetime.fromisoformat(format_instant(instant, self.zone.name))
        clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
        return f"{self.on(moment.date())}{self.gap}{clock}"

    def place(self, day: date, known: Day | None, part: str) -> str:
        """A day with what made it so: weekday, holiday, notice."""
        facts = [self.weekdays[day.weekday()]]
        if known is not None and known.name:
            facts.append(self.kinds[known.kind].format(name=known.name))
        if known is not None and known.notice:
            facts.append(known.notice)
        inside = self.separator.join(facts)
        return self.day_form.format(day=f"{day}{self.parts[part]}", weekday=inside)

    def length(self, micros: int) -> str:
        hours, below = divmod(micros, HOUR)
        minutes, below = divmod(below, MINUTE)
        seconds = f"{below / SECOND:.6f}".rstrip("0").rstrip(".")
        counts = (str(hours), str(minutes), seconds)
        told = [
            count + unit for count, unit in zip(counts, self.lengths, strict=True) if count != "0"
        ]
        return self.gap.join(told)


class _Chinese(_Voice):
    weekdays = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
    day_form = "{day}（{weekday}）"
    separator = "，"
    gap = ""
    parts: ClassVar = {"": "", "am": "上午", "pm": "下午"}
    lengths = ("小时", "分", "秒")
    kinds: ClassVar = {
        DayKind.WORKDAY: "{name}后照常上班",
        DayKind.MAKEUP_WORKDAY: "{name}调休上班",
        DayKind.WEEKEND: "{name}放假",
        DayKind.STATUTORY_HOLIDAY: "{name}法定节假日",
        DayKind.ADJUSTED_REST_DAY: "{name}调休放假",
        DayKind.SPECIAL_HOLIDAY: "{name}一次性放假",
        DayKind.REGIONAL_HOLIDAY: "{name}地方放假",
    }
    reasons: ClassVar = {
        "off_day": "当日不上班",
        "after_close": "已过下班时间",
        "before_opening": "未到上班时间",
    }
    ordinals: ClassVar = {Unit.WORKDAYS: "个工作日", Unit.HALF_WORKDAYS: "个半日"}
    day_zero = "，起算当日不计入"
    half_zero = "，起算的半日不计入"
    cutoffs: ClassVar = {
        "end_of_day": "末日24时届满",
        "close_of_business": "末日下班时届满",
        "end_of_session": "末个半日下班时届满",
    }

    def started(self, step: Started) -> str:
        return f"起算：{self.at(step.at)}，期限{self.amount}{self.uncounted()}"

    def shifted(self, step: Shifted) -> str:
        return f"收件：{self.reasons[step.why]}，视为{self.at(step.to)}收到"

    def counted(self, step: Counted) -> str:
        unit = self.ordinals.get(self.unit, "日")
        return f"第{step.n}{unit}：{self.place(step.date, step.day, step.part)}"

    def skipped(self, step: Skipped) -> str:
        reason = "中止期间不计" if step.paused else "不计"
        return f"{reason}：{self.place(step.date, step.day, step.part)}"

    def suspended(self, step: Suspended) -> str:
        until = "尚未恢复" if step.until is None else f"{self.at(step.until)}恢复"
        return f"中止：{self.at(step.since)}起，{until}"

    def ran(self, step: Ran) -> str:
        return f"计时：{self.at(step.since)}至{self.at(step.until)}，累计{self.length(step.total)}"

    def rolled(self, step: Rolled) -> str:
        return f"顺延：末日{self.on(step.since)}休息，顺延至{self.on(step.to)}"

    def cutoff(self, step: CutOff) -> str:
        return f"截止：{self.cutoffs[step.rule]}"

    def due(self, step: Due) -> str:
        if step.at is None:
            return "到期：中止尚未结束，到期时间未定"
        line = f"到期：{self.at(step.at, step.date)}"
        return f"{line}（暂定，{step.basis}）" if step.provisional else line


class _English(_Voice):
    weekdays = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    day_form = "{day} ({weekday})"
    separator = ", "
    gap = " "
    parts: ClassVar = {"": "", "am": " morning", "pm": " afternoon"}
    lengths = ("h", "min", "s")
    kinds: ClassVar = {
        DayKind.WORKDAY: "back to work after {name}",
        DayKind.MAKEUP_WORKDAY: "make-up working day, {name}",
        DayKind.WEEKEND: "weekend, {name}",
        DayKind.STATUTORY_HOLIDAY: "statutory holiday, {name}",
        DayKind.ADJUSTED_REST_DAY: "adjusted day of rest, {name}",
        DayKind.SPECIAL_HOLIDAY: "day off granted once, {name}",
        DayKind.REGIONAL_HOLIDAY: "regional holiday, {name}",
    }
    reasons: ClassVar = {
        "off_day": "that day is off",
        "after_close": "after the close",
        "before_opening": "before the opening",
    }
    ordinals: ClassVar = {Unit.WORKDAYS: "Working day", Unit.HALF_WORKDAYS: "Half-day"}
    day_zero = "; the day of the start does not count"
    half_zero = "; the half-day of the start does not count"
    cutoffs: ClassVar = {
        "end_of_day": "the last day ends at 24:00",
        "close_of_business": "the last day ends at its close",
        "end_of_session": "the last half-day ends with its session",
    }

    def started(self, step: Started) -> str:
        return f"Start: {self.at(step.at)}, term {self.amount}{self.uncounted()}"

    def shifted(self, step: Shifted) -> str:
        return f"Receipt: {self.reasons[step.why]}, deemed received {self.at(step.to)}"

    def counted(self, step: Counted) -> str:
        unit = self.ordinals.get(self.unit, "Day")
        return f"{unit} {step.n}: {self.place(step.date, step.day, step.part)}"

    def skipped(self, step: Skipped) -> str:
        reason = "Suspended, not counted" if step.paused else "Not counted"
        return f"{reason}: {self.place(step.date, step.day, step.part)}"

    def suspended(self, step: Suspended) -> str:
        until = "not yet resumed" if step.until is None else f"resumed {self.at(step.until)}"
        return f"Suspension: from {self.at(step.since)}, {until}"

    def ran(self, step: Ran) -> str:
        return f"Running: {self.at(step.since)} to {self.at(step.until)}, {self.length(step.total)}"

    def rolled(self, step: Rolled) -> str:
        return f"Rolled: the last day {self.on(step.since)} is off, moved to {self.on(step.to)}"

    def cutoff(self, step: CutOff) -> str:
        return f"Cut-off: {self.cutoffs[step.rule]}"

    def due(self, step: Due) -> str:
        if step.at is None:
            return "Due: not fixed while the suspension lasts"
        line = f"Due: {self.at(step.at, step.date)}"
        if not step.provisional:
            return line
        return f"{line} (provisional, from weekends and statutory days alone: {step.basis})"
