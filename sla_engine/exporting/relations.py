"""What an event is about: ids of objects in an OCEL log, and what each is to the event."""

from collections.abc import Iterator
from functools import cache

from sla_engine.dispute.events import DisputeOpened
from sla_engine.dossier.events import RungFired, RungWithdrawn, TermRefixed, VerdictSuperseded
from sla_engine.exporting.line import Line
from sla_engine.identity import rung_key
from sla_engine.record import Event

Relation = tuple[str, str]
"""Id of an object, and what it is to whoever relates to it."""

UNIT, CLOCK, ACT, PACK, CALENDAR = "unit:", "clock:", "act:", "pack:", "calendar:"
"""How ids begin, but for those of dossiers, which are their streams."""

_NAMES = {
    **dict.fromkeys(("petition", "petitions", "into", "duplicate", "same_as"), "petition/"),
    **dict.fromkeys(("item", "after"), "item/"),
    **dict.fromkeys(("dispute", "appeals"), "dispute/"),
    **dict.fromkeys(("cause", "causes"), ACT),
    "round": "round/",
    "talk": "talk/",
    "unit": UNIT,
}
"""Fields of events that name an object, and what its id begins with."""
_ACT_PARTS = 4

Clocked = RungFired | RungWithdrawn | TermRefixed | VerdictSuperseded
"""Events about one clock of their dossier."""


def unit_id(unit: str) -> str:
    return UNIT + unit


def clock_id(stream: str, clause: str, cycle: str) -> str:
    return f"{CLOCK}{stream}|{clause}|{cycle}"


def act_id(cause: str) -> str:
    """Of an act by its stream and its key within it."""
    return ACT + cause


def relations(line: Line) -> list[Relation]:
    """Ids of the objects an event is about, each with what it is to the event."""
    found = [(line.stream, "dossier"), *_clock_and_act(line)]
    meta, event = line.meta, line.event
    found += [(unit_id(meta.unit), "by")] if meta.unit else []
    caused = False
    for field, begin in _naming(type(event)):
        for name in _named(event, field):
            if begin != ACT:
                found.append((begin + name, field))
            elif caused := _is_act(name):
                found.append((act_id(name), "cause"))
    if not caused and _is_act(meta.cause):
        found.append((act_id(meta.cause), "cause"))
    found += [(PACK + meta.pack, "pack")] if meta.pack else []
    found += [(CALENDAR + meta.calendar, "calendar")] if meta.calendar else []
    # A dossier is about itself once, though its opening names it again.
    return [found[0], *(each for each in dict.fromkeys(found) if each[0] != line.stream)]


@cache
def _naming(cls: type[Event]) -> tuple[tuple[str, str], ...]:
    """Fields by which an event names objects, with what their ids begin with."""
    return tuple((field, _NAMES[field]) for field in cls.__struct_fields__ if field in _NAMES)


def _clock_and_act(line: Line) -> Iterator[Relation]:
    """The clock that an event is about, and the act."""
    stream, event = line.stream, line.event
    if isinstance(event, DisputeOpened):
        yield event.subject, "subject"
        stream = event.subject
    if isinstance(event, Clocked) or (isinstance(event, DisputeOpened) and event.clause):
        yield clock_id(stream, event.clause, event.cycle), "clock"
    if isinstance(event, RungFired | RungWithdrawn):
        key = rung_key(event.clause, event.cycle, event.version, event.rung)
        fired = isinstance(event, RungFired)
        yield act_id(f"{stream}|{key}"), "fired" if fired else "withdrawn"


def _named(event: Event, field: str) -> Iterator[str]:
    value = getattr(event, field)
    for name in value if isinstance(value, tuple) else (value,):
        if isinstance(name, str) and name:
            yield name


def _is_act(cause: str) -> bool:
    """Whether a cause is an act: its stream and its key within it."""
    return "/" in cause.partition("|")[0] and cause.count("|") == _ACT_PARTS
