"""A reviewer's options read as questions about one dossier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from sla_engine.asking import calendar_at, edit_of
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
        brought: Callable[[Rulebook, Instant], Brought] | None = None,
    ) -> Self:
        """What is asked about a dossier. `brought` gives the rules with whatever was brought along
        to compare with; without it an edition and a calendar that are known are named.

        Raises `Refusal` for words that cannot be read.
        """
        now = engine.clock.now()
        named = brought or (lambda rules, at: named_rules(rules, asked, at))
        rules, pack, calendar = named(engine.rules, now)
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


def named_rules(rules: Rulebook, asked: Asked, now: Instant) -> Brought:
    """The rules as they are, the edition and the calendar that were named."""
    return Brought(rules, asked.pack, calendar_at(rules, asked.calendar, now))


def with_pack(rules: Rulebook, text: str, where: str) -> tuple[Rulebook, str]:
    """The rules and an edition brought along (TOML), under a name of its own, so that the edition
    it was made from is still there to compare with. Raises `Refusal` with the faults of the text.
    """
    pack = parse_pack(text, where)
    named = replace(pack, name=f"{pack.name}~{pack.digest[:8]}")
    return rules.with_pack(named), f"{named.name}@{named.edition}"


def with_notice(rules: Rulebook, text: str, now: Instant) -> tuple[Rulebook, Instant]:
    """The rules and a notice brought along (TOML) as if it were learned a moment from now, so that
    nothing else knows of it. Raises `Refusal` with the faults of the text."""
    return rules.with_notice(notice_of(text, now + 1)), now + 1


def _instant(text: str, where: str) -> Instant | None:
    return parse_instant(text, where) if text else None
