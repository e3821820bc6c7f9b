"""A reviewer's options read as questions about one dossier."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sla_engine.asking import calendar_at, edit_of
from sla_engine.cli.case import stream_of
from sla_engine.cli.desk import Desk, Misuse
from sla_engine.cli.files import text as text_of
from sla_engine.cli.options import instant
from sla_engine.errors import Refusal
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.replay.causes import Cause, causes
from sla_engine.replay.question import Question
from sla_engine.replay.replay import Replay, replay
from sla_engine.rules.texts import notice_of


@dataclass(frozen=True, slots=True)
class Asked:
    """Options as they were typed."""

    known_at: str = ""
    at: str = ""
    pack: str = ""
    calendar: str = ""
    without: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    against: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """A dossier's events, the rules with whatever files brought, and the two questions."""

    stream: str
    events: Sequence[Recorded]
    rules: Rulebook
    question: Question
    plain: Question

    def replay(self, question: Question) -> Replay:
        return replay(self.stream, self.events, self.rules, question)

    def causes(self, key: tuple[str, str]) -> Sequence[Cause]:
        """Why the question's verdict on a clock is not the plain one."""
        return causes(self.stream, self.events, self.rules, self.plain, self.question, key)


@contextmanager
def asking(desk: Desk, no: str, asked: Asked) -> Iterator[Review]:
    """The dossier `no` and what is asked about it. Raises `Misuse` for options that cannot be
    right, `Refusal` UNKNOWN_DOSSIER."""
    with desk.engine() as engine:
        stream = stream_of(engine, no)
        events = engine.events(stream)
        now = engine.clock.now()
        try:
            rules, pack = with_pack(engine.rules, asked.pack)
            rules, calendar = with_calendar(rules, asked.calendar, now)
            edits = tuple(edit_of(stream, text, n) for n, text in enumerate(asked.edits, 1))
        except Refusal as refusal:
            raise Misuse(refusal.faults) from None
        known_at = instant(asked.known_at, "--known-at")
        against = instant(asked.against, "--against")
        question = Question(
            known_at=now if known_at is None else known_at,
            at=instant(asked.at, "--at"),
            pack=pack,
            instead_of=_own_pack(events) if pack else "",
            calendar=calendar,
            without=asked.without,
            edits=edits,
        )
        plain = Question(known_at=now if against is None else against)
        yield Review(stream, events, rules, question, plain)


def with_pack(rules: Rulebook, text: str) -> tuple[Rulebook, str]:
    """The rules and the edition that `--pack` names. A file's is added under a name of its own, so
    that the edition it was made from is still there to compare with."""
    path = Path(text)
    if path.suffix != ".toml":
        return rules, text
    pack = parse_pack(text_of(path), text)
    named = replace(pack, name=f"{pack.name}~{pack.digest[:8]}")
    return rules.with_pack(named), f"{named.name}@{named.edition}"


def with_calendar(rules: Rulebook, text: str, now: Instant) -> tuple[Rulebook, Instant | None]:
    """The rules and the instant of which `--calendar` takes the calendar. A file's notice is added
    as if it were learned a moment from now, so that nothing else knows of it."""
    path = Path(text)
    if path.suffix == ".toml":
        return rules.with_notice(notice_of(text_of(path), now + 1)), now + 1
    return rules, calendar_at(rules, text, now)


def _own_pack(events: Sequence[Recorded]) -> str:
    return str(getattr(events[0].event, "pack", "")) if events else ""
