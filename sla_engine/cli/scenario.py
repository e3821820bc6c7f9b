"""Scenarios: a story on virtual time, and whether everything came out as foretold."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.desk import DEPARTED, Desk, Misuse, command, group
from sla_engine.errors import Fault, register

if TYPE_CHECKING:
    from scenarios.runner import ScenarioReport

SCENARIO_MISSING = register(
    "SCENARIO_MISSING",
    "没有剧本“{found}”；自带：{allowed}",
    "there is no scenario {found}; shipped are: {allowed}",
)

app = group("scenario", "剧本 · Stories on virtual time and what they foretell.")


@command(app, "list", help="目录 · The scenarios that ship with the program.")
def list_(desk: Desk) -> None:
    names = sorted(_library())
    if desk.voice.json:
        desk.voice.document(names)
    else:
        desk.voice.show(*names)


@command(
    app,
    "run",
    help="上演 · Play scenarios and compare.\n\n"
    "Files, or shipped ones by name; all shipped ones if none is named. Ends with 1 if anything "
    "departs from what a scenario foretells, and shows where and why.",
)
def run(
    desk: Desk,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE|NAME]...", help="Files or names.")
    ] = None,
) -> None:
    paths = [_path(each) for each in files or sorted(_library())]
    from scenarios.runner import run_file

    passed = True
    with desk.voice.progress("剧本 scenarios", len(paths)) as advance:
        for path in paths:
            report = run_file(path)
            _tell(desk, path, report)
            passed = passed and report.passed
            advance()
    if not passed:
        raise typer.Exit(DEPARTED)


def _library() -> dict[str, Path]:
    """Shipped scenarios by name."""
    import scenarios

    folder = Path(scenarios.__path__[0]) / "library"
    return {path.stem: path for path in folder.glob("*.toml")}


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


def _tell(desk: Desk, path: Path, report: "ScenarioReport") -> None:
    if desk.voice.json:
        desk.voice.line(_as_dict(path, report))
        return
    verdict = "相符 as foretold" if report.passed else "有出入 departs"
    desk.voice.show(
        f"{verdict}  {path.stem}  事实 facts {report.facts} · 核对 checked {report.checked} · "
        f"相符 met {report.met} · 重放 replay {report.verification.replayed[:12]}"
    )
    desk.voice.read(_departures(report))


def _departures(report: "ScenarioReport") -> Iterator[str]:
    from scenarios.diff import lines

    return lines(report.departures)


def _as_dict(path: Path, report: "ScenarioReport") -> dict[str, object]:
    from sla_engine.cli.output import rfc3339

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
