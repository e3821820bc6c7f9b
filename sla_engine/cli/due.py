"""Open clocks from the alarm index, joined with what the read models know of their dossiers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sla_engine import words
from sla_engine.cli import output
from sla_engine.cli.desk import Misuse
from sla_engine.cli.lists import Names
from sla_engine.cli.output import Voice, deadline, duration, rfc3339
from sla_engine.cli.registers import Levels
from sla_engine.errors import Fault, Refusal, register
from sla_engine.policy.clause import Clause, Text
from sla_engine.ports import AlarmRow
from sla_engine.record import Instant
from sla_engine.sla.assess import State

if TYPE_CHECKING:
    from rich.text import Text as Styled

    from sla_engine.projection import Columns
    from sla_engine.wiring import Engine

STATE_UNKNOWN = register(
    "STATE_UNKNOWN",
    "没有时钟状态“{found}”；可用：{allowed}",
    "there is no clock state {found}; there are: {allowed}",
)

_FAR = 3 * 86_400_000_000
_TALK = Text("约谈", "talk")
_OPEN = [state.value for state in State if state.open]
_MODELS = ("worklist", "talk_register", "items", "rounds", "dispute_register")
_DEFAULT = Text("* 期限为默认值", "* the limit is a default")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which clocks are asked for. Raises `Misuse` STATE_UNKNOWN."""

    unit: str = ""
    level: int = 0
    state: str = ""
    due_before: Instant | None = None

    def __post_init__(self) -> None:
        if self.state and self.state not in _OPEN:
            raise Misuse(Fault(STATE_UNKNOWN, "--state", self.state, ", ".join(_OPEN)))

    def takes(self, row: AlarmRow, state: str) -> bool:
        soon = row.due is not None and (self.due_before is None or row.due < self.due_before)
        return (
            state in ([self.state] if self.state else _OPEN)
            and self.unit in ("", row.unit)
            and row.level >= self.level
            and (soon or self.due_before is None)
        )


class Duty(NamedTuple):
    """An open clock with its dossier's row, and its clause by the edition under which it started
    (None where no edition has it). `state` is as of now, not of the last sweep."""

    stream: str
    clock: AlarmRow
    state: str
    about: "Columns"
    clause: Clause | None

    @property
    def is_default(self) -> bool:
        return self.clause is not None and self.clause.status == "default"


def duties(engine: "Engine", wanted: Wanted, now: Instant) -> list[Duty]:
    """Every open clock that is asked for, the most urgent first."""
    about = {stream: row for model in _MODELS for stream, row in engine.rows(model)}
    found = [
        Duty(stream, row, state, of := about.get(stream, {}), _clause(engine, stream, row, of))
        for stream, row in engine.log.alarms()
        if wanted.takes(row, state := _state(row, now))
    ]
    return sorted(found, key=_urgency)


def render(engine: "Engine", voice: Voice, wanted: Wanted, limit: int) -> None:
    """The worklist as a table, or as JSON lines."""
    now = engine.clock.now()
    found, levels, names = duties(engine, wanted, now), Levels(engine), Names(engine)
    if voice.json:
        for duty in found[:limit]:
            voice.line(_as_dict(duty, levels, names))
        return
    table = output.table(
        "待办 worklist", "件 no", "条款 clause", "状态 state", "等级 level", "到期 due",
        "余量 left", "单位 unit", "环节 phase",
    )  # fmt: skip
    for duty in found[:limit]:
        table.add_row(*_cells(duty, levels, names, now, voice))
    voice.show(table)
    if any(duty.is_default for duty in found[:limit]):
        voice.show(output.styled((voice.word(_DEFAULT), "dim")))
    if len(found) > limit:
        voice.note(f"共 {len(found)} 项，只列 {limit} 项 · {limit} of {len(found)} shown")
    elif not found:
        voice.note("没有待办 · nothing is due")


def _state(row: AlarmRow, now: Instant) -> str:
    """A clock whose due instant has passed is overdue, whether or not a sweep has seen it."""
    overdue = row.due is not None and now > row.due
    return State.OVERDUE.value if row.state == State.RUNNING.value and overdue else row.state


def _urgency(duty: Duty) -> tuple[bool, int, bool, Instant]:
    due = duty.clock.due
    return (duty.state != State.OVERDUE.value, -duty.clock.level, due is None, due or 0)


def _cells(
    duty: Duty, levels: Levels, names: Names, now: Instant, voice: Voice
) -> "Iterator[str | Styled]":
    from rich.text import Text as Styled

    kind, name = duty.stream.split("/", 1)
    clock, style = duty.clock, words.STATE_STYLES[duty.state]
    belongs = _belongs(kind, duty.about, names)
    shown = name.rsplit("/", 1)[-1] if kind == "talk" else name
    yield f"{voice.word(belongs)} {shown}" if belongs is not None else shown
    yield _name(duty, voice)
    yield Styled(voice.word(words.STATES[duty.state]), style=style)
    yield levels.text(duty.about.get("pack", ""), clock.level, voice)
    yield deadline(clock.due)
    yield Styled(_left(clock.due, now, voice), style=style)
    yield clock.unit or "—"
    yield voice.word(words.phase(kind, duty.about.get("phase", "")))


def _left(due: Instant | None, now: Instant, voice: Voice) -> str:
    """Clock time, for a list is read at a glance; the petition itself shows working days."""
    if due is None:
        return "—"
    sign = Text("超 ", "over by ") if now > due else Text("剩 ", "left ")
    units = 1 if abs(due - now) >= _FAR else 2
    return voice.word(sign) + duration(due - now, voice.lang, units)


def _clause(engine: "Engine", stream: str, clock: AlarmRow, about: "Columns") -> Clause | None:
    rules, name = engine.rules, about.get("pack", "")
    edition = rules.talks_on if stream.startswith("talk/") else rules.pack_on
    try:
        return edition(name, clock.started).clause(clock.clause)
    except (Refusal, KeyError):
        return None


def _name(duty: Duty, voice: Voice) -> str:
    """The clause in words, with a star where its limit is a default."""
    if duty.clause is None:
        return duty.clock.clause
    return output.tight(voice.word(duty.clause.name)) + ("*" if duty.is_default else "")


def _belongs(kind: str, about: "Columns", names: Names) -> Text | None:
    """What a number alone does not tell: the list of an item, the series of a round, what kind of
    dispute it is."""
    pack = about.get("pack", "")
    match kind:
        case "talk":
            return _TALK
        case "item" if about:
            return names.list(pack, about["list"])
        case "round" if about:
            return names.series(pack, about["series"])
        case "dispute" if about:
            return words.DISPUTES[about["kind"]]
        case _:
            return None


def _as_dict(duty: Duty, levels: Levels, names: Names) -> dict[str, Any]:
    kind, name = duty.stream.split("/", 1)
    clock = duty.clock
    level = levels.name(duty.about.get("pack", ""), clock.level)
    return {
        kind: name,
        "about": _both(_belongs(kind, duty.about, names)),
        "clause": clock.clause,
        "name": _both(duty.clause.name if duty.clause is not None else None),
        "status": duty.clause.status if duty.clause is not None else None,
        "cycle": clock.cycle,
        "state": duty.state,
        "level": clock.level,
        "level_name": _both(level),
        "due": rfc3339(clock.due),
        "unit": clock.unit,
        "phase": duty.about.get("phase", ""),
        "next_rung": clock.rung,
        "next_at": rfc3339(clock.alarm_at),
    }


def _both(text: Text | None) -> dict[str, str] | None:
    return {"zh": text.zh, "en": text.en} if text is not None else None
