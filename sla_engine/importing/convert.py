"""From a matter in a file to submissions: pure, and every fault with its line.

Each submission's id derives from the petition's number, the fact's name in the mapping and, for
events, the event's own number or its content. So the same file gives the same ids again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeVar

import msgspec

from sla_engine.errors import Fault, Refusal, refuse
from sla_engine.identity import digest
from sla_engine.importing.load import BoundMapping
from sla_engine.importing.mapping import BY_EVENT, REGISTERED, Fact
from sla_engine.importing.matter import Matter, Refused, Row
from sla_engine.importing.moment import Moment
from sla_engine.importing.value import Cells, Value, cell
from sla_engine.service.intake import FIELD_MISSING, FIELD_WRONG, Submission, parse
from sla_engine.worktime import format_instant

T = TypeVar("T")

LONGEST_NUMBER = 100
_ID_LENGTH = 16


class Entry(NamedTuple):
    """A submission, its petition's number, the name of its fact and the line it stands on."""

    line: int
    no: str
    fact: str
    submission: Submission


@dataclass(slots=True)
class Converted:
    """What a matter gave: its registration first, then its facts, and what cannot be taken."""

    entries: list[Entry] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def add(self, line: int, no: str, fact: str, make: Callable[[], Submission]) -> None:
        """Keep the submission that `make` gives, or why it gives none."""
        try:
            self.entries.append(Entry(line, no, fact, make()))
        except Refusal as refusal:
            self.refused.append(Refused(line, refusal.faults, no, fact))


class Converter:
    """Applies one mapping."""

    def __init__(self, mapping: BoundMapping) -> None:
        self._pack = mapping.pack_name
        self._tables = mapping.tables
        self._faces = {name: self._tables.clockface(name) for name in self._tables.times}

    def number(self, matter: Matter) -> str:
        """The petition's number in the engine. Raises `Refusal` FIELD_MISSING or FIELD_WRONG."""
        petition = self._tables.petition
        bare = petition.no.read(matter.row.cells)
        if bare is None:
            raise refuse(FIELD_MISSING, petition.no.column)
        no = f"{petition.prefix}{bare}"
        if len(no) > LONGEST_NUMBER or not no.isprintable():
            allowed = f"1..{LONGEST_NUMBER} printable characters 可见字符"
            raise refuse(FIELD_WRONG, petition.no.column, no, allowed)
        return no

    def column(self, time: str) -> str:
        """The column that holds the time of that name."""
        return self._tables.times[time].column

    def moment(self, time: str, *rows: Cells) -> Moment | None:
        """The time of that name in the mapping; None where its column is empty.

        Raises `Refusal` as `Clockface.read`.
        """
        column = self.column(time)
        text = cell(column, *rows)
        return self._faces[time].read(text, column) if text else None

    def convert(self, matter: Matter) -> Converted:
        """Everything the matter says, as far as it can be said to the engine."""
        converted, line = Converted(), matter.row.line
        try:
            no = self.number(matter)
        except Refusal as refusal:
            converted.refused.append(Refused(line, refusal.faults))
            return converted
        converted.add(line, no, REGISTERED, partial(self._registration, no, matter))
        for fact, row in self._facts(matter):
            make = partial(self._fact, no, fact, row, matter.row)
            converted.add(row.line, no, fact.name, make)
        return converted

    def _facts(self, matter: Matter) -> Iterator[tuple[Fact, Row]]:
        """Each fact of the mapping with each row that states it."""
        for fact in self._tables.facts:
            for row in matter.events if fact.each == BY_EVENT else (matter.row,):
                when, rows = fact.when, (row.cells, matter.row.cells)
                if when is not None and cell(when.column, *rows) not in when.values:
                    continue
                if fact.each == BY_EVENT or cell(self.column(fact.at), row.cells):
                    yield fact, row

    def _registration(self, no: str, matter: Matter) -> Submission:
        petition, own, faults = self._tables.petition, matter.row.cells, list[Fault]()
        first = [event.cells for event in matter.events[:1]]
        moment = _attempt(faults, partial(self._needed, petition.at, own, *first))
        data = _read(faults, petition.traits, own)
        envelope = _read(faults, {"petitioner": petition.petitioner}, own)
        personal = {name: cell(column, own) for name, column in petition.personal.items()}
        if moment is None or faults:
            raise Refusal(faults)
        body = {
            **envelope,
            "type": REGISTERED,
            "id": f"{no}/{REGISTERED}",
            "personal": {name: text for name, text in personal.items() if text},
            "data": {**data, "pack": self._pack, "historic": True},
        }
        return self._submission(no, moment, body)

    def _fact(self, no: str, fact: Fact, row: Row, matter: Row) -> Submission:
        rows, faults = (row.cells, matter.cells), list[Fault]()
        moment = _attempt(faults, partial(self._needed, fact.at, row.cells))
        data = _read(faults, fact.data, *rows)
        envelope = _read(faults, fact.envelope, *rows)
        own = _read(faults, {"id": fact.id}, row.cells)
        if moment is None or faults:
            raise Refusal(faults)
        key = f"{no}/{fact.name}"
        if fact.each == BY_EVENT:
            key = f"{key}/{own.get('id') or digest(row.cells)[:_ID_LENGTH]}"
            envelope["seq"] = row.order
        body = {**envelope, "type": fact.type, "id": key, "data": data}
        return self._submission(no, moment, body)

    def _needed(self, time: str, *rows: Cells) -> Moment:
        moment = self.moment(time, *rows)
        if moment is None:
            raise refuse(FIELD_MISSING, self.column(time))
        return moment

    def _submission(self, no: str, moment: Moment, body: Mapping[str, Any]) -> Submission:
        log = self._tables.log
        at = format_instant(moment.at, log.zone)
        submission = parse({**body, "petition": no, "source": log.source, "at": at})
        return msgspec.structs.replace(submission, precision=moment.precision)


def _read(faults: list[Fault], values: Mapping[str, Value | None], *rows: Cells) -> dict[str, Any]:
    """The values that are there, by name; what is wrong with others goes to `faults`."""
    read: dict[str, Any] = {}
    for name, value in values.items():
        found = _attempt(faults, partial(value.read, *rows)) if value is not None else None
        if found is not None:
            read[name] = found
    return read


def _attempt(faults: list[Fault], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except Refusal as refusal:
        faults.extend(refusal.faults)
        return None
