"""`scenario`: whoever has a file can play it, wherever it lies, and read where it departs."""

from pathlib import Path

import pytest

from tests.support.shell import ROOT, Shell
from tests.unit.scenarios.small import HEAD, SMALL, STEP


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "kept.sqlite")


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_the_list_says_title_packs_steps_and_size(shell: Shell) -> None:
    listed = {each["scenario"]: each for each in shell("scenario", "list", "--json").document}
    assert len(listed) >= 40
    assert listed["sent-twice"]["packs"] == ["zaozhuang-2110"]
    assert listed["sent-twice"]["steps"] == 2
    assert {each["size"] for each in listed.values()} == {"small", "soak"}
    chinese, english = (
        shell("scenario", "list"),
        shell("scenario", "list", "--lang", "en"),
    )
    assert "剧本" in chinese.out
    assert "sent-twice" in chinese.out
    assert listed["sent-twice"]["title"]["en"].split()[0] in english.out


def test_several_files_are_played_and_what_is_wrong_with_one_does_not_stop_the_others(
    shell: Shell, tmp_path: Path
) -> None:
    good = written(tmp_path, "good.toml", SMALL)
    returned = SMALL.replace('phase = "dispatched"', 'phase = "returned"')
    wrong = written(tmp_path, "wrong.toml", returned)
    broken = written(tmp_path, "broken.toml", SMALL.replace("phase", "phaze"))
    stray = written(tmp_path, "stray.toml", SMALL.replace('"arrive"', '"arive"'))
    answer = shell("scenario", "run", broken, wrong, stray, good)
    assert answer.status == 1
    for part in (
        "不能上演 cannot be played",
        "broken.toml step 1 (line 8) expect 1 phaze",
        "SCENARIO_CLAUSE",
        "有出入 departs  wrong",
        "应为 expected  returned",
        "实为 found     dispatched",
        "相符 as foretold  good",
    ):
        assert part in answer.out
    told = shell("scenario", "run", broken, wrong, stray, good, "--json").lines
    assert [each["passed"] for each in told] == [False, False, False, True]
    assert told[0]["faults"][0]["near"] == "phase"
    assert shell("scenario", "run", good).status == 0


def test_a_pack_of_one_s_own_is_found_in_the_folder_that_is_named(
    shell: Shell, tmp_path: Path
) -> None:
    pack = ROOT / "sla_engine" / "data" / "policies" / "zaozhuang-2110" / "2024-08.toml"
    folder = tmp_path / "packs" / "our-town"
    folder.mkdir(parents=True)
    text = pack.read_text(encoding="utf-8").replace('"zaozhuang-2110"', '"our-town"')
    (folder / "2024-08.toml").write_text(text, encoding="utf-8")
    mine = written(tmp_path, "mine.toml", SMALL.replace("zaozhuang-2110", "our-town"))
    assert shell("scenario", "run", mine).status == 1
    assert shell("scenario", "run", mine, "--packs", folder.parent).status == 0
    absent = shell("scenario", "run", mine, "--packs", tmp_path / "none", "--json")
    assert (absent.status, absent.codes) == (2, ["FOLDER_MISSING"])


def test_the_store_of_one_scenario_can_be_kept_and_looked_at(shell: Shell, tmp_path: Path) -> None:
    kept = tmp_path / "played.sqlite"
    played = shell("scenario", "run", "list-strike-off", "--keep", str(kept))
    assert (played.status, kept.is_file()) == (0, True)
    items = shell("item", "list", "--store", str(kept), "--json")
    assert len(items.out.splitlines()) > 0
    again = shell("scenario", "run", "list-strike-off", "--keep", str(kept), "--json")
    assert (again.status, "SCENARIO_STORE_USED" in again.out) == (1, True)
    both = shell("scenario", "run", "rework", "extension", "--keep", "x.sqlite", "--json")
    assert (both.status, both.codes) == (2, ["SCENARIO_KEEPS_ONE"])


def test_what_takes_long_is_played_when_it_is_named(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = HEAD.replace("[scenario]", '[scenario]\nsize = "soak"') + STEP
    long += "[[step.expect]]\nfigures = { petitions = 1 }\n"
    library = {
        "long": written(tmp_path, "long.toml", long),
        "short": written(tmp_path, "short.toml", SMALL),
    }
    monkeypatch.setattr("sla_engine.cli.scenario._library", lambda: library)

    def played(*words: str) -> list[str]:
        return [each["scenario"] for each in shell("scenario", "run", *words, "--json").lines]

    assert played() == ["short"]
    assert played("--soak") == ["long", "short"]
    assert played("long") == ["long"]
