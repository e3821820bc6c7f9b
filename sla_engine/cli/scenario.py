"""Scenarios: a story on virtual time, and whether everything came out as foretold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sla_engine.cli.desk import DEPARTED, FOLDER_MISSING, Desk, Misuse, command, group
from sla_engine.errors import Fault, Refusal, register

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from scenarios.runner import ScenarioReport
    from scenarios.script import Summary

SCENARIO_MISSING = register(
    "SCENARIO_MISSING",
    "没有剧本“{found}”；自带：{allowed}",
    "there is no scenario {found}; shipped are: {allowed}",
)

SCENARIO_KEEPS_ONE = register(
    "SCENARIO_KEEPS_ONE",
    "--keep 只能留存一个剧本的库，这里有 {found} 个",
    "--keep holds the store of one scenario, and {found} are named",
)

app = group("scenario", "剧本 · Stories on virtual time and what they foretell.")


@command(app, "list", help="目录 · The scenarios that ship with the program.")
def list_(desk: Desk) -> None:
    from scenarios.reader import summary_of

    shipped = [summary_of(path) for _, path in sorted(_library().items())]
    if desk.voice.json:
        desk.voice.document([_summary(each) for each in shipped])
    else:
        desk.voice.show(_table(shipped, desk))


@command(
    app,
    "run",
    help="上演 · Play scenarios and compare.\n\n"
    "Files, or shipped ones by name; all shipped ones if none is named. Ends with 1 if anything "
    "departs from what a scenario foretells, or if a file cannot be played, and shows where and "
    "why.",
)
def run(
    desk: Desk,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE|NAME]...", help="Files or names.")
    ] = None,
    soak: Annotated[
        bool,
        typer.Option("--soak", metavar="", help="Where none is named: with those that take long."),
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option(help="Keep the store of the one scenario named, to look at with --store."),
    ] = None,
) -> None:
    if keep is not None and len(files or ()) != 1:
        raise Misuse(Fault(SCENARIO_KEEPS_ONE, "--keep", str(len(files or ())), "1"))
    if desk.packs is not None and not desk.packs.is_dir():
        raise Misuse(Fault(FOLDER_MISSING, "--packs", str(desk.packs)))
    paths = [_path(each) for each in files] if files else _everyday(soak)
    passed = True
    with desk.voice.progress("剧本 scenarios", len(paths)) as advance:
        for path in paths:
            passed = _play(desk, path, keep) and passed
            advance()
    if not passed:
        raise typer.Exit(DEPARTED)


def _library() -> dict[str, Path]:
    """Shipped scenarios by name."""
    import scenarios

    folder = Path(scenarios.__path__[0]) / "library"
    return {path.stem: path for path in folder.glob("*.toml")}


def _everyday(soak: bool) -> list[Path]:
    """All that ship, without those that take long unless `soak`."""
    from scenarios.reader import summary_of

    paths = [path for _, path in sorted(_library().items())]
    return [path for path in paths if soak or summary_of(path).size != "soak"]


def _path(name: str) -> Path:
    path, library = Path(name), _library()
    if path.is_file():
        return path
    if name not in library:
        from difflib import get_close_matches

        known = sorted(library)
        near = get_close_matches(name, known, 1)
        allowed = ", ".join(known)
        raise Misuse(Fault(SCENARIO_MISSING, "FILE", name, allowed, near[0] if near else ""))
    return library[name]


def _play(desk: Desk, path: Path, keep: Path | None) -> bool:
    """One scenario, played and told. What is wrong with one file does not stop the others."""
    from scenarios.runner import run_file

    try:
        report = run_file(path, keep, (desk.packs,) if desk.packs is not None else ())
    except Refusal as refusal:
        _tell_faults(desk, path, refusal)
        return False
    _tell(desk, path, report)
    return report.passed


def _tell_faults(desk: Desk, path: Path, refusal: Refusal) -> None:
    if desk.voice.json:
        faults = [each.as_dict() for each in refusal.faults]
        desk.voice.line({"scenario": path.stem, "passed": False, "faults": faults})
    else:
        desk.voice.refused(f"不能上演 cannot be played  {path}", refusal.faults)


def _tell(desk: Desk, path: Path, report: "ScenarioReport") -> None:
    if desk.voice.json:
        desk.voice.line(_as_dict(path, report))
        return
    from scenarios.diff import lines

    verdict = "相符 as foretold" if report.passed else "有出入 departs"
    desk.voice.show(
        f"{verdict}  {path.stem}  事实 facts {report.facts} · 核对 checked {report.checked} · "
        f"相符 met {report.met} · 重放 replay {report.verification.replayed[:12]}"
    )
    desk.voice.read(lines(report.departures))


def _summary(each: "Summary") -> dict[str, Any]:
    return {
        "scenario": each.name,
        "title": {"zh": each.title.zh, "en": each.title.en},
        "packs": each.packs,
        "steps": each.steps,
        "size": each.size,
    }


def _table(shipped: "Iterable[Summary]", desk: Desk) -> "Table":
    from sla_engine.cli import output

    headers = ("剧本 scenario", "标题 title", "政策包 packs", "步骤 steps", "规模 size")
    table = output.table("", *headers)
    for each in shipped:
        title, packs = desk.voice.word(each.title), "\n".join(each.packs)
        table.add_row(each.name, title, packs, str(each.steps), each.size)
    return table


def _as_dict(path: Path, report: "ScenarioReport") -> dict[str, object]:
    from sla_engine.showing.plain import rfc3339

    return {
        "scenario": path.stem,
        "passed": report.passed,
        "facts": report.facts,
        "sweeps": report.sweeps,
        "checked": report.checked,
        "met": report.met,
        "digest": report.verification.replayed,
        "departures": [
            {
                "at": rfc3339(each.at),
                "where": each.where,
                "about": each.about,
                "field": each.field,
                "expected": each.expected,
                "found": each.found,
            }
            for each in report.departures
        ],
    }
