"""Out of a log into one file, and out of such a file into an empty store."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, NamedTuple
from zlib import error as DeflateError

from sla_engine.errors import refuse, register
from sla_engine.exporting import ocel, parquet, table, xes, xes_reading
from sla_engine.exporting.files import CUT, fresh, unpacked
from sla_engine.exporting.line import DAMAGED
from sla_engine.exporting.manifest import Manifest, Selection
from sla_engine.exporting.snapshot import IN_ORDER, Snapshot
from sla_engine.petition.subject import SubjectErased
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.serving.archive import Chain, Progress, Row
from sla_engine.store import portable
from sla_engine.store.application import PetitionLog
from sla_engine.store.codec import decode
from sla_engine.store.erasures import Erasure

DIFFERS = register(
    "EXPORT_DIFFERS",
    "读回后的日志摘要与导出时不同（{found}，导出时为{allowed}），未写入任何内容",
    "it does not come to the log that was exported ({found}, that was {allowed}); nothing is kept",
    "用导出时的那一版程序读取；仍不同则文件已被改动",
    "read it with the release that made it; if it still differs, the file was changed",
)


class Format(StrEnum):
    """What an export can be."""

    XES = "xes"
    OCEL = "ocel"
    CSV = "csv"
    PARQUET = "parquet"

    @property
    def passes(self) -> int:
        """How often every event is looked at on the way out."""
        return 3 if self is Format.OCEL else 2


class ReadBack(NamedTuple):
    """What was read: the manifest, and the erasures that the log tells of."""

    manifest: Manifest
    erased: tuple[Erasure, ...]


Read = Callable[[IO[bytes], str], tuple[Manifest, Iterator[tuple[str, Row]]]]

_READERS: dict[Format, Read] = {
    Format.XES: xes_reading.read,
    Format.OCEL: ocel.read,
    Format.CSV: table.read,
    Format.PARQUET: parquet.read,
}
_BEGINS = {b"PAR1": Format.PARQUET, b"<": Format.XES, b"{": Format.OCEL}
_MARK = b"\xef\xbb\xbf"
_LOOK = 64


def export(
    log: PetitionLog,
    rules: Rulebook,
    to: Path,
    form: Format,
    *,
    selection: Selection,
    now: Instant,
    progress: Progress,
    wide: bool = False,
) -> Manifest:
    """Write the log as it is now into the new file `to`. `wide`: CSV with columns of its own for
    common fields. `progress` is told of every event, as often as `form.passes`.

    Raises `EXPORT_EXISTS`, `EXPORT_NOTHING`, `EXPORT_LIBRARY_MISSING`; for OCEL also what `assess`
    does where the rules have no pack for a dossier.
    """
    with fresh(to) as file, portable.read(log) as source:
        snapshot = Snapshot(source, selection, now, progress)
        write(file, form, snapshot, rules, wide)
        return snapshot.manifest


def write(
    file: IO[bytes], form: Format, snapshot: Snapshot, rules: Rulebook, wide: bool = False
) -> None:
    """Write a snapshot in a format; otherwise as `export`."""
    match form:
        case Format.XES:
            xes.write(file, snapshot)
        case Format.OCEL:
            ocel.write(file, snapshot, rules)
        case Format.CSV:
            table.write(file, snapshot, wide)
        case Format.PARQUET:
            parquet.write(file, snapshot)


def read_back(path: Path, log: PetitionLog, progress: Progress) -> ReadBack:
    """Fill an empty store from an export of a whole log, in one transaction; who was erased stays
    erased. `progress` is told of every event twice.

    Raises `TARGET_NOT_EMPTY`, `EXPORT_*`, and OSError.
    """
    erased: list[Erasure] = []
    with unpacked(path) as file:
        manifest, rows = read(file, path.name)
        with portable.write(log) as target:
            portable.fill(target, IN_ORDER, _watched(rows, erased, progress))
            _keep_erased(target, erased)
            _compare(target, manifest, path.name, progress)
    return ReadBack(manifest, tuple(erased))


def manifest_in(path: Path) -> Manifest:
    """What an export says of itself. Raises `EXPORT_*` and OSError."""
    with unpacked(path) as file:
        return read(file, path.name)[0]


def read(file: IO[bytes], name: str) -> tuple[Manifest, Iterator[Row]]:
    """What an export of whichever format says of itself, and its events. Raises `EXPORT_*`."""
    with _sound(name):
        form = _format_of(file)
        manifest, events = _READERS[form](file, name)
    return manifest, _checked(events, form, manifest, name)


def _format_of(file: IO[bytes]) -> Format:
    begin = file.read(_LOOK).removeprefix(_MARK).lstrip()
    file.seek(0)
    found = (form for mark, form in _BEGINS.items() if begin.startswith(mark))
    return next(found, Format.CSV)


@contextmanager
def _sound(name: str) -> Iterator[None]:
    """Damage that lies below the format comes out as ours."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, DeflateError) as error:
        raise refuse(CUT, name, type(error).__name__) from error
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"
        raise refuse(CUT if cut else DAMAGED, name, f"UTF-8: {error.reason}") from error


def _checked(
    events: Iterator[tuple[str, Row]], form: Format, manifest: Manifest, name: str
) -> Iterator[Row]:
    """The events, if they are in order, none twice, as many as there should be."""
    last: tuple[object, ...] | None = None
    count = 0
    with _sound(name):
        for where, row in events:
            place = row[:2] if form is Format.XES else row[2:3]
            if last is not None and not last < place:
                raise refuse(DAMAGED, where, f"{place} behind {last}")
            last, count = place, count + 1
            yield row
    if count != manifest.events:
        short = count < manifest.events
        raise refuse(
            CUT if short else DAMAGED, name, f"{count} events, {manifest.events} are right"
        )


def _watched(rows: Iterator[Row], erased: list[Erasure], progress: Progress) -> Iterator[Row]:
    for row in rows:
        if row[3] == SubjectErased.WIRE:
            meta, event = decode(row[3], row[4])
            assert isinstance(event, SubjectErased), "the wire name says so"
            erased.append(Erasure(event.subject, meta.occurred_at, event.ground))
        progress(1)
        yield row


def _keep_erased(target: portable.Target, erased: list[Erasure]) -> None:
    """Whoever was erased gets no new secret under the old name."""
    member = next(each for each in portable.MEMBERS if each.name == portable.SUBJECTS)
    subjects = dict.fromkeys(each.subject for each in erased)
    target.put(member.table, member.columns, [(subject, 1, b"") for subject in subjects])


def _compare(target: portable.Target, manifest: Manifest, name: str, progress: Progress) -> None:
    """Before anything is kept: is it the log that was exported?"""
    chain, head = Chain(), 0
    for row in target.rows(IN_ORDER):
        chain.add(row)
        head = row[2]
        progress(1)
    found = f"{head} {chain.value}"
    if found != (allowed := f"{manifest.head} {manifest.chain}"):
        raise refuse(DIFFERS, name, found, f"{allowed}, {manifest.release}")
