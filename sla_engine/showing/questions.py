"""A reviewer's options read as questions about one dossier."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from sla_engine.asking import calendar_at, edit_of
from sla_engine.errors import Fault, Refusal
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.replay.causes import Cause, causes
from sla_engine.replay.question import Question
from sla_engine.replay.replay import Replay
from sla_engine.replay.replay import replay as replayed
from sla_engine.rules.texts import notice_of
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was put, in words; empty where nothing was said."""

    known_at: str = ""
    at: str = ""
    pack: str = ""
    calendar: str = ""
    without: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    against: str = ""


class Wanted(NamedTuple):
    """The rules that are asked for: an edition and a calendar by what they are called, or as texts
    (TOML) that are brought along. `where`: what the text of the pack is called in its faults."""

    pack: str = ""
    calendar: str = ""
    pack_text: str = ""
    notice_text: str = ""
    where: str = "pack"


class Brought(NamedTuple):
    """Rules to judge by, the edition and the instant of the calendar that are asked for."""

    rules: Rulebook
    pack: str
    calendar: Instant | None


@dataclass(frozen=True, slots=True)
class Review:
    """A dossier's events, the rules with whatever files brought, and the two questions."""

    stream: str
    events: Sequence[Recorded]
    rules: Rulebook
    question: Question
    plain: Question

    @classmethod
    def of(
        cls,
        engine: Engine,
        stream: str,
        asked: Asked,
        wanted: Wanted | None = None,
    ) -> Self:
        """What is asked about a dossier, by the rules `wanted`; else by those that `asked` names.
        Raises `Refusal` for words that cannot be read."""
        now = engine.clock.now()
        wanted = wanted or Wanted(asked.pack, asked.calendar)
        rules, pack, calendar = brought(engine.rules, wanted, now)
        events = engine.events(stream)
        known_at = _instant(asked.known_at, "known_at")
        question = Question(
            known_at=now if known_at is None else known_at,
            at=_instant(asked.at, "at"),
            pack=pack,
            instead_of=_own_pack(events) if pack else "",
            calendar=calendar,
            without=asked.without,
            edits=tuple(edit_of(stream, text, n) for n, text in enumerate(asked.edits, 1)),
        )
        against = _instant(asked.against, "against")
        plain = Question(known_at=now if against is None else against)
        return cls(stream, events, rules, question, plain)

    def replay(self, question: Question) -> Replay:
        return replayed(self.stream, self.events, self.rules, question)

    def causes(self, key: tuple[str, str]) -> Sequence[Cause]:
        """Why the question's verdict on a clock is not the plain one."""
        return causes(self.stream, self.events, self.rules, self.plain, self.question, key)


def _own_pack(events: Sequence[Recorded]) -> str:
    return str(getattr(events[0].event, "pack", "")) if events else ""


def brought(rules: Rulebook, wanted: Wanted, now: Instant) -> Brought:
    """The rules with what was brought along. Raises `Refusal` with the faults of all of it."""
    faults: list[Fault] = []
    pack, known = wanted.pack, None
    try:
        if wanted.pack_text.strip():
            rules, pack = _with_pack(rules, wanted.pack_text, wanted.where)
    except Refusal as refusal:
        faults += refusal.faults
    try:
        if wanted.notice_text.strip():
            rules, known = _with_notice(rules, wanted.notice_text, now)
        else:
            known = calendar_at(rules, wanted.calendar, now)
    except Refusal as refusal:
        faults += refusal.faults
    if faults:
        raise Refusal(faults)
    return Brought(rules, pack, known)


def _with_pack(rules: Rulebook, text: str, where: str) -> tuple[Rulebook, str]:
    """Under a name of its own, so that the edition it was made from is still there to compare
    with."""
    pack = parse_pack(text, where)
    named = replace(pack, name=f"{pack.name}~{pack.digest[:8]}")
    return rules.with_pack(named), f"{named.name}@{named.edition}"


def _with_notice(rules: Rulebook, text: str, now: Instant) -> tuple[Rulebook, Instant]:
    """As if it were learned a moment from now, so that nothing else knows of it."""
    return rules.with_notice(notice_of(text, now + 1)), now + 1


def _instant(text: str, where: str) -> Instant | None:
    return parse_instant(text, where) if text else None
