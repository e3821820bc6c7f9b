"""A reviewer's options read as questions about one dossier; rules may be brought in files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sla_engine.cli.desk import Desk, Misuse
from sla_engine.cli.files import text as text_of
from sla_engine.cli.options import instant
from sla_engine.errors import Refusal
from sla_engine.showing.case import stream_of
from sla_engine.showing.questions import Asked, Review, Wanted


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
            review = Review.of(engine, stream, asked, wanted(asked.pack, asked.calendar))
        except Refusal as refusal:
            raise Misuse(refusal.faults) from None
        yield review


def wanted(pack: str, calendar: str) -> Wanted:
    """What `--pack` and `--calendar` ask for, each a name or a file. Raises `Refusal` FILE_*."""
    named, text = _named_or_text(pack)
    day, notice = _named_or_text(calendar)
    return Wanted(named, day, text, notice, pack)


def _named_or_text(option: str) -> tuple[str, str]:
    path = Path(option)
    return ("", text_of(path)) if path.suffix == ".toml" else (option, "")
