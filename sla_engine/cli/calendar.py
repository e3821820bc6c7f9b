"""Calendars: a year shown, the notices checked, two editions compared, a new notice loaded."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli import files
from sla_engine.cli.campaign import EVERY, REST, DryRunOption, EveryOption, RestOption
from sla_engine.cli.desk import DEPARTED, Desk, command, group
from sla_engine.cli.options import AsKnownOption, LimitOption, checked, instant, within
from sla_engine.errors import Refusal

if TYPE_CHECKING:
    from sla_engine.wiring import Engine
    from sla_engine.worktime import Almanac, Calendar


app = group("calendar", "日历 · Working days and the notices behind them.")

NameOption = Annotated[
    str, typer.Option("--calendar", metavar="NAME", help="Which calendar: cn, nl.")
]
_FIRST, _LAST = 1970, 2200


@command(
    app,
    "show",
    help="一年 · One year: days off, make-up days, notices.",
)
def show(
    desk: Desk,
    year: Annotated[int, typer.Argument(metavar="YEAR", help="The year.")],
    region: Annotated[
        str, typer.Option(metavar="CODE", help="A region with days of its own, e.g. CN-45.")
    ] = "",
    as_known: AsKnownOption = "",
    provisional: Annotated[
        bool,
        typer.Option(
            "--provisional",
            help="For a year without a notice: weekends and the statutory days alone, marked so.",
        ),
    ] = False,
    name: NameOption = "cn",
) -> None:
    from sla_engine.cli.yearbook import render
    from sla_engine.showing.calendars import as_dict
    from sla_engine.worktime.survey import show as days_of

    within(year, "YEAR", _FIRST, _LAST)
    almanac = _almanac(desk, name)
    calendar = almanac.calendar(region or None, instant(as_known, "--as-known"), provisional)
    listed = days_of(calendar, year)
    if desk.voice.json:
        desk.voice.document(as_dict(calendar, year, listed))
    else:
        desk.voice.show(*render(calendar, year, listed, desk.voice))


@command(
    app,
    "check",
    help="自查 · Check every published year.\n\n"
    "Against the holiday statute, and against the package `holidays` as a second witness. Ends "
    "with 1 if anything does not fit.",
)
def check(desk: Desk, name: NameOption = "cn") -> None:
    from sla_engine.cli.yearbook import Checked, render_check

    checked = Checked.of(_almanac(desk, name))
    if desk.voice.json:
        desk.voice.document(checked.as_dict())
    else:
        desk.voice.show(*render_check(checked))
    if not checked.sound:
        raise typer.Exit(DEPARTED)


@command(
    app,
    "diff",
    help="比较 · Which days differ between two calendars.\n\n"
    "Each side is REGION or REGION@TIME, as known then: CN@2024-01-01T00:00:00+08:00 CN-45.",
)
def diff(
    desk: Desk,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="REGION or REGION@TIME.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="REGION or REGION@TIME.")],
    name: NameOption = "cn",
) -> None:
    from sla_engine.cli.yearbook import difference_dict, render_difference
    from sla_engine.worktime.survey import diff as compare

    almanac = _almanac(desk, name)
    found = compare(_side(almanac, before, "BEFORE"), _side(almanac, after, "AFTER"))
    if desk.voice.json:
        desk.voice.document(difference_dict(found))
    else:
        desk.voice.show(*render_difference(found, desk.voice))


@command(
    app,
    "load",
    help="装入通知 · Load a holiday notice into the store.\n\n"
    "It is known from now on; what was judged before stays, and open terms that it moves are "
    "re-fixed with old and new side by side. What is cut off is gone on with by loading it again, "
    "or by `campaign continue`.",
)
def load(
    desk: Desk,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The notice, TOML in UTF-8.")],
    *,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Load it although the check finds fault with it.")
    ] = False,
    dry_run: DryRunOption = False,
    limit: LimitOption = 10,
    every: EveryOption = EVERY,
    rest: RestOption = REST,
) -> None:
    from sla_engine.cli.campaigns import foretell, report, watching

    text = files.text(file)
    with desk.engine() as engine:
        title = _checked(engine, text, anyway)
        if dry_run:
            with desk.voice.progress(title, engine.log.count_open()) as advance:
                found = engine.foresee_notice(text, advance.to)
            foretell(desk.voice, title, found, checked(limit))
        else:
            with watching(desk, engine, title, every, rest) as watch:
                loaded = engine.load_notice(text, watch)
            report(desk.voice, loaded)


def _checked(engine: "Engine", text: str, anyway: bool) -> str:
    """The notice's name. Raises `Refusal` with what the check finds, unless `anyway`."""
    from sla_engine.rules.texts import notice_of
    from sla_engine.worktime.survey import check_notice

    notice = notice_of(text, engine.clock.now())
    faults = [
        fault
        for almanac in engine.rules.almanacs.values()
        if f"{notice.region}-".startswith(f"{almanac.region}-")
        for fault in check_notice(almanac, notice)
    ]
    if faults and not anyway:
        raise Refusal(faults)
    return notice.citation


@command(
    app,
    "import",
    help="起草通知 · Draft a notice file from `holidays`.\n\n"
    "For a year that the package has officially. Number and date of publication are left for a "
    "person to fill in from the notice.",
)
def import_(
    desk: Desk,
    year: Annotated[
        int, typer.Option("--from-holidays", metavar="YEAR", help="The year to draft.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it here.")
    ] = None,
) -> None:
    from sla_engine.catalog import import_from_holidays

    text = import_from_holidays(within(year, "--from-holidays", _FIRST, _LAST))
    if output is not None:
        output.write_text(text, encoding="utf-8")
    if desk.voice.json:
        desk.voice.document({"year": year, "toml": text, "file": str(output) if output else None})
    elif output is None:
        desk.voice.read(text.splitlines())
    else:
        desk.voice.show(f"已写入 · written: {output}")


def _almanac(desk: Desk, name: str) -> "Almanac":
    """The calendar of that name: as the rules in force know it, else as shipped."""
    from sla_engine.catalog import load_almanac

    almanacs = desk.rules().almanacs
    return almanacs[name] if name in almanacs else load_almanac(name)


def _side(almanac: "Almanac", text: str, where: str) -> "Calendar":
    region, at, time = text.partition("@")
    known_at = instant(time, where) if at else None
    return almanac.calendar(region or None, known_at)
