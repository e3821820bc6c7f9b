"""A log goes through a backup into another store, of the same kind or not, and is the same log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.errors import Refusal
from sla_engine.projection import DeadLetter
from sla_engine.record import Recorded
from sla_engine.service.intake import parse
from sla_engine.serving import backup
from sla_engine.serving.archive import ArchiveReader, Manifest
from sla_engine.settings import Settings
from sla_engine.store import portable
from sla_engine.store.application import PetitionLog, open_store
from sla_engine.store.erasures import Erasure, ErasureRegister
from sla_engine.wiring import Engine
from tests.support.given import SHIPPED, instant, to
from tests.support.shell import Shell, fact, life

NAME, PHONE = "欧阳锋刃", "13812345678"
ERASED, LATER, KEPT = "citizen-1", "citizen-2", "citizen-3"
NOW = "2024-10-20 12:00"

Stores = Callable[[str], str]


@pytest.fixture
def stores(tmp_path: Path, request: pytest.FixtureRequest) -> Stores:
    """A fresh store of a kind."""

    def fresh(kind: str) -> str:
        if kind == "sqlite":
            return str(tmp_path / "fresh.sqlite")
        address: str = request.getfixturevalue("database")
        return address

    return fresh


@contextmanager
def opened(store: str) -> Iterator[Engine]:
    with Engine(open_store(store), VirtualClock(instant(NOW)), Settings(), SHIPPED) as engine:
        yield engine


def registered(no: str, subject: str) -> dict[str, Any]:
    personal = {"name": f"{NAME} {subject}", "phone": PHONE}
    return {**life(no)[0], "petitioner": subject, "personal": personal}


def fill(store: str) -> None:
    """A store with acts, talks, an erasure, a dead letter and somebody's memory."""
    start = VirtualClock(instant("2024-09-13 08:00"))
    with Engine(open_store(store), start, Settings(), SHIPPED) as engine:
        start.set(instant("2024-09-13 09:30"))
        for no, subject in (("ZZ1", ERASED), ("ZZ2", LATER), ("ZZ3", KEPT)):
            facts = [registered(no, subject), *life(no)[1:4]]
            outcomes = engine.take([parse(each) for each in facts])
            assert [each.status for each in outcomes] == ["recorded"] * 4
        to(engine, NOW)
        engine.erase(ERASED, "本人申请")
        with engine.log.transact() as tx:
            tx.remember("delivery/x", {"state": b"\x00\xff"})
            tx.advance("delivery/x", 7)
            tx.bury(DeadLetter("delivery/x", 5, "petition/ZZ1", 2, "ODD"))
        engine.follow()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> str:
    store = str(tmp_path_factory.mktemp("city") / "city.sqlite")
    fill(store)
    return store


def taken(store: str, path: Path) -> Manifest:
    with opened(store) as engine:
        return backup.back_up(engine.log, path, engine.clock.now(), lambda _: None)


def restored(path: Path, store: str, *erased: Erasure) -> backup.Restored:
    with opened(store) as engine:
        done = backup.restore(path, engine.log, erased, lambda _: None)
    with opened(store) as engine:
        backup.record_erasures(engine, erased)
        engine.follow()
    return done


def content(log: PetitionLog) -> dict[str, object]:
    """Everything that must not change on the way, and what is derived from it."""
    return {
        "events": [Recorded(*each) for each in log.scan()],
        "alarms": sorted(each[:1] + each[1][:12] for each in log.alarms()),
        "personal": {who: log.personal(who) for who in (ERASED, LATER, KEPT)},
        "position": (log.position("reactor"), log.position("delivery/x")),
        "memory": (log.memory("reactor"), log.memory("delivery/x")),
        "letters": list(log.dead_letters("delivery/x")),
        "cards": dict(log.table("petition_card", 1)),
    }


# ------------------------------------------------------------------------------------ the same log


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_restored_log_is_the_log(kind: str, city: str, stores: Stores, tmp_path: Path) -> None:
    manifest = taken(city, tmp_path / "b.zip")
    done = restored(tmp_path / "b.zip", target := stores(kind))
    assert (done.manifest, done.erased) == (manifest, 0)
    with opened(city) as before, opened(target) as after:
        assert content(after.log) == content(before.log)
        assert after.verify() == before.verify()
        assert after.verify().identical
        assert after.next_alarm() == before.next_alarm()


def test_a_log_goes_to_postgresql_and_back(city: str, database: str, tmp_path: Path) -> None:
    first = taken(city, tmp_path / "first.zip")
    restored(tmp_path / "first.zip", database)
    second = taken(database, tmp_path / "second.zip")
    restored(tmp_path / "second.zip", back := str(tmp_path / "back.sqlite"))
    third = taken(back, tmp_path / "third.zip")
    assert {each.chain for each in (first, second, third)} == {first.chain}
    assert first.members == second.members == third.members
    assert (first.store, second.store) == ("sqlite", "postgresql")


def test_a_restored_log_goes_on(city: str, database: str, tmp_path: Path) -> None:
    taken(city, tmp_path / "b.zip")
    restored(tmp_path / "b.zip", database)
    with opened(database) as engine:
        head = engine.log.head()
        sent = [*life("ZZ3")[:1], fact("ZZ3", "resolved", "ZZ3-5", "2024-10-20T11:00:00+08:00")]
        again = registered("ZZ3", KEPT)
        outcomes = engine.take([parse(each) for each in (again, sent[1], *life("ZZ9")[:1])])
        assert [each.status for each in outcomes] == ["repeated", "recorded", "recorded"]
        assert [each.position for each in engine.log.follow(head, 2)] == [head + 1, head + 2]
        assert engine.verify().identical


def test_every_table_travels_or_is_made_again(city: str, database: str) -> None:
    known = {member.table for member in portable.MEMBERS} | portable.DERIVED
    with opened(city) as engine, portable.read(engine.log) as source:
        names = "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table'"
        sqlite = {name for name in source.one(names).split(",") if not name.startswith("sqlite_")}
    with opened(database) as engine, portable.read(engine.log) as source:
        postgres = set(
            source.one(
                "SELECT string_agg(table_name, ',') FROM information_schema.tables "
                "WHERE table_schema = current_schema"
            ).split(",")
        )
    assert sqlite | postgres == known


def test_a_backup_is_of_one_instant(city: str, tmp_path: Path) -> None:
    """What is recorded while a backup is under way is not in it, not even in part."""
    taken(city, tmp_path / "seed.zip")
    restored(tmp_path / "seed.zip", store := str(tmp_path / "busy.sqlite"))
    with opened(store) as engine, opened(store) as other:
        first = engine.log.head()

        facts = life("ZZ8")

        def meanwhile(_: int) -> None:
            if facts:
                other.take([parse(facts.pop(0))])

        manifest = backup.back_up(engine.log, tmp_path / "b.zip", 0, meanwhile)
        assert other.log.head() > first
    assert (manifest.head, manifest.events) == (first, first)


# --------------------------------------------------------------------------------------- erasures


def bytes_of(store: str) -> bytes:
    return b"".join(path.read_bytes() for path in Path(store).parent.glob(Path(store).name + "*"))


def test_what_was_erased_since_stays_out_of_the_restored_store(city: str, tmp_path: Path) -> None:
    taken(city, tmp_path / "b.zip")
    erasures = [Erasure(ERASED, 1), Erasure(LATER, instant(NOW) - 60_000_000, "后来申请")]
    (tmp_path / "new").mkdir()
    done = restored(tmp_path / "b.zip", store := str(tmp_path / "new" / "log.sqlite"), *erasures)
    assert done.erased == 1
    with opened(store) as engine:
        assert [engine.log.personal(who) for who in (ERASED, LATER)] == [{}, {}]
        assert engine.log.personal(KEPT)["phone"] == PHONE
        (recorded,) = engine.events(f"subject/{LATER}")
        assert recorded.meta.occurred_at == instant(NOW) - 60_000_000
        assert len(engine.events(f"subject/{ERASED}")) == 1
        assert engine.verify().identical
        with pytest.raises(Refusal, match="erased"), engine.log.transact() as tx:
            tx.secret(LATER)
    found = bytes_of(store)
    assert f"{NAME} {KEPT}".encode() in found
    assert f"{NAME} {LATER}".encode() not in found


def test_an_erasure_is_repeated_once_only(city: str, tmp_path: Path) -> None:
    taken(city, tmp_path / "b.zip")
    erased = Erasure(LATER, 1)
    restored(tmp_path / "b.zip", store := str(tmp_path / "new.sqlite"), erased)
    with opened(store) as engine:
        assert backup.record_erasures(engine, [erased]) == 0


def test_a_register_goes_along_so_that_the_next_restore_knows_it(tmp_path: Path) -> None:
    new = ErasureRegister(tmp_path / "new.erasures")
    new.add(Erasure("b", 2))
    backup.carry_register([Erasure("a", 1), Erasure("b", 2)], new)
    backup.carry_register([Erasure("a", 1), Erasure("b", 2)], new)
    assert [each.subject for each in new.all()] == ["b", "a"]


# ---------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_store_that_holds_anything_is_left_alone(
    kind: str, city: str, stores: Stores, tmp_path: Path
) -> None:
    taken(city, tmp_path / "b.zip")
    with opened(store := stores(kind)) as engine:
        engine.erase("nobody", "")
        before = list(engine.log.scan())
    with pytest.raises(Refusal) as refused:
        restored(tmp_path / "b.zip", store)
    assert refused.value.code == "TARGET_NOT_EMPTY"
    with opened(store) as engine:
        assert list(engine.log.scan()) == before


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_restore_that_breaks_off_leaves_the_store_empty(
    kind: str, city: str, stores: Stores, tmp_path: Path
) -> None:
    manifest = taken(city, tmp_path / "b.zip")
    # Not in the check of the archive, but when half of the rows are in.
    steps = 2 * sum(member.rows for member in manifest.members.values()) - 3
    told = 0

    def breaks(rows: int) -> None:
        nonlocal told
        told += rows
        if told > steps:
            raise KeyboardInterrupt

    with opened(store := stores(kind)) as engine, pytest.raises(KeyboardInterrupt):
        backup.restore(tmp_path / "b.zip", engine.log, (), breaks)
    restored(tmp_path / "b.zip", store)


def test_a_damaged_backup_writes_nothing(city: str, tmp_path: Path) -> None:
    taken(city, tmp_path / "b.zip")
    data = bytearray((tmp_path / "b.zip").read_bytes())
    data[500] ^= 1
    (tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(Refusal) as refused:
        restored(tmp_path / "b.zip", store := str(tmp_path / "new.sqlite"))
    assert refused.value.code == "ARCHIVE_DAMAGED"
    with opened(store) as engine:
        assert engine.log.head() == 0


def test_a_backup_never_overwrites_another(city: str, tmp_path: Path) -> None:
    taken(city, tmp_path / "b.zip")
    before = (tmp_path / "b.zip").read_bytes()
    with pytest.raises(Refusal) as refused:
        taken(city, tmp_path / "b.zip")
    assert refused.value.code == "BACKUP_EXISTS"
    assert (tmp_path / "b.zip").read_bytes() == before


def test_the_manifest_says_what_the_backup_comes_to(city: str, tmp_path: Path) -> None:
    manifest = taken(city, tmp_path / "b.zip")
    with opened(city) as engine, ArchiveReader(tmp_path / "b.zip") as archive:
        assert archive.manifest == manifest
        assert manifest.events == manifest.head == engine.log.head()
        assert [row[:3] for row in archive.rows("events")] == [
            (each.stream, each.version, each.position) for each in engine.log.scan()
        ]
    assert manifest.members["subjects"].rows == 3


# ------------------------------------------------------------------------------ on the command line


@pytest.fixture
def shell(city: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The city's store, restored to be changed."""
    monkeypatch.chdir(tmp_path)
    taken(city, tmp_path / "city.zip")
    restored(tmp_path / "city.zip", store := str(tmp_path / "city.sqlite"))
    return Shell(Path(store))


def test_a_backup_and_its_restore_on_the_command_line(shell: Shell, tmp_path: Path) -> None:
    made = shell("backup", "b.zip", "--json").document
    assert made["bytes"] == (tmp_path / "b.zip").stat().st_size
    new = ("restore", "b.zip", "--store", "new.sqlite", "--json")
    unknown = shell(*new)
    assert (unknown.status, unknown.codes) == (3, ["ERASURES_UNKNOWN"])
    assert not (tmp_path / "new.sqlite").exists()
    done = shell(*new, "--no-erasures")
    assert done.status == 0
    assert (done.document["identical"], done.document["manifest"]) == (True, made["manifest"])
    again = shell(*new, "--no-erasures")
    assert (again.status, again.codes) == (3, ["TARGET_NOT_EMPTY"])
    assert "new.sqlite" in again.err
    missing = shell("restore", "gone.zip", "--store", "c", "--no-erasures", "--json")
    assert (missing.status, missing.codes) == (3, ["ARCHIVE_UNREADABLE"])
    assert "identical" in shell("restore", "b.zip", "--store", "b", "--no-erasures").out


def test_an_erasure_follows_the_data_into_every_restore(shell: Shell, tmp_path: Path) -> None:
    assert shell("backup", "old.zip").status == 0
    assert shell("petition", "erase", "ZZ2", "--ground", "本人申请", "--yes").status == 0
    assert f"{NAME} {LATER}".encode() not in bytes_of(str(shell.store))
    restore = ("restore", "old.zip", "--json", "--store")
    first = shell(*restore, "first.sqlite", "--erasures", "city.sqlite.erasures")
    assert (first.status, first.document["left_out"]) == (0, 1)
    # The register has come along, so that the new store can be lost as well.
    (tmp_path / "first.sqlite").rename(tmp_path / "lost.sqlite")
    second = shell(*restore, "first.sqlite")
    assert (second.status, second.document["left_out"]) == (0, 1)
    for store in ("lost.sqlite", "first.sqlite"):
        found = bytes_of(str(tmp_path / store))
        assert f"{NAME} {LATER}".encode() not in found
        assert f"{NAME} {KEPT}".encode() in found


def test_without_a_register_nothing_is_erased(database: str, tmp_path: Path) -> None:
    with (
        Engine.open(database, VirtualClock(instant(NOW)), Settings(), SHIPPED) as engine,
        pytest.raises(Refusal) as refused,
    ):
        engine.erase("citizen-9", "")
    assert refused.value.code == "REGISTER_UNNAMED"
    named = Settings(erasures=str(tmp_path / "kept"))
    with Engine.open(database, VirtualClock(instant(NOW)), named, SHIPPED) as engine:
        engine.erase("citizen-9", "")
        assert [each.subject for each in engine.erasures.all()] == ["citizen-9"]


def test_an_erasure_that_cannot_be_registered_is_not_made(city: str, tmp_path: Path) -> None:
    taken(city, tmp_path / "b.zip")
    restored(tmp_path / "b.zip", store := str(tmp_path / "new.sqlite"))
    nowhere = Settings(erasures=str(tmp_path / "missing" / "register"))
    with Engine.open(store, VirtualClock(instant(NOW)), nowhere, SHIPPED) as engine:
        with pytest.raises(OSError, match="missing"):
            engine.erase(KEPT, "")
        assert engine.log.personal(KEPT)
