"""Where files become objects: calendars and policy packs, shipped or kept by an administrator."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.policy.cases import RunCase
from sla_engine.policy.clause import Pack
from sla_engine.policy.editions import clash, lint_editions
from sla_engine.policy.faults import unknown
from sla_engine.policy.lint import lint, parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.rules.texts import CATALOG_UNREADABLE
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
PACK_MISSING = register(
    "PACK_MISSING",
    "没有名为“{found}”的政策包或文件",
    "there is no policy pack or file {found!r}",
    "可用的有：{allowed}",
    "available: {allowed}",
)

IMPORT_UNPUBLISHED = register(
    "IMPORT_UNPUBLISHED",
    "holidays 包没有{found}年的官方放假安排，只会推测",
    "the package `holidays` has no official data for {found} and would only guess",
    "已有：{allowed}。请按通知原文编写",
    "it has {allowed}; write the file from the notice itself",
)

_ONE = timedelta(days=1)
_CALENDARS = Path(__file__).parent / "data" / "calendars"
_POLICIES = Path(__file__).parent / "data" / "policies"
_ROOT, _STATUTORY = "calendar.toml", "statutory.toml"
_NAME = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)?", re.ASCII)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def load_almanac(name: str = "cn", extra_dirs: tuple[str, ...] = ()) -> Almanac:
    """Every notice under `data/calendars/<name>` and `<name>-*`, and under `extra_dirs`.

    Raises `Refusal` with all faults of all files at once.
    """
    root = _CALENDARS / name
    if not (root / _ROOT).is_file():
        raise refuse(CATALOG_MISSING, "calendar", name, ", ".join(sorted(_calendars())))
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


def _calendars() -> set[str]:
    return {path.parent.name for path in _CALENDARS.glob(f"*/{_ROOT}")}


def load_pack(source: str | Path, pack_dirs: Iterable[str | Path] = ()) -> Pack:
    """A pack by name (its latest edition), by `name/edition` or by file.

    Names are those of the packs shipped and of those under `pack_dirs`. Raises `Refusal` with every
    fault of the file, or PACK_MISSING.
    """
    return _parsed(pack_files(source, pack_dirs)[-1])


def load_packs(extra_dirs: Iterable[str | Path] = ()) -> tuple[Pack, ...]:
    """Every pack shipped and under `extra_dirs` (`<name>/<edition>.toml`).

    Raises `Refusal` with all faults of all files, and of packs beside one another, at once.
    """
    faults: list[Fault] = []
    packs: list[Pack] = []
    for path in _packs_under((_POLICIES, *extra_dirs)):
        try:
            packs.append((_shipped if path.is_relative_to(_POLICIES) else _parsed)(path))
        except Refusal as refusal:
            faults += refusal.faults
    faults += lint_editions(packs)
    if faults:
        raise Refusal(faults)
    return tuple(packs)


def _parsed(path: Path) -> Pack:
    return parse_pack(_text(path), _label(path))


# What ships with the program does not change while it runs.
_shipped = cache(_parsed)


def load_rulebook(pack_dirs: Iterable[str | Path] = ()) -> Rulebook:
    """All packs and all calendars: a pack that is loaded later may name any of them. Raises as
    `load_packs` and `load_almanac`, and PACK_CALENDAR_UNKNOWN."""
    packs = load_packs(pack_dirs)
    return Rulebook({name: load_almanac(name) for name in sorted(_calendars())}, packs)


def lint_pack(source: str | Path, run_case: RunCase | None = None) -> list[Fault]:
    """Every fault of what a name, a file or a folder means; see `lint_packs`."""
    return [fault for faults in lint_packs([source], run_case).values() for fault in faults]


def lint_packs(
    sources: Iterable[str | Path],
    run_case: RunCase | None = None,
    pack_dirs: Iterable[str | Path] = (),
) -> dict[str, list[Fault]]:
    """Every fault of every edition that `sources` mean, by `name/edition.toml`; see `pack_files`.

    Editions are held against those linted with them and those beside them in their folder, talks
    against the packs shipped and under `pack_dirs`; cases are run by `run_case` where that is
    given. Raises `Refusal` PACK_MISSING.
    """
    files = list(dict.fromkeys(path for each in sources for path in pack_files(each, pack_dirs)))
    linted = _sound(files)
    beside = _sound(sibling for path in files for sibling in sorted(path.parent.glob("*.toml")))
    rules = _rules_beside(linted, pack_dirs)
    found: dict[str, list[Fault]] = {}
    earlier = [pack for path, pack in beside.items() if path not in linted]
    for path in files:
        faults = found.setdefault(_label(path), [])
        faults += _lint_file(path, rules, run_case)
        if path in linted:
            faults += (fault for other in earlier for fault in clash(linted[path], other))
            earlier.append(linted[path])
    return found


def _lint_file(path: Path, rules: Rulebook, run_case: RunCase | None) -> list[Fault]:
    try:
        return lint(_text(path), _label(path), rules, run_case)
    except Refusal as refusal:
        return list(refusal.faults)


def _rules_beside(linted: Mapping[Path, Pack], pack_dirs: Iterable[str | Path]) -> Rulebook:
    """The calendars, and the packs that may govern talks: those linted first, as far as they do
    not get in each other's way."""
    asked = {pack.talks_by for pack in linted.values() if pack.talks_by}
    files = _packs_under((_POLICIES, *pack_dirs)) if asked else []
    if asked <= {path.parent.name for path in files}:
        files = [path for path in files if path.parent.name in asked]
    calendars, governing = _calendars(), list[Pack]()
    for pack in (*linted.values(), *_sound(files).values()):
        fits = pack.talk is not None and pack.calendar in calendars
        if fits and not lint_editions([*governing, pack]):
            governing.append(pack)
    named = {pack.calendar for pack in (*linted.values(), *governing)} & calendars
    return Rulebook({name: load_almanac(name) for name in sorted(named)}, governing)


def _sound(files: Iterable[Path]) -> dict[Path, Pack]:
    """The packs in those files that have no fault of their own."""
    packs = {}
    for path in dict.fromkeys(files):
        with suppress(Refusal):
            packs[path] = _parsed(path)
    return packs


def pack_files(source: str | Path, pack_dirs: Iterable[str | Path] = ()) -> list[Path]:
    """The files that a pack's name means (its editions, in order), or `name/edition`, or the path
    of a file, or of a folder (all in and below it). Raises `Refusal` PACK_MISSING."""
    folders = [_POLICIES, *map(Path, pack_dirs)]
    if _NAME.fullmatch(str(source)):
        for pattern in (f"{source}/*.toml", f"{source}.toml"):
            files = [path for folder in folders for path in sorted(folder.glob(pattern))]
            if files:
                return files
    path = Path(source).resolve()
    files = [path] if path.is_file() else sorted(path.rglob("*.toml")) if str(source) else []
    if not files:
        raise Refusal([unknown(PACK_MISSING, "pack", source, pack_names(pack_dirs))])
    return files


def pack_texts(source: str | Path, pack_dirs: Iterable[str | Path] = ()) -> dict[str, str]:
    """The texts of the files that `pack_files` finds, by `name/edition.toml`."""
    return {_label(path): _text(path) for path in pack_files(source, pack_dirs)}


def pack_names(pack_dirs: Iterable[str | Path] = ()) -> list[str]:
    """Names of the packs shipped and under `pack_dirs`, sorted."""
    return sorted({path.parent.name for path in _packs_under((_POLICIES, *pack_dirs))})


def _packs_under(folders: Iterable[str | Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(Path(folder).glob("*/*.toml"))]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise refuse(CATALOG_UNREADABLE, _label(path), error) from None


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


class Disagreement(NamedTuple):
    """A day on which the second witness says otherwise."""

    date: date
    ours: bool
    theirs: bool


def second_witness(almanac: Almanac, years: Iterable[int]) -> list[Disagreement]:
    """Where the package `holidays` disagrees with the national calendar.

    Years for which the package has no notice, or the almanac none, are passed over: there the
    package guesses silently.
    """
    calendar = almanac.calendar()
    common = calendar.published & _package([]).special_public_holidays.keys()
    asked = sorted(common & set(years))
    package = _package(sorted({year + k for year in asked for k in (0, 1)}))
    return [
        Disagreement(day, ours, theirs)
        for year in asked
        for day in _days(date(year, 1, 1), date(year, 12, 31))
        if (ours := calendar.is_workday(day)) != (theirs := package.is_working_day(day))
    ]


def import_from_holidays(year: int) -> str:
    """A notice file for `year` as TOML text, from the package `holidays`.

    Number and date of publication are not in the package: a person fills them in from the
    notice, and the file is refused until the date stands there. Raises `Refusal`
    IMPORT_UNPUBLISHED for a year that the package would only guess.
    """
    known = _package([]).special_public_holidays
    if year not in known:
        raise refuse(IMPORT_UNPUBLISHED, "year", year, f"{min(known)}..{max(known)}")
    lines = [
        f'title = "国务院办公厅关于{year}年部分节假日安排的通知"',
        '# number = "国办发明电〔〕号"  # 据通知原文填写 / fill in from the notice',
        "# published =                 # 据通知原文填写 / fill in from the notice",
        'region = "CN"',
        f"covers = [{year}]",
        "verified = false",
        f'source = "holidays {version("holidays")}"',
    ]
    for holiday in _holidays(year):
        lines += ["", "[[holiday]]", f'name = "{holiday.pop("name")}"']
        lines += [f"{key} = {_ranges(days)}" for key, days in holiday.items() if days]
    return "\n".join(lines) + "\n"


def _package(years: Iterable[int]) -> Any:
    """China by `holidays`, for these years alone: nothing is added later, names are Chinese."""
    from holidays import PUBLIC, country_holidays  # noqa: PLC0415 - 0.2 s for these two alone

    settings: dict[str, Any] = {"expand": False, "categories": (PUBLIC,), "language": "zh_CN"}
    known = country_holidays("CN", **settings).special_public_holidays
    return country_holidays("CN", years=[y for y in years if y in known], **settings)


def _holidays(year: int) -> Iterator[dict[str, Any]]:
    """Each break that a year's notice arranges: its name, and its days by what happens on them.

    A New Year's break may begin in December: those days belong to the notice of the new year.
    """
    package = _package([year - 1, year])
    swaps = {
        date(y, swap[0], swap[1]): swap[2:]
        for y in (year - 1, year)
        for swap in package.special_public_holidays.get(y, ())
        if (swap[0] == 12) == (y < year)
    }
    named = {day for day in package if day.year == year and day.month < 12} | swaps.keys()
    statute = load_almanac().statute(year)
    names = {} if statute is None else statute.days
    while named:
        days = _break_around(package, min(named), year)
        made_up = [(day, swaps[day]) for day in days if day in swaps]
        special = {day for day, swap in made_up if isinstance(swap[0], str)}
        label = dict.fromkeys(n for day in days if day in names for n in names[day].split("、"))
        yield {
            "name": "、".join(label) or package[min(named)],
            "off": [day for day in days if day not in special],
            "special": sorted(special),
            "work": sorted(
                date(*(swap[2:] or (day.year,)), *swap[:2])
                for day, swap in made_up
                if day not in special
            ),
        }
        named.difference_update(days)


def _break_around(package: Any, day: date, year: int) -> list[date]:
    """The days off that hang together with `day`, not earlier than it in the year before."""
    first = last = day
    while not package.is_working_day(first - _ONE) and (first - _ONE).year == day.year:
        first -= _ONE
    while not package.is_working_day(last + _ONE) and last.year <= year:
        last += _ONE
    return _days(first, last)


def _ranges(days: Iterable[date]) -> str:
    """Days as a TOML list of days and ranges."""
    spans: list[list[date]] = []
    for day in days:
        if spans and day - spans[-1][1] == _ONE:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    texts = [f'"{a}"' if a == b else f'"{a}..{b}"' for a, b in spans]
    return f"[{', '.join(texts)}]"


def _days(first: date, last: date) -> list[date]:
    return [first + k * _ONE for k in range((last - first).days + 1)]
