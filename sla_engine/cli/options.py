"""Arguments that several commands take, and how their text is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.desk import Misuse
from sla_engine.errors import Fault, Refusal, register

if TYPE_CHECKING:
    from sla_engine.documents.form import Days

Instant = int

NUMBER_WRONG = register(
    "NUMBER_WRONG",
    "{found} 不对：应为 {allowed}",
    "{found} is not right: it should be {allowed}",
)

NoArgument = Annotated[
    str,
    typer.Argument(metavar="NO", help="Petition number, or the id of a talk, an item, a round."),
]
TalkArgument = Annotated[
    str,
    typer.Argument(
        metavar="TALK", help="Talk id, as `talk list` shows it; the part behind the unit will do."
    ),
]
ItemArgument = Annotated[
    str, typer.Argument(metavar="ITEM", help="Id of a list item, as `item list` shows it.")
]
RoundArgument = Annotated[
    str, typer.Argument(metavar="ROUND", help="Id of a round, as `round list` shows it.")
]
DisputeArgument = Annotated[
    str, typer.Argument(metavar="DISPUTE", help="Id of a dispute, as `dispute list` shows it.")
]
PackOption = Annotated[
    str,
    typer.Option("--pack", metavar="PACK", help="Only what this policy pack governs, by its name."),
]
ApproverOption = Annotated[str, typer.Option(metavar="OFFICIAL", help="Who approves.")]
ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help="Why.")]
DocumentOption = Annotated[
    str, typer.Option(metavar="REF", help="Reference of the document; never its words.")
]
UnitOption = Annotated[str, typer.Option("--unit", metavar="UNIT", help="Only of this unit.")]
MOST_ROWS = 1_000_000

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", help="At most so many.")]
PERIOD_WORDS = "2024, 2024H1, 2024Q2, 2024-05, 2024-W21 or 2024-05-20"
PeriodOption = Annotated[
    str, typer.Option("--period", metavar="PERIOD", help=f"Only this period: {PERIOD_WORDS}.")
]
AsKnownOption = Annotated[
    str,
    typer.Option(
        "--as-known",
        metavar="TIME",
        help="Go by what had been recorded by then, and by the rules known then. RFC 3339 with "
        "offset, 2026-10-10T17:30:00+08:00.",
    ),
]
AtOption = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="TIME",
        help="When it happened (default: now). RFC 3339 with offset, 2026-10-10T17:30:00+08:00.",
    ),
]
ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="OFFICIAL",
        envvar="SLA_ENGINE_BY",
        help="Who does it, for the record: a post or an official. Else SLA_ENGINE_BY.",
    ),
]
IdOption = Annotated[
    str,
    typer.Option(
        "--id",
        metavar="ID",
        help="Id of this submission; sending the same id again records nothing new. "
        "Made from the content when left out.",
    ),
]


def instant(text: str, option: str) -> Instant | None:
    """The instant an option names, None when it was left out. Raises `Misuse` TIME_*."""
    if not text:
        return None
    from sla_engine.worktime import parse_instant

    try:
        return parse_instant(text, option)
    except Refusal as refusal:
        raise Misuse(refusal.faults) from None


def day(text: str, option: str) -> date | None:
    """The date an option names. Raises `Misuse` TIME_*."""
    if not text:
        return None
    from sla_engine.worktime import parse_date

    try:
        return parse_date(text, option)
    except Refusal as refusal:
        raise Misuse(refusal.faults) from None


def period(word: str, option: str) -> "Days | None":
    """The period an option names. Raises `Misuse` PERIOD_FORMAT."""
    if not word:
        return None
    from sla_engine.documents.form import Days

    try:
        return Days.of(word)
    except Refusal as refusal:
        raise Misuse(
            Fault(each.code, option, each.found, each.allowed) for each in refusal.faults
        ) from None


def within(value: int, option: str, lowest: int, highest: int) -> int:
    """A number inside its bounds. Raises `Misuse` NUMBER_WRONG."""
    if not lowest <= value <= highest:
        raise Misuse(Fault(NUMBER_WRONG, option, str(value), f"{lowest}..{highest}"))
    return value


def checked(limit: int) -> int:
    """How many rows to show, as `--limit` says. Raises `Misuse` NUMBER_WRONG."""
    return within(limit, "--limit", 1, MOST_ROWS)


@contextmanager
def misused(*codes: str) -> Iterator[None]:
    """Refusals of these codes are an option's fault, the one named where they say."""
    try:
        yield
    except Refusal as refusal:
        if refusal.code not in codes:
            raise
        raise Misuse(replace(each, where=f"--{each.where}") for each in refusal.faults) from None
