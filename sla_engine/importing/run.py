"""One import: read, convert and take in batches; then read again and assess.

The second reading asks the log as it stands after the first, so a petition whose rows lie
scattered over the file is judged by all of them. Memory holds one batch and a hash per petition.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from sla_engine.errors import Fault, Refusal, refuse
from sla_engine.importing.check import compare
from sla_engine.importing.convert import Converter, Entry
from sla_engine.importing.load import BoundMapping, check_against
from sla_engine.importing.mapping import LogMapping
from sla_engine.importing.matter import Matter, Refused
from sla_engine.importing.report import CheckFigures, ImportReport
from sla_engine.importing.rows import read_csv
from sla_engine.importing.source import Source
from sla_engine.importing.xes import read_xes
from sla_engine.policy.rulebook import POLICY_UNKNOWN, Rulebook
from sla_engine.record import Recorded
from sla_engine.service.handler import ALREADY_REGISTERED, NOT_REGISTERED, Outcome
from sla_engine.service.intake import Submission
from sla_engine.sla.assess import Assessment

BATCH = 300


class Engine(Protocol):
    """What an import asks of the engine."""

    @property
    def rules(self) -> Rulebook:
        """The rules in force."""
        ...

    def take(self, submissions: Sequence[Submission], history: bool = False) -> list[Outcome]:
        """Record submissions in one transaction."""
        ...

    def events(self, stream: str) -> Sequence[Recorded]:
        """A dossier as recorded; empty when there is none."""
        ...

    def assess(self, stream: str) -> Assessment:
        """Every clock of a dossier as it stands now."""
        ...


class Progress(Protocol):
    """Who watches an import."""

    def advanced(self, stage: str, rows: int, fraction: float) -> None:
        """`rows` of the file are through `stage` ("take", then "assess"), `fraction` of 1."""
        ...

    def refused(self, refused: Refused) -> None:
        """Something was not taken; called for every one, as it happens."""
        ...


class Unwatched:
    """Nobody watches."""

    def advanced(self, stage: str, rows: int, fraction: float) -> None:
        pass

    def refused(self, refused: Refused) -> None:
        pass


def import_file(
    engine: Engine, path: Path, mapping: BoundMapping, progress: Progress | None = None
) -> ImportReport:
    """Take a log file into the engine as history, and report.

    The engine must know the mapping's pack (`BoundMapping.known_to`). Rows that cannot be taken
    are reported; raises `Refusal` only for what concerns the whole file, before anything is taken:
    POLICY_UNKNOWN, MAPPING_NAME, IMPORT_FILE_*, IMPORT_COLUMN_*, IMPORT_XES_DOCTYPE/NOT_A_LOG.
    """
    _check_pack(mapping, engine.rules)
    run = _Import(engine, mapping, progress or Unwatched(), path)
    run.take()
    run.assess()
    return run.report


def _check_pack(mapping: BoundMapping, rules: Rulebook) -> None:
    editions = [pack for pack in rules.packs if pack.name == mapping.pack_name]
    if not editions:
        known = sorted({pack.name for pack in rules.packs})
        raise refuse(POLICY_UNKNOWN, "log.pack", mapping.pack_name, ", ".join(known) or "-")
    check_against(mapping.tables, editions)


class _Import:
    """State of one import."""

    def __init__(
        self, engine: Engine, mapping: BoundMapping, progress: Progress, path: Path
    ) -> None:
        log = mapping.tables.log
        self._engine = engine
        self._tables = mapping.tables
        self._converter = Converter(mapping)
        self._progress = progress
        self._path = path
        self.report = ImportReport(path.name, log.name, log.source)
        self.report.checks = {each.name: CheckFigures(each.name) for each in self._tables.checks}

    def take(self) -> None:
        """First reading: everything that can be taken is in the log afterwards."""
        batch: list[Entry] = []
        for each in self._read("take"):
            if isinstance(each, Refused):
                self._refuse(each)
                continue
            self.report.rows += each.size
            batch += self._entries(each)
            while len(batch) >= BATCH:
                self._flush(batch[:BATCH])
                del batch[:BATCH]
        self._flush(batch)

    def _entries(self, matter: Matter) -> Sequence[Entry]:
        """Submissions of a matter. A petition that another source opened is left alone."""
        converted = self._converter.convert(matter)
        for refused in converted.refused:
            self._refuse(refused)
        if converted.entries:
            no = converted.entries[0].no
            opening = self._engine.events(f"petition/{no}")[:1]
            if opening and opening[0].meta.source != self.report.source:
                fault = Fault(ALREADY_REGISTERED, "", no)
                self._refuse(Refused(matter.row.line, (fault,), no))
                return ()
        return converted.entries

    def assess(self) -> None:
        """Second reading: each petition of the file once, with the checks of its first row."""
        seen: set[int] = set()
        for each in self._read("assess"):
            if isinstance(each, Refused):
                continue
            try:
                no = self._converter.number(each)
            except Refusal:
                continue
            if hash(no) not in seen:
                seen.add(hash(no))
                self._figures(no, each)

    def _read(self, stage: str) -> Iterator[Matter | Refused]:
        with Source(self._path) as source:
            rows = 0
            for each in _reader(source, self._tables):
                yield each
                rows += 1 if isinstance(each, Refused) else each.size
                self._progress.advanced(stage, rows, source.fraction)
            if source.damage is not None:
                yield Refused(0, (source.damage,))

    def _refuse(self, refused: Refused) -> None:
        self.report.refuse(refused)
        self._progress.refused(refused)

    def _flush(self, batch: Sequence[Entry]) -> None:
        """Take a batch. A fact said to precede its own registration is sent again behind it."""
        early = [
            entry
            for entry, outcome in self._taken(batch)
            if not self._settled(entry, outcome, final=False)
        ]
        for entry, outcome in self._taken(early):
            self._settled(entry, outcome, final=True)

    def _taken(self, batch: Sequence[Entry]) -> Iterator[tuple[Entry, Outcome]]:
        if batch:
            submissions = [entry.submission for entry in batch]
            yield from zip(batch, self._engine.take(submissions, history=True), strict=True)

    def _settled(self, entry: Entry, outcome: Outcome, final: bool) -> bool:
        """Count an outcome, unless the fact deserves a second try."""
        report = self.report
        if outcome.status == "refused":
            if not final and outcome.faults[0].code == NOT_REGISTERED:
                return False
            self._refuse(Refused(entry.line, outcome.faults, entry.no, entry.fact))
        elif outcome.status == "repeated":
            report.repeated += 1
        else:
            report.recorded += 1
        return True

    def _figures(self, no: str, matter: Matter) -> None:
        """Figures of one petition, if the log has it from this source."""
        assessment = self._engine.assess(f"petition/{no}")
        dossier = assessment.dossier
        if not dossier.exists or dossier.opening.meta.source != self.report.source:
            return
        self.report.assess(assessment)
        for check in self._tables.checks:
            compared = compare(check, matter, assessment, self._converter)
            self.report.checks[check.name].add(matter.row.line, no, compared)


def _reader(source: Source, mapping: LogMapping) -> Iterator[Matter | Refused]:
    if mapping.log.format == "xes":
        return read_xes(source.stream)
    return read_csv(source.stream, mapping)
