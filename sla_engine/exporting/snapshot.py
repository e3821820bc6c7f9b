"""The log as it was at one instant, event by event, while it is written to."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from sla_engine import __version__
from sla_engine.errors import refuse, register
from sla_engine.exporting.manifest import FORMAT, Manifest, Selection
from sla_engine.record import Instant
from sla_engine.serving.archive import Chain, Progress, Row
from sla_engine.store.portable import EVENTS, MEMBERS, Source
from sla_engine.worktime import format_instant

NOTHING = register(
    "EXPORT_NOTHING",
    "没有符合条件的事件，未写文件",
    "no event is selected; no file was written",
    "放宽筛选条件",
    "select more",
)

IN_ORDER = next(member for member in MEMBERS if member.name == EVENTS)
_BY_STREAM = IN_ORDER._replace(order="originator_id, originator_version")


class Snapshot:
    """What is exported, to be read as often as a format needs. `progress` is told of every event
    that was looked at."""

    def __init__(
        self, source: Source, selection: Selection, now: Instant, progress: Progress
    ) -> None:
        self._source = source
        self._progress = progress
        self.selection = selection
        self.now = now
        self.manifest = self._survey()

    def in_order(self) -> Iterator[Row]:
        """Events by position."""
        for row in self._source.rows(IN_ORDER):
            self._progress(1)
            if self.selection.takes(row):
                yield row

    def dossiers(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """Every event of each dossier of which some may be selected, by version; dossiers in the
        order of their bytes."""
        rows = self._source.rows(_BY_STREAM)
        for stream, found in groupby(rows, key=itemgetter(0)):
            if self.selection.names(stream):
                yield stream, self._watched(found)
            else:
                self._progress(sum(1 for _ in found))

    def _watched(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self._progress(1)
            yield row

    def _survey(self) -> Manifest:
        """What all of it comes to. Raises `EXPORT_NOTHING`."""
        chain, events, head = Chain(), 0, 0
        for row in self.in_order():
            chain.add(row)
            events, head = events + 1, row[2]
        if not events:
            raise refuse(NOTHING)
        return Manifest(
            format=FORMAT,
            release=__version__,
            taken_at=format_instant(self.now),
            head=head,
            events=events,
            chain=chain.value,
            selection=self.selection.told(),
        )
