"""`demo`: everything comes out as foretold, and the store it leaves can be looked at."""

from pathlib import Path

from tests.support.shell import Shell


def test_the_demonstration_passes_and_its_store_answers_other_commands(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "unused.sqlite")
    kept = tmp_path / "demo.sqlite"
    shown = shell("demo", "--store", kept)
    assert shown.status == 0, shown.err
    assert "[bold]" not in shown.out
    found = shell("petition", "list", "--store", kept, "--json").lines
    assert len(found) > 5
    talks = shell("talk", "list", "--all", "--store", kept, "--json").lines
    assert any(each["phase"] == "struck_off" for each in talks)
    assert "到期：" in shell("petition", "explain", found[0]["no"], "--store", kept).out
