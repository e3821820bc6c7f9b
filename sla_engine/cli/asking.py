"""A reviewer's options read as questions about one dossier; rules may be brought in files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sla_engine.asking import calendar_at
from sla_engine.cli.desk import Desk, Misuse
from sla_engine.cli.files import text as text_of
from sla_engine.cli.options import instant
from sla_engine.errors import Refusal
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.showing import questions
from sla_engine.showing.case import stream_of
from sla_engine.showing.questions import Asked, Brought, Review


@contextmanager
def asking(desk: Desk, no: str, asked: Asked) -> Iterator[Review]:
    """The dossier `no` and what is asked about it. Raises `Misuse` for options that cannot be
    right, `Refusal` UNKNOWN_DOSSIER."""
    for text, option in (
        (asked.known_at, "--known-at"),
        (asked.against, "--against"),
        (asked.at, "--at"),
    ):
        instant(text, option)
    with desk.engine() as engine:
        stream = stream_of(engine, no)
        try:
            review = Review.of(
                engine,
                stream,
                asked,
                lambda rules, at: brought(rules, asked.pack, asked.calendar, at),
            )
        except Refusal as refusal:
            raise Misuse(refusal.faults) from None
        yield review


def brought(rules: Rulebook, pack: str, calendar: str, now: Instant) -> Brought:
    """What `--pack` and `--calendar` ask for. Raises `Refusal`, also for the faults of a file."""
    rules, edition = _with_pack(rules, pack)
    rules, known = with_calendar(rules, calendar, now)
    return Brought(rules, edition, known)


def _with_pack(rules: Rulebook, text: str) -> tuple[Rulebook, str]:
    """The rules and the edition that `--pack` names; a file's is added to them."""
    path = Path(text)
    if path.suffix != ".toml":
        return rules, text
    return questions.with_pack(rules, text_of(path), text)


def with_calendar(rules: Rulebook, text: str, now: Instant) -> tuple[Rulebook, Instant | None]:
    """The rules and the instant of which `--calendar` takes the calendar; a file's notice is added
    to them."""
    path = Path(text)
    if path.suffix == ".toml":
        return questions.with_notice(rules, text_of(path), now)
    return rules, calendar_at(rules, text, now)
