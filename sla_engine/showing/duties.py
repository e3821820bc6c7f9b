"""Open clocks from the alarm index, joined with what the read models know of their dossiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sla_engine import words
from sla_engine.errors import Refusal, refuse, register
from sla_engine.policy.clause import Clause, Text
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.record import Instant
from sla_engine.showing.names import Levels, Names
from sla_engine.showing.plain import both, rfc3339
from sla_engine.sla.assess import State
from sla_engine.wiring import Engine

STATE_UNKNOWN = register(
    "STATE_UNKNOWN",
    "没有时钟状态“{found}”；可用：{allowed}",
    "there is no clock state {found}; there are: {allowed}",
)

_TALK = Text("约谈", "talk")

_OPEN = [state.value for state in State if state.open]

_MODELS = ("worklist", "talk_register", "items", "rounds", "dispute_register")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which clocks are asked for. Raises `Refusal` STATE_UNKNOWN."""

    unit: str = ""
    level: int = 0
    state: str = ""
    due_before: Instant | None = None

    def __post_init__(self) -> None:
        if self.state and self.state not in _OPEN:
            raise refuse(STATE_UNKNOWN, "state", self.state, ", ".join(_OPEN))

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
    about: Columns
    clause: Clause | None

    @property
    def is_default(self) -> bool:
        return self.clause is not None and self.clause.status == "default"


def duties(engine: Engine, wanted: Wanted, now: Instant) -> list[Duty]:
    """Every open clock that is asked for, the most urgent first."""
    about = {stream: row for model in _MODELS for stream, row in engine.rows(model)}
    found = [
        Duty(stream, row, state, of := about.get(stream, {}), _clause(engine, stream, row, of))
        for stream, row in engine.log.alarms()
        if wanted.takes(row, state := row.state_at(now))
    ]
    return sorted(found, key=_urgency)


def _urgency(duty: Duty) -> tuple[bool, int, bool, Instant]:
    due = duty.clock.due
    return (duty.state != State.OVERDUE.value, -duty.clock.level, due is None, due or 0)


def _clause(engine: Engine, stream: str, clock: AlarmRow, about: Columns) -> Clause | None:
    rules, name = engine.rules, about.get("pack", "")
    edition = rules.talks_on if stream.startswith("talk/") else rules.pack_on
    try:
        return edition(name, clock.started).clause(clock.clause)
    except (Refusal, KeyError):
        return None


def belongs(kind: str, about: Columns, names: Names) -> Text | None:
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


def as_dict(duty: Duty, levels: Levels, names: Names) -> dict[str, Any]:
    """JSON-ready; times RFC 3339."""
    kind, name = duty.stream.split("/", 1)
    clock = duty.clock
    level = levels.name(duty.about.get("pack", ""), clock.level)
    return {
        kind: name,
        "about": _told(belongs(kind, duty.about, names)),
        "clause": clock.clause,
        "name": _told(duty.clause.name if duty.clause is not None else None),
        "status": duty.clause.status if duty.clause is not None else None,
        "cycle": clock.cycle,
        "state": duty.state,
        "level": clock.level,
        "level_name": _told(level),
        "due": rfc3339(clock.due),
        "unit": clock.unit,
        "phase": duty.about.get("phase", ""),
        "next_rung": clock.rung,
        "next_at": rfc3339(clock.alarm_at),
    }


def _told(text: Text | None) -> dict[str, str] | None:
    return both(text) if text is not None else None


def duties_of(engine: Engine, rows: Mapping[str, Columns], now: Instant) -> list[Duty]:
    """Every open clock of these dossiers, by stream with what is known of each; in their order."""
    return [
        Duty(name, clock, state, about, _clause(engine, name, clock, about))
        for stream, about in rows.items()
        for name, clock in engine.log.alarms(stream)
        if name == stream and (state := clock.state_at(now)) in _OPEN
    ]
