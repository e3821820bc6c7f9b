"""`calendar`, `policy`, `scenario` and `compute`: the rules seen, checked, compared and loaded."""

import json
from datetime import date, timedelta
from itertools import chain
from pathlib import Path

import pytest

from sla_engine.catalog import load_rulebook
from sla_engine.clock import SystemClock
from sla_engine.policy.rulebook import Rulebook
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant
from tests.support.given import SHIPPED
from tests.support.shell import ROOT, TRAITS, Shell, fact

PACK = ROOT / "sla_engine" / "data" / "policies" / "zaozhuang-2110" / "2024-08.toml"
NOTICE = ROOT / "sla_engine" / "data" / "calendars" / "cn" / "2026.toml"

NEW_YEAR = """
title = "关于2027年部分节假日安排的通知（演练）"
number = "演练〔2026〕1号"
region = "CN"
issued = 2026-11-20
published = 2026-11-20
covers = [2027]
verified = false
source = "演练"

[[holiday]]
name = "元旦"
off = ["2027-01-01..2027-01-03"]
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("rules") / "none.sqlite")


def test_a_year_shows_days_off_makeup_days_and_their_notice(shell: Shell) -> None:
    out = shell("calendar", "show", "2024").out
    for text in ("工作日 working days 251", "调休上班", "中秋节", "国办发明电〔2023〕7号", "9月"):
        assert text in out
    year = shell("calendar", "show", "2024", "--json").document
    makeup = {day["date"] for day in year["days"] if day["kind"] == "makeup_workday"}
    assert "2024-09-14" in makeup
    assert (year["working_days"], len(year["days"])) == (251, 366)


def test_a_year_without_a_notice_is_never_guessed_unless_asked_and_then_marked(
    shell: Shell,
) -> None:
    refused = shell("calendar", "show", "2031", "--json")
    assert (refused.status, refused.codes) == (1, ["UNPUBLISHED_YEAR"])
    asked = shell("calendar", "show", "2031", "--provisional", "--json").document
    assert asked["provisional"] is True
    assert not any(day["kind"] == "makeup_workday" for day in asked["days"])
    early = shell("calendar", "show", "2024", "--as-known", "2023-01-01T00:00:00Z", "--json")
    assert early.codes == ["UNPUBLISHED_YEAR"]


def test_every_published_year_is_sound(shell: Shell) -> None:
    checked = shell("calendar", "check", "--json")
    assert checked.status == 0
    assert checked.document["sound"] is True
    assert {2007, 2026} <= {year["year"] for year in checked.document["years"]}


def test_regions_differ_by_the_days_of_their_own(shell: Shell) -> None:
    found = shell("calendar", "diff", "CN", "CN-45", "--json").document
    names = {change["after"]["name"] for change in found["changes"]}
    assert "壮族三月三" in names
    assert "壮族三月三" in shell("calendar", "diff", "CN", "CN-45").out
    assert shell("calendar", "diff", "CN", "CN", "--json").document["changes"] == []


def test_a_notice_is_drafted_for_a_year_the_package_has_and_for_no_other(shell: Shell) -> None:
    draft = shell("calendar", "import", "--from-holidays", "2026", "--output", "2026.toml")
    assert draft.status == 0
    text = (shell.store.parent / "2026.toml").read_text(encoding="utf-8")
    assert "covers = [2026]" in text
    guessed = shell("calendar", "import", "--from-holidays", "2035", "--json")
    assert (guessed.status, guessed.codes) == (1, ["IMPORT_UNPUBLISHED"])


def test_a_notice_loaded_into_a_store_is_known_there_from_then_on(tmp_path: Path) -> None:
    shell, notice = Shell(tmp_path / "store.sqlite"), tmp_path / "2027.toml"
    notice.write_text(NEW_YEAR, encoding="utf-8")
    assert shell("init").status == 0
    loaded = shell("calendar", "load", notice, "--json")
    assert (loaded.status, loaded.document["number"]) == (0, "演练〔2026〕1号")
    assert shell("calendar", "show", "2027", "--json").document["provisional"] is False
    before = shell("calendar", "show", "2027", "--as-known", "2026-11-21T00:00:00Z", "--json")
    assert before.codes == ["UNPUBLISHED_YEAR"], "it was recorded later than that"
    again = shell("calendar", "load", notice, "--json")
    assert (again.status, again.document["refixed"]) == (0, 0), "known already"


def test_a_notice_that_cannot_be_right_is_not_loaded(tmp_path: Path) -> None:
    shell, notice = Shell(tmp_path / "store.sqlite"), tmp_path / "bad.toml"
    notice.write_text(NEW_YEAR + 'work = ["2027-01-05"]\n', encoding="utf-8")
    assert shell("init").status == 0
    answer = shell("calendar", "load", notice, "--json")
    assert (answer.status, answer.codes) == (1, ["CHECK_MAKEUP"])


def running(tmp_path: Path, pack: str = PACK.parent.name, packs: Rulebook = SHIPPED) -> Shell:
    """A store with petitions dispatched just now, of which every term is open."""
    shell = Shell(tmp_path / "store.sqlite", SLA_ENGINE_SWEEP_LIMIT="2")
    now = format_instant(SystemClock().now())
    facts = []
    for no in ("ZZ1", "ZZ2", "ZZ3", "ZZ4", "ZZ5"):
        unit = {"unit": f"U{int(no[-1]) % 2}", "assignment": "A1"}
        facts += [
            fact(no, "registered", f"{no}-1", now, data={**TRAITS, "pack": pack}),
            fact(no, "dispatched", f"{no}-2", now, data=unit),
        ]
    with Engine.open(shell.store, rules=packs) as engine:
        assert {each.status for each in engine.take(list(map(parse, facts)))} == {"recorded"}
    return shell


def holiday(tmp_path: Path) -> Path:
    """A notice of today that makes the days from tomorrow on free, for longer than any break."""
    today = date.fromisoformat(format_instant(SystemClock().now())[:10])
    begin, end = today + timedelta(days=1), today + timedelta(days=13)
    path = tmp_path / "holiday.toml"
    path.write_text(
        f'title = "演练"\nnumber = "演练1号"\nregion = "CN"\npublished = {today}\ncovers = []\n'
        f'verified = false\n[[holiday]]\nname = "演练"\noff = ["{begin}..{end}"]\n',
        encoding="utf-8",
    )
    return path


def test_a_dry_run_shows_who_moves_and_how_far_and_the_loading_then_does_so(tmp_path: Path) -> None:
    shell, notice = running(tmp_path), holiday(tmp_path)
    load = ("calendar", "load", notice, "--anyway", "--rest", "0")
    seen = shell(*load, "--dry-run").out
    foretold = shell(*load, "--dry-run", "--json").document
    # Which terms move farthest depends on the day of the week.
    farthest = {(each["stream"].split("/")[1], each["clause"]) for each in foretold["examples"]}
    assert len(farthest) >= 5
    for text in ("试算 dry run", "未写入任何内容", "延后", "U0", *chain.from_iterable(farthest)):
        assert text in seen
    assert (foretold["open"], foretold["moved"], foretold["kinds"]) == (5, 5, {"petition": 5})
    assert [unit["unit"] for unit in foretold["units"]] == ["U1", "U0"]
    assert foretold["later"] == foretold["terms"] >= 5
    assert foretold["longest_later_s"] >= 86_400
    assert all(each["new_due"] > each["old_due"] for each in foretold["examples"])
    loaded = shell(*load, "--json")
    assert (loaded.document["refixed"], loaded.err) == (foretold["terms"], "")


def test_a_campaign_is_listed_and_gone_on_with_and_tells_how_far_it_has_come(
    tmp_path: Path,
) -> None:
    shell, notice = running(tmp_path), holiday(tmp_path)
    with Engine.open(shell.store, settings=Settings(sweep_limit=2), rules=SHIPPED) as engine:
        engine.campaigns.step(engine.campaigns.load_notice(notice.read_text(encoding="utf-8")))
    (begun,) = shell("campaign", "list", "--json").lines
    assert (begun["finished_at"], begun["dossiers"], begun["open"]) == (None, 2, 5)
    continued = shell("campaign", "continue", "--every", "1", "--rest", "1100")
    assert begun["id"] in continued.out
    assert f"{begun['id']}  99%  案卷 dossiers 5/5" in continued.err
    shown = shell("campaign", "show", begun["id"]).out
    for text in (begun["id"], "演练1号", "5 / 5", "延后 later"):
        assert text in shown
    assert shell("campaign", "continue", "--json").lines == []
    unknown = shell("campaign", "show", "notice-0", "--json")
    assert (unknown.status, unknown.codes) == (1, ["CAMPAIGN_UNKNOWN"])


def test_a_store_needs_the_folder_no_longer_once_a_pack_is_activated(tmp_path: Path) -> None:
    folder = tmp_path / "packs" / "our-town"
    folder.mkdir(parents=True)
    file, text = folder / "2024-08.toml", PACK.read_text(encoding="utf-8")
    file.write_text(text.replace('"zaozhuang-2110"', '"our-town"'), encoding="utf-8")
    shell = running(tmp_path, "our-town", load_rulebook([folder.parent]))
    assert shell("petition", "show", "ZZ1", "--json").codes == ["RULES_CHANGED"]
    foretold = shell("policy", "activate", file, "--dry-run").out
    for words in ("our-town 2024-08：在办 open 5", "已起算的时钟不变", "有变动 moved 0"):
        assert words in foretold
    loaded = shell("policy", "activate", file, "--json", "--rest", "0")
    assert (loaded.status, loaded.document["number"]) == (0, "our-town 2024-08")
    file.unlink()
    assert shell("petition", "show", "ZZ1", "--json").status == 0
    packs = shell("policy", "list", "--json").document
    (edition,) = (pack for pack in packs if pack["name"] == "our-town")
    assert edition["known_since"].startswith("2024-08-01"), "used before it was loaded"
    assert "“our-town”" in shell("policy", "diff", PACK, "our-town/2024-08").out


def test_a_pack_of_a_folder_that_the_store_overrules_is_refused_and_not_passed_over(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "packs" / "ours"
    folder.mkdir(parents=True)
    text = PACK.read_text("utf-8").replace('name = "zaozhuang-2110"', 'name = "ours"')
    (folder / "1.toml").write_text(text.replace('edition = "2024-08"', 'edition = "1"'), "utf-8")
    shell = Shell(tmp_path / "store.sqlite", SLA_ENGINE_PACKS=str(folder.parent))
    assert shell("init").status == 0
    assert shell("policy", "activate", folder / "1.toml", "--rest", "0").status == 0
    assert shell("worklist", "--json").status == 0
    changed = (folder / "1.toml").read_text("utf-8").replace("10个工作日", "8个工作日")
    (folder / "1.toml").write_text(changed, "utf-8")
    for words in (("worklist",), ("serve", "--role", "scheduler")):
        answer = shell(*words, "--json")
        assert (answer.status, answer.codes) == (1, ["PACK_OVERRULED"])
    del shell.environment["SLA_ENGINE_PACKS"]
    assert shell("worklist", "--json").status == 0


def test_a_released_edition_is_not_activated_with_another_content(tmp_path: Path) -> None:
    shell, changed = Shell(tmp_path / "store.sqlite"), tmp_path / "changed.toml"
    text = PACK.read_text(encoding="utf-8")
    changed.write_text(
        text.replace('limit = "10个工作日"', 'limit = "8个工作日"'), encoding="utf-8"
    )
    assert shell("init").status == 0
    for more in ((), ("--dry-run",)):
        answer = shell("policy", "activate", changed, "--json", *more)
        assert (answer.status, answer.codes) == (1, ["EDITION_CHANGED"])


def test_a_pack_is_shown_clause_by_clause_with_its_basis(shell: Shell) -> None:
    out = shell("policy", "show", "zaozhuang-2110").out
    for text in ("10个工作日", "派单 → 办结", "黄牌", "枣庄市“2110”响应机制", "默认值"):
        assert text in out
    clauses = shell("policy", "show", "zaozhuang-2110", "--json").document["clauses"]
    assert {"arrive", "feedback", "solve"} <= {clause["id"] for clause in clauses}
    assert all(clause["basis"] for clause in clauses)


def test_lint_tells_every_fault_of_a_pack_at_once(shell: Shell, tmp_path: Path) -> None:
    assert shell("policy", "lint").status == 0
    text = PACK.read_text(encoding="utf-8")
    pack = tmp_path / "bad.toml"
    bad = text.replace('start = "admitted"', 'start = "admited"').replace('"2小时"', '"2小時"')
    pack.write_text(bad, encoding="utf-8")
    answer = shell("policy", "lint", pack, "--json")
    assert answer.status == 1
    (faults,) = answer.document.values()
    assert len({fault["where"] for fault in faults}) > 1
    assert "admited" in shell("policy", "lint", pack).out


def test_lint_takes_a_name_a_file_or_a_folder_from_any_directory(
    shell: Shell, tmp_path: Path
) -> None:
    by_name = shell("policy", "lint", "zaozhuang-2110", "--json")
    assert by_name.status == 0
    editions = sorted(path.stem for path in PACK.parent.glob("*.toml"))
    assert list(by_name.document) == [f"zaozhuang-2110/{edition}.toml" for edition in editions]
    folder = tmp_path / "our-town"
    folder.mkdir()
    text = PACK.read_text(encoding="utf-8").replace('"zaozhuang-2110"', '"our-town"')
    for edition in ("2024-08", "2024-09"):
        (folder / f"{edition}.toml").write_text(text.replace("2024-08", edition), encoding="utf-8")
    for source in (folder, folder / "2024-09.toml"):
        assert shell("policy", "lint", source).status == 0, "one ends where the next begins"
    (folder / "2024-09.toml").write_text(
        text.replace('edition = "2024-08"', 'edition = "2024-09"'), encoding="utf-8"
    )
    for source in (folder, folder / "2024-09.toml"):
        overlapping = shell("policy", "lint", source)
        assert overlapping.status == 1
        assert "与版本 2024-08 的有效期重叠" in overlapping.out
    own = shell("policy", "lint", "our-town", "--packs", tmp_path)
    assert (own.status, "EDITIONS_OVERLAP" in own.out) == (1, True)
    assert shell("policy", "lint", "our-town", "--json").codes == ["PACK_MISSING"]


def test_a_pack_is_shown_with_the_tables_beside_its_clauses(shell: Shell) -> None:
    out = shell("policy", "show", "mingguang-three-tier").out
    for text in ("触发“", "指标“", "系列“", "清单“", "每季"):
        assert text in out
    pack = shell("policy", "show", "mingguang-three-tier", "--json").document
    assert {"board", "statement"} <= {series["form"] for series in pack["series"]}
    assert all(trigger["basis"] for trigger in pack["triggers"])
    borrowed = shell("policy", "show", "xinfang-2022", "--json").document
    assert borrowed["talks_by"] == "mingguang-three-tier"


def test_two_packs_are_compared_in_words(shell: Shell, tmp_path: Path) -> None:
    pack = tmp_path / "new.toml"
    text = PACK.read_text(encoding="utf-8")
    pack.write_text(text.replace('limit = "10个工作日"', 'limit = "8个工作日"'), encoding="utf-8")
    out = shell("policy", "diff", "zaozhuang-2110", pack).out
    assert "由“10个工作日”改为“8个工作日”" in out
    assert "没有不同" in shell("policy", "diff", PACK, PACK).out


def test_a_folder_of_packs_stands_beside_those_shipped(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "packs" / "our-town"
    folder.mkdir(parents=True)
    text = PACK.read_text(encoding="utf-8").replace('"zaozhuang-2110"', '"our-town"')
    (folder / "2024-08.toml").write_text(text, encoding="utf-8")
    packs = shell("policy", "list", "--packs", folder.parent, "--json").document
    assert {"our-town", "zaozhuang-2110"} <= {pack["name"] for pack in packs}
    absent = shell("policy", "list", "--packs", tmp_path / "none", "--json")
    assert (absent.status, absent.codes) == (2, ["FOLDER_MISSING"])


def test_a_scenario_that_departs_fails_and_shows_where_and_why(
    shell: Shell, tmp_path: Path
) -> None:
    name = "golden-mid-autumn-2024"
    passed = shell("scenario", "run", name)
    assert passed.status == 0
    assert "相符 as foretold" in passed.out
    text = (ROOT / "scenarios" / "library" / f"{name}.toml").read_text(encoding="utf-8")
    assert "2024-09-30T00:00:00+08:00" in text
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace("2024-09-30T00:00:00+08:00", "2024-09-27T00:00:00+08:00"))
    departed = shell("scenario", "run", wrong)
    assert departed.status == 1
    for part in ("有出入 departs", "应为 expected", "实为 found", "国庆节调休上班"):
        assert part in departed.out
    report = shell("scenario", "run", wrong, "--json").lines[0]
    assert report["passed"] is False
    assert report["departures"]


def test_an_unknown_scenario_is_a_misuse_that_names_the_nearest(shell: Shell) -> None:
    answer = shell("scenario", "run", "golden-mid-autum-2024", "--json")
    assert (answer.status, answer.codes) == (2, ["SCENARIO_MISSING"])
    assert json.loads(answer.err)["error"]["faults"][0]["near"] == "golden-mid-autumn-2024"


def test_compute_answers_every_line_also_one_that_cannot_be_taken(shell: Shell) -> None:
    question = {"id": 1, "kind": "is_workday", "inputs": {"date": "2024-09-14"}}
    answer = shell("compute", stdin=json.dumps(question).encode() + b"\n{\n")
    assert (answer.status, len(answer.lines)) == (0, 2)
    good, bad = answer.lines
    assert good == {"id": 1, "result": True}
    assert bad["error"]["code"]
