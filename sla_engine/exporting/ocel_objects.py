"""Objects of an OCEL log: dossiers, their clocks and acts, units, editions of packs and calendars.

Read dossier by dossier, so memory holds one dossier, and the names of what several share.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sla_engine.dossier.events import RungFired, RungWithdrawn, TermRefixed
from sla_engine.dossier.fold import fold
from sla_engine.escalation.kinds import has_clocks, kind_of
from sla_engine.exporting import manifest as export
from sla_engine.exporting.line import (
    BOOLEAN,
    INTEGER,
    JSON,
    STRING,
    TIME,
    Line,
    iso,
    kinds_of,
    line_of,
    text_of,
)
from sla_engine.exporting.relations import (
    ACT,
    CALENDAR,
    CLOCK,
    PACK,
    UNIT,
    Clocked,
    Relation,
    act_id,
    clock_id,
    relations,
    unit_id,
)
from sla_engine.exporting.snapshot import Snapshot
from sla_engine.identity import rung_key
from sla_engine.item.events import ItemAssigned
from sla_engine.petition.events import Dispatched, ReworkOrdered
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Meta, Recorded
from sla_engine.serving.archive import Row
from sla_engine.sla.assess import Assessment, Reading, assess
from sla_engine.talk.events import TierRaised

Told = dict[str, Any]
Act = RungFired | RungWithdrawn

_TYPES = {
    UNIT: "unit", CLOCK: "clock", ACT: "escalation", PACK: "pack edition",
    CALENDAR: "calendar edition", "unit/": "tally",
}  # fmt: skip
_MOVES = {Dispatched: "unit", ReworkOrdered: "unit", ItemAssigned: "unit", TierRaised: "tier"}
"""Facts that give an attribute of their dossier another value."""
_FROM_THE_BEGINNING = 0
"""As the format has it: since 1970 for what was always so."""
_OF_EVENTS = frozenset({"dossier", "clock", "fired", "withdrawn", "by"})
"""Relations of an event that are not its dossier's own."""


def type_of(id_: str) -> str:
    """The type of an object: as its id begins, else the kind of its dossier."""
    return next((t for begin, t in _TYPES.items() if id_.startswith(begin)), export.kind_of(id_))


def declared(name: str, fields: Mapping[str, str]) -> Told:
    """A type of objects or events, and the types of its attributes."""
    return {"name": name, "attributes": [{"name": n, "type": kind} for n, kind in fields.items()]}


class Value(NamedTuple):
    """What an attribute is from an instant on, and its type."""

    name: str
    kind: str
    text: str
    since: Instant


class Objects:
    """All objects of an export. Whoever writes events notes what they relate to; objects that
    nothing but such a relation tells of come last."""

    def __init__(self, rules: Rulebook, snapshot: Snapshot) -> None:
        self._rules = rules
        self._snapshot = snapshot
        self._named: dict[str, None] = {}
        self._types: dict[str, dict[str, str]] = {}

    def note(self, stream: str, relationships: Iterable[Mapping[str, str]]) -> None:
        """Objects beyond the event's own dossier."""
        own = (stream, f"{CLOCK}{stream}|", f"{ACT}{stream}|")
        for each in relationships:
            if each["objectId"] != stream and not each["objectId"].startswith(own[1:]):
                self._named[each["objectId"]] = None

    def told(self) -> Iterator[Told]:
        """Every object once."""
        for stream, rows in self._snapshot.dossiers():
            for told in self._of(stream, rows):
                self._named.pop(told["id"], None)
                yield told
        editions = {f"{PACK}{pack.digest}": pack for pack in self._rules.packs}
        for id_ in self._named:
            pack = editions.get(id_)
            named = [] if pack is None else [("name", pack.name), ("edition", pack.edition)]
            named = named or [("name", id_.removeprefix(UNIT).removeprefix(CALENDAR))]
            yield self._object(id_, [Value(name, STRING, text, 0) for name, text in named], [])

    def types(self) -> Iterator[Told]:
        """Types of the objects that were told, with their attributes."""
        for name, fields in sorted(self._types.items()):
            yield declared(name, fields)

    def _of(self, stream: str, rows: Iterator[Row]) -> Iterator[Told]:
        """A dossier of which something is selected, with its clocks and acts."""
        dossier = _Dossier(stream)
        for row in rows:
            dossier.take(line_of(row), self._snapshot.selection.takes(row))
        if not dossier.selected:
            return
        clocks = dict.fromkeys(dossier.clocks)
        assessment = dossier.assess(self._rules, self._snapshot.now)
        readings = assessment.readings if assessment is not None else ()
        if assessment is not None:
            phase = assessment.chronicle.phase
            dossier.values.append(Value("phase", STRING, phase, self._snapshot.now))
        yield self._object(stream, dossier.values, list(dossier.relations))
        for reading in readings:
            id_ = clock_id(stream, *reading.key)
            clocks.pop(id_, None)
            yield self._clock(id_, stream, reading, dossier.moved.get(id_, ()))
        for id_ in clocks:
            yield self._object(id_, dossier.moved.get(id_, ()), [(stream, "dossier")])
        for id_, (values, related) in dossier.acts.items():
            yield self._object(id_, values, related)

    def _clock(self, id_: str, stream: str, reading: Reading, moved: Sequence[Value]) -> Told:
        cycle, now = reading.cycle, self._snapshot.now
        values = [
            Value("clause", STRING, reading.clause.id, _FROM_THE_BEGINNING),
            Value("cycle", STRING, cycle.name, _FROM_THE_BEGINNING),
            Value("started", TIME, iso(reading.start), _FROM_THE_BEGINNING),
            *moved,
            Value("state", STRING, reading.state.value, now),
            Value("level", INTEGER, str(reading.level), now),
        ]
        if reading.due is not None and (not moved or moved[-1].text != iso(reading.due)):
            since = now if moved else _FROM_THE_BEGINNING
            values.append(Value("due", TIME, iso(reading.due), since))
        if reading.stopped_at is not None:
            values.append(Value("stopped", TIME, iso(reading.stopped_at), reading.stopped_at))
        related = [(stream, "dossier")]
        related += [(unit_id(reading.unit), "unit")] if reading.unit else []
        related.append((f"{PACK}{cycle.pack.digest}", "pack"))
        related.append((f"{CALENDAR}{reading.schedule.calendar.digest}", "calendar"))
        return self._object(id_, values, related)

    def _object(self, id_: str, values: Sequence[Value], related: Sequence[Relation]) -> Told:
        type_ = type_of(id_)
        fields = self._types.setdefault(type_, {})
        fields.update((value.name, value.kind) for value in values)
        for other, _ in related:
            # A unit or an edition that no event names is an object all the same.
            if other.startswith((UNIT, PACK, CALENDAR)):
                self._named.setdefault(other)
        return {
            "id": id_,
            "type": type_,
            "attributes": [
                {"name": name, "value": text, "time": iso(since)} for name, _, text, since in values
            ],
            "relationships": [
                {"objectId": other, "qualifier": qualifier} for other, qualifier in related
            ],
        }


class _Dossier:
    """What is gathered of one dossier, event by event. Of a stream that no pack judges (what was
    sent on a channel) no event is kept."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._ruled = has_clocks(stream) and kind_of(stream).ruled
        self._events: list[Recorded] = []
        self.selected = False
        self.values: list[Value] = []
        self.relations: dict[Relation, None] = {}
        self.clocks: dict[str, None] = {}
        self.moved: dict[str, list[Value]] = {}
        self.acts: dict[str, tuple[list[Value], list[Relation]]] = {}

    def take(self, line: Line, selected: bool) -> None:
        """The next event; what is not selected still tells how the dossier stands."""
        if self._ruled:
            self._events.append(
                Recorded(line.stream, line.version, line.position, line.meta, line.event)
            )
        if not selected:
            return
        self.selected = True
        self._attributes(line)
        own = (each for each in relations(line) if each[1] not in _OF_EVENTS)
        self.relations.update(dict.fromkeys(own))
        event = line.event
        if isinstance(event, Clocked):
            clock = clock_id(line.stream, event.clause, event.cycle)
            self.clocks[clock] = None
            if isinstance(event, TermRefixed):
                self._moved(clock, event, line.meta)
            elif isinstance(event, Act):
                self._act(line.stream, event, line.meta)

    def assess(self, rules: Rulebook, now: Instant) -> Assessment | None:
        """How its clocks stand by all of its events; None where it has none."""
        if not self._ruled:
            return None
        return assess(fold(self._stream, self._events), kind_of(self._stream), rules, now)

    def _attributes(self, line: Line) -> None:
        kinds, since = kinds_of(line.wire), line.meta.occurred_at
        moved = _MOVES.get(type(line.event))
        names = line.body if line.version == 1 else [moved] if moved else []
        for name in names:
            kind, text = kinds[name], text_of(kinds[name], line.body[name])
            self.values.append(Value(name, STRING if kind == JSON else kind, text, since))

    def _act(self, stream: str, event: Act, meta: Meta) -> None:
        """Of an act: what it was, and whether it stands."""
        key = rung_key(event.clause, event.cycle, event.version, event.rung)
        clock = clock_id(stream, event.clause, event.cycle)
        about = [(stream, "dossier"), (clock, "clock")]
        values, related = self.acts.setdefault(act_id(f"{stream}|{key}"), ([], about))
        fired, since = isinstance(event, RungFired), meta.recorded_at
        values.append(Value("standing", BOOLEAN, "true" if fired else "false", since))
        if isinstance(event, RungFired):
            values += [
                Value("act", STRING, event.act, since),
                Value("rung", STRING, event.rung, since),
                Value("level", INTEGER, str(event.level), since),
                Value("tier", INTEGER, str(event.tier), since),
                Value("due", TIME, iso(event.due), since),
                Value("reached", TIME, iso(event.at), since),
            ]
            related += [(unit_id(event.unit), "unit")] if event.unit else []

    def _moved(self, id_: str, event: TermRefixed, meta: Meta) -> None:
        """Of a clock: its due instants, as they were before a revision and after it."""
        moved = self.moved.setdefault(id_, [])
        pairs = [(event.old_due, _FROM_THE_BEGINNING)] if not moved else []
        for due, since in [*pairs, (event.new_due, meta.recorded_at)]:
            if due is not None:
                moved.append(Value("due", TIME, iso(due), since))
