"""Where files become objects: calendars and policy packs, shipped or kept by an administrator."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.policy.cases import RunCase
from sla_engine.policy.clause import Pack
from sla_engine.policy.lint import lint, lint_editions, parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.worktime import Instant
from sla_engine.worktime.almanac import Almanac
from sla_engine.worktime.edition import Notice, Statute
from sla_engine.worktime.parse import notice_from, statutes_from

CATALOG_MISSING = register(
    "CATALOG_MISSING",
    "没有名为“{found}”的日历",
    "there is no calendar named {found!r}",
    "可用的有：{allowed}",
    "available: {allowed}",
)
CATALOG_UNREADABLE = register(
    "CATALOG_UNREADABLE",
    "文件读不懂：{found}",
    "the file cannot be read: {found}",
)

PACK_MISSING = register(
    "PACK_MISSING",
    "没有名为“{found}”的政策包或文件",
    "there is no policy pack or file {found!r}",
    "可用的有：{allowed}",
    "available: {allowed}",
)

_CALENDARS = Path(__file__).parent / "data" / "calendars"
_POLICIES = Path(__file__).parent / "data" / "policies"
_ROOT, _STATUTORY = "calendar.toml", "statutory.toml"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def load_almanac(name: str = "cn", extra_dirs: tuple[str, ...] = ()) -> Almanac:
    """Every notice under `data/calendars/<name>` and `<name>-*`, and under `extra_dirs`.

    Raises `Refusal` with all faults of all files at once.
    """
    root = _CALENDARS / name
    if not (root / _ROOT).is_file():
        known = sorted(path.parent.name for path in _CALENDARS.glob(f"*/{_ROOT}"))
        raise refuse(CATALOG_MISSING, "calendar", name, ", ".join(known))
    folders = [root, *sorted(_CALENDARS.glob(f"{name}-*")), *map(Path, extra_dirs)]
    faults: list[Fault] = []
    notices: list[Notice] = []
    statutes: list[Statute] = []
    for path, table in _tables(folders, faults):
        try:
            if path.name == _STATUTORY:
                statutes += statutes_from(table, _label(path))
            else:
                notices.append(notice_from(table, _label(path)))
        except Refusal as refusal:
            faults += refusal.faults
    if faults:
        raise Refusal(faults)
    table = tomllib.loads((root / _ROOT).read_text(encoding="utf-8"))
    return Almanac(
        region=table["region"],
        zone=table["zone"],
        weekend=[_WEEKDAYS.index(day) for day in table["weekend"]],
        notices=notices,
        statutes=statutes,
    )


def load_pack(source: str | Path) -> Pack:
    """A pack by file, by name (its latest edition) or by `name/edition`.

    Raises `Refusal` with every fault of the file, or PACK_MISSING.
    """
    path = _pack_file(source)
    return parse_pack(_text(path), _label(path))


def load_packs(extra_dirs: Iterable[str | Path] = ()) -> tuple[Pack, ...]:
    """Every pack shipped and under `extra_dirs` (`<name>/<edition>.toml`).

    Raises `Refusal` with all faults of all files, and of editions against one another, at once.
    """
    faults: list[Fault] = []
    packs: list[Pack] = []
    for path in _pack_files((_POLICIES, *extra_dirs)):
        try:
            packs.append(load_pack(path))
        except Refusal as refusal:
            faults += refusal.faults
    faults += lint_editions(packs)
    if faults:
        raise Refusal(faults)
    return tuple(packs)


def load_rulebook(pack_dirs: Iterable[str | Path] = ()) -> Rulebook:
    """All packs and the calendars they name. Raises as `load_packs` and `load_almanac`."""
    packs = load_packs(pack_dirs)
    names = {pack.calendar for pack in packs}
    return Rulebook({name: load_almanac(name) for name in sorted(names)}, packs)


def lint_pack(source: str | Path, run_case: RunCase | None = None) -> list[Fault]:
    """Every fault of a pack file; its cases are run by `run_case` where that is given."""
    path = _pack_file(source)
    try:
        text = _text(path)
    except Refusal as refusal:
        return list(refusal.faults)
    return lint(text, _label(path), load_rulebook() if run_case is not None else None, run_case)


def _pack_file(source: str | Path) -> Path:
    """The file meant by a path, a pack's name or `name/edition`."""
    editions = sorted((_POLICIES / source).glob("*.toml"))
    for path in (Path(source), _POLICIES / f"{source}.toml", *editions[-1:]):
        if path.is_file():
            return path
    known = sorted({path.parent.name for path in _pack_files((_POLICIES,))})
    raise refuse(PACK_MISSING, "pack", str(source), ", ".join(known))


def _pack_files(folders: Iterable[str | Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(Path(folder).glob("*/*.toml"))]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise refuse(CATALOG_UNREADABLE, _label(path), error) from None


def notice_of(text: str, recorded: Instant) -> Notice:
    """A notice from its file's text, learned at `recorded`. Raises `Refusal` with all faults."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refuse(CATALOG_UNREADABLE, "notice", str(error)) from None
    return replace(notice_from(table, "notice"), recorded=recorded)


def _tables(folders: Iterable[Path], faults: list[Fault]) -> Iterator[tuple[Path, Any]]:
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            if path.name == _ROOT:
                continue
            try:
                yield path, tomllib.loads(path.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
                faults.append(Fault(CATALOG_UNREADABLE, _label(path), str(error)))


def _label(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
