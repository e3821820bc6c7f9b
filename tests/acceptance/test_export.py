"""A log goes out in every format and comes back as the log it was."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import scenarios
from scenarios.reader import read_file
from scenarios.rules import rulebook
from scenarios.runner import stage
from sla_engine.clock import VirtualClock
from sla_engine.errors import Refusal
from sla_engine.exporting.manifest import Manifest, Selection
from sla_engine.exporting.run import Format, export, read_back
from sla_engine.importing.load import load_mapping
from sla_engine.importing.run import import_file
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.service.intake import parse
from sla_engine.serving.backup import back_up
from sla_engine.settings import Settings
from sla_engine.store.application import open_store
from sla_engine.wiring import Engine
from tests.support.exported import ALL
from tests.support.given import SHIPPED, instant, to
from tests.support.shell import PACK, Shell, fact, life

LIBRARY = Path(scenarios.__path__[0]) / "library"
PLAYED = (
    "demo-zaozhuang-mingguang",
    "mingguang-reconciliation",
    "calendar-revision",
    "merge-of-duplicates",
    "list-strike-off",
    "routing-by-roster",
    "dispute-rejected-then-appealed",
)
"""Between them every kind of dossier, merged petitions and terms re-fixed."""
NOW = "2026-10-20 12:00"


def nothing(_count: int) -> None:
    pass


@contextmanager
def opened(
    store: Path | str, now: Instant | None = None, rules: Rulebook = SHIPPED
) -> Iterator[Engine]:
    clock = VirtualClock(instant(NOW) if now is None else now)
    with Engine(open_store(str(store)), clock, Settings(), rules) as engine:
        engine.store = str(store)
        yield engine


def exported(engine: Engine, to: Path, form: Format) -> Manifest:
    now = engine.clock.now()
    return export(
        engine.log, engine.rules, to, form, selection=Selection(), now=now, progress=nothing
    )


@pytest.fixture(scope="module", params=PLAYED)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Rulebook]:
    """The store of a scenario, and the rules it was played by."""
    store = tmp_path_factory.mktemp("played") / f"{request.param}.sqlite"
    script = read_file(LIBRARY / f"{request.param}.toml")
    with stage(script, store) as play:
        assert play.run().passed
    return store, rulebook(script)


def test_a_log_of_every_kind_comes_back_from_every_format(
    played: tuple[Path, Rulebook], tmp_path: Path
) -> None:
    store, rules = played
    with opened(store, rules=rules) as engine:
        before = [Recorded(*each) for each in engine.log.scan()]
        engine.follow()
        verified, now = engine.verify(), engine.clock.now()
        chain = back_up(engine.log, tmp_path / "b.zip", now, nothing).chain
        manifests = [exported(engine, tmp_path / f"log.{form}", form) for form in ALL]
    assert {each.chain for each in manifests} == {chain}
    for form in ALL:
        again = tmp_path / f"{form}.sqlite"
        with opened(again, rules=rules) as engine:
            assert read_back(tmp_path / f"log.{form}", engine.log, nothing).manifest.chain == chain
        with opened(again, rules=rules) as engine:
            engine.follow()
            assert [Recorded(*each) for each in engine.log.scan()] == before, form
            assert engine.verify() == verified
            assert verified.identical


# --------------------------------------------------------------------------------- a log lives on

ERASED = "citizen-1"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two petitions with personal data, of which one was erased."""
    store = tmp_path_factory.mktemp("city") / "city.sqlite"
    personal = {"name": "欧阳锋刃", "phone": "13812345678"}
    with opened(store, instant("2024-09-13 08:00")) as engine:
        assert isinstance(engine.clock, VirtualClock)
        engine.clock.set(instant("2024-09-13 09:30"))
        for no, subject in (("ZZ1", ERASED), ("ZZ2", "citizen-2")):
            first, *rest = life(no)[:4]
            facts = [{**first, "petitioner": subject, "personal": personal}, *rest]
            assert {each.status for each in engine.take([parse(one) for one in facts])} == {
                "recorded"
            }
        to(engine, "2024-10-20 12:00")
        engine.erase(ERASED, "本人申请")
        engine.follow()
    return store


@pytest.mark.parametrize("form", ALL)
def test_no_export_holds_personal_data(form: Format, city: Path, tmp_path: Path) -> None:
    with opened(city) as engine:
        exported(engine, tmp_path / "log", form)
    for word in ("欧阳锋刃", "13812345678"):
        assert word.encode() not in (tmp_path / "log").read_bytes()


def test_a_log_goes_into_postgresql_and_out_again(
    city: Path, database: str, tmp_path: Path
) -> None:
    with opened(city) as engine:
        chain = exported(engine, tmp_path / "log.xes", Format.XES).chain
    with opened(database) as engine:
        read_back(tmp_path / "log.xes", engine.log, nothing)
    with opened(database) as engine:
        engine.follow()
        assert exported(engine, tmp_path / "log.ocel", Format.OCEL).chain == chain
        assert engine.verify().identical


def test_whoever_was_erased_stays_erased_and_the_log_goes_on(city: Path, tmp_path: Path) -> None:
    with opened(city) as engine:
        exported(engine, tmp_path / "log.csv", Format.CSV)
    with opened(tmp_path / "new.sqlite") as engine:
        done = read_back(tmp_path / "log.csv", engine.log, nothing)
    assert [each.subject for each in done.erased] == [ERASED]
    with opened(tmp_path / "new.sqlite") as engine:
        with pytest.raises(Refusal) as caught, engine.log.transact() as tx:
            tx.secret(ERASED)
        assert caught.value.code == "SUBJECT_ERASED"
        head = engine.log.head()
        sent = [*life("ZZ2")[1:3], fact("ZZ2", "resolved", "ZZ2-9", "2024-10-20T11:00:00+08:00")]
        outcomes = engine.take([parse(each) for each in sent])
        assert [each.status for each in outcomes] == ["repeated", "repeated", "recorded"]
        assert engine.log.follow(head, 1)[0].position == head + 1
        assert engine.verify().identical


@pytest.mark.parametrize("form", ALL)
def test_what_was_changed_on_the_way_leaves_the_store_empty(
    form: Format, city: Path, tmp_path: Path
) -> None:
    with opened(city) as engine:
        exported(engine, tmp_path / "log", form)
    data = bytearray((tmp_path / "log").read_bytes())
    place = data.index(b"citizen-2") if form is not Format.PARQUET else len(data) // 2
    data[place] ^= 1
    (tmp_path / "log").write_bytes(data)
    with opened(tmp_path / "new.sqlite") as engine:
        with pytest.raises(Refusal) as caught:
            read_back(tmp_path / "log", engine.log, nothing)
        assert caught.value.code in {"EXPORT_DAMAGED", "EXPORT_UNREADABLE"}
        assert engine.log.head() == 0


def test_a_log_that_is_another_than_its_manifest_says_is_not_kept(
    city: Path, tmp_path: Path
) -> None:
    with opened(city) as engine:
        chain = exported(engine, tmp_path / "log", Format.XES).chain
    text = (tmp_path / "log").read_text("utf-8").replace(chain, "0" * 64)
    (tmp_path / "log").write_text(text, "utf-8")
    with opened(tmp_path / "new.sqlite") as engine:
        with pytest.raises(Refusal) as caught:
            read_back(tmp_path / "log", engine.log, nothing)
        assert caught.value.code == "EXPORT_DIFFERS"
        assert engine.log.head() == 0


# ----------------------------------------------------------------------------- as a foreign log

MAPPING = f"""
[log]
name = "again"
title = {{ zh = "再导入", en = "again" }}
source = "hotline"
format = "xes"
zone = "Asia/Shanghai"
pack = "{PACK}"

[times.at]
column = "time:timestamp"

[petition]
no = {{ column = "sla:id" }}
at = "at"
kind = {{ column = "data:kind" }}
region = {{ column = "data:region" }}
subject = {{ column = "data:subject" }}
""" + "".join(
    f"""
[[fact]]
name = "{name}"
type = "{name}"
each = "event"
at = "at"
when = {{ column = "concept:name", is = ["{name}"] }}
id = {{ column = "sla:key" }}
{data}
"""
    for name, data in {
        "admitted": "",
        "dispatched": 'data = { unit = { column = "data:unit" }, assignment = '
        '{ column = "data:assignment" } }',
        "accepted": "",
    }.items()
)


def test_our_own_importer_finds_the_same_petitions_in_it(city: Path, tmp_path: Path) -> None:
    only = Selection(kinds=frozenset({"petition"}))
    with opened(city) as engine:
        now, path = engine.clock.now(), tmp_path / "log.xes"
        export(
            engine.log, engine.rules, path, Format.XES, selection=only, now=now, progress=nothing
        )
        before = {no: petition(engine, no) for no in ("ZZ1", "ZZ2")}
    (tmp_path / "again.toml").write_text(MAPPING, "utf-8")
    bound = load_mapping(tmp_path / "again.toml")
    with opened(tmp_path / "again.sqlite") as engine:
        report = import_file(engine, path, bound)
        assert (report.refused, report.assessed) == (0, 2)
        assert {no: petition(engine, no) for no in ("ZZ1", "ZZ2")} == before


def petition(engine: Engine, no: str) -> list[object]:
    """What happened to a petition, and how its clocks stand."""
    assessment = engine.assess(f"petition/{no}")
    facts = [(type(e.event).NAME, e.meta.occurred_at) for e in assessment.dossier.facts]
    clocks = [(r.key, r.state, r.due, r.unit) for r in assessment.readings]
    return [facts, clocks]


# --------------------------------------------------------------------------------- by the program


@pytest.fixture
def shell(city: Path) -> Shell:
    return Shell(city)


def test_the_program_exports_and_makes_a_store_of_it(shell: Shell, tmp_path: Path) -> None:
    out, new = tmp_path / "log.xes.gz", tmp_path / "new.sqlite"
    told = shell("export", "xes", out, "--json").document
    assert told["file"] == str(out)
    assert gzip.decompress(out.read_bytes()).startswith(b"<?xml")
    back = shell("import", out, "--exact", "--store", new, "--json").document
    assert back["manifest"] == told["manifest"]
    assert back["identical"] is True
    assert back["erased"] == 1
    assert new.with_name("new.sqlite.erasures").read_text("utf-8").count(ERASED) == 1
    assert shell("verify", "--store", new).status == 0
    again = shell("import", out, "--exact", "--store", new, "--json")
    assert (again.status, again.codes) == (3, ["TARGET_NOT_EMPTY"])
    assert shell("export", "xes", out, "--json").codes == ["EXPORT_EXISTS"]


def test_people_are_told_what_became_of_it(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "log.parquet"
    answer = shell("export", "parquet", out)
    assert "已导出 · exported" in answer.out
    assert "全部 whole" in answer.out
    back = shell("import", out, "--exact", "--store", tmp_path / "new.sqlite")
    assert "一致 identical" in back.out


def test_a_part_is_for_looking_at(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "log.json"
    told = shell(
        "export", "ocel", out, "--petition", "ZZ2", "--since", "2024-09-13T09:00:00+08:00",
        "--until", "2024-09-14T00:00:00+08:00", "--json",
    ).document["manifest"]  # fmt: skip
    assert told["selection"] == {
        "since": "2024-09-13T09:00:00+08:00", "until": "2024-09-14T00:00:00+08:00",
        "dossiers": "petition/ZZ2",
    }  # fmt: skip
    assert told["events"] == len(json.loads(out.read_text("utf-8"))["events"])
    new = tmp_path / "new.sqlite"
    assert shell("import", out, "--exact", "--store", new, "--json").codes == ["EXPORT_PARTIAL"]
    assert not new.exists()


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["--petition", "ZZ404"], 1, "UNKNOWN_DOSSIER"),
        (["--kind", "petitions"], 2, "EXPORT_KIND"),
        (["--since", "2024"], 2, "TIME_FORMAT"),
        (["--since", "2100-01-01T00:00:00+08:00"], 1, "EXPORT_NOTHING"),
        (["--wide"], 2, "EXPORT_WIDE"),
    ],
)
def test_a_selection_that_cannot_be_is_refused(
    words: list[str], status: int, code: str, shell: Shell, tmp_path: Path
) -> None:
    answer = shell("export", "xes", tmp_path / "log", *words, "--json")
    assert (answer.status, answer.codes) == (status, [code])
    assert list(tmp_path.iterdir()) == []


def test_import_says_which_of_two_ways_is_meant(shell: Shell, tmp_path: Path) -> None:
    answer = shell("import", tmp_path / "x", "--json")
    assert (answer.status, answer.codes) == (2, ["IMPORT_HOW"])
    answer = shell("import", tmp_path / "x", "--exact", "--json")
    assert (answer.status, answer.codes) == (3, ["STORE_UNUSABLE"])
