"""Out of a store into one file, out of one file into an empty store of either kind.

A backup is taken beside everything else, from one state of the store. A restore reads the whole
file and compares it with its manifest before it writes a row; whatever was erased since the backup
was made never reaches the new store.
"""

from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import NamedTuple

from sla_engine import __version__
from sla_engine.errors import refuse, register
from sla_engine.petition.subject import SubjectErased
from sla_engine.record import ENGINE, Draft, Instant, Meta
from sla_engine.serving.archive import (
    FORMAT,
    ArchiveReader,
    ArchiveWriter,
    Chain,
    Manifest,
    Progress,
    Row,
    Sum,
)
from sla_engine.store import portable
from sla_engine.store.application import PetitionLog
from sla_engine.store.erasures import Erasure, ErasureRegister
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant

RESTORE_DIFFERS = register(
    "RESTORE_DIFFERS",
    "恢复后的事件与备份不一致（{found}，备份为{allowed}）",
    "the events restored are not those of the backup ({found}, the backup has {allowed})",
    "不要使用恢复出的数据库",
    "do not use the store that was restored",
)
ERASURES_UNKNOWN = register(
    "ERASURES_UNKNOWN",
    "找不到删除登记簿{found}，无法重放备份之后的删除",
    "there is no register of erasures {found}, so later erasures cannot be repeated",
    "用 --erasures 指明；确实没有删除过，用 --no-erasures",
    "name it with --erasures, or say --no-erasures if nothing was ever erased",
)
BACKUP_EXISTS = register(
    "BACKUP_EXISTS",
    "{found} 已存在，不会覆盖",
    "{found} is already there and is not overwritten",
    "每次备份用新的文件名",
    "give every backup a name of its own",
)


class Restored(NamedTuple):
    """What a restore came to. `erased`: subjects whose data was left out."""

    manifest: Manifest
    erased: int


def back_up(log: PetitionLog, to: Path, now: Instant, progress: Progress) -> Manifest:
    """Write the log as it is now into the new file `to`. Raises `BACKUP_EXISTS`."""
    if to.exists():
        raise refuse(BACKUP_EXISTS, "", str(to))
    with portable.read(log) as source, ArchiveWriter(to) as archive:
        chain, head = Chain(), _Head()
        for member in portable.MEMBERS:
            rows = source.rows(member)
            if member.name == portable.EVENTS:
                rows = _watched(rows, chain, head)
            archive.member(member.name, rows, progress)

        def manifest(members: dict[str, Sum]) -> Manifest:
            return Manifest(
                format=FORMAT,
                release=__version__,
                schema=source.one("SELECT max(version) FROM schema_version"),
                store=source.kind,
                taken_at=format_instant(now),
                head=head.position,
                chain=chain.value,
                members=members,
            )

        return archive.finish(manifest)


def restore(
    path: Path, log: PetitionLog, erased: Iterable[Erasure], progress: Progress
) -> Restored:
    """Fill an empty store from a backup; the personal data of whoever is
    in `erased` stays out. Raises `TARGET_NOT_EMPTY`, `ARCHIVE_*` and `RESTORE_DIFFERS`."""
    gone = {erasure.subject for erasure in erased}
    left_out: set[str] = set()
    with ArchiveReader(path) as archive:
        archive.check(progress)
        with portable.write(log) as target:
            for member in portable.MEMBERS:
                rows = _counted(archive.rows(member.name), progress)
                portable.fill(target, member, _without(gone, left_out, member.name, rows))
        _compare(log, archive.manifest)
        return Restored(archive.manifest, len(left_out))


def record_erasures(engine: Engine, erased: Iterable[Erasure]) -> int:
    """Record what the log does not know of: erasures made after the backup; returns how many."""
    count = 0
    for erasure in erased:
        stream = f"subject/{erasure.subject}"
        with engine.log.transact() as tx:
            known = tx.load(stream)
            if any(isinstance(each.event, SubjectErased) for each in known):
                continue
            tx.erase(erasure.subject)
            meta = Meta(occurred_at=erasure.at, recorded_at=engine.clock.now(), source=ENGINE)
            tx.append(stream, len(known), [Draft(meta, SubjectErased(*_said(erasure)))])
        count += 1
    return count


def carry_register(erased: Iterable[Erasure], register: ErasureRegister) -> None:
    """What was erased once stays erased in the next restore too."""
    known = {erasure.subject for erasure in register.all()}
    for erasure in erased:
        if erasure.subject not in known:
            register.add(erasure)


def _said(erasure: Erasure) -> tuple[str, str]:
    return erasure.subject, erasure.ground


class _Head:
    position = 0


def _watched(rows: Iterable[Row], chain: Chain, head: _Head) -> Iterator[Row]:
    for row in rows:
        chain.add(row)
        head.position = row[2]
        yield row


def _counted(rows: Iterable[Row], progress: Progress) -> Iterator[Row]:
    for row in rows:
        progress(1)
        yield row


def _without(gone: Set[str], left_out: set[str], member: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of a member; of a subject that was erased no secret and no field."""
    for row in rows:
        if member == portable.PERSONAL and row[0] in gone:
            continue
        if member == portable.SUBJECTS and row[0] in gone and not row[1]:
            left_out.add(row[0])
            yield (row[0], 1, b"")
            continue
        yield row


def _compare(log: PetitionLog, manifest: Manifest) -> None:
    chain, head = Chain(), _Head()
    with portable.read(log) as source:
        for _ in _watched(source.rows(portable.MEMBERS[0]), chain, head):
            pass
    found = f"{head.position} {chain.value}"
    if found != (expected := f"{manifest.head} {manifest.chain}"):
        raise refuse(RESTORE_DIFFERS, "", found, expected)
