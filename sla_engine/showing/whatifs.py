"""What other rules would have done to everything: the words of a question, and its answer.

Needs the extra `bulk`, which is loaded when it is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sla_engine.errors import refuse, register
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.replay.question import Question
from sla_engine.showing.questions import Brought
from sla_engine.wiring import Engine

if TYPE_CHECKING:
    from sla_engine.bulk.impact import Impact

WHATIF_OF_NOTHING = register(
    "WHATIF_OF_NOTHING",
    "没有说明与什么比较，应给出 {allowed}",
    "nothing was said to compare with; give {allowed}",
)
BULK_MISSING = register(
    "BULK_MISSING",
    "没有安装批量计算所需的 {found}",
    "{found}, which computing in bulk needs, is not installed",
    "安装时带上 bulk：pip install 'sla-engine[bulk]'",
    "install the extra: pip install 'sla-engine[bulk]'",
)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Which rules are compared with what stands, over petitions registered on the days from `since`
    to before `until` (None: whenever)."""

    rules: Rulebook
    question: Question
    since: date | None = None
    until: date | None = None

    def run(self, engine: Engine, progress: Callable[[int], object]) -> "Impact":
        """The answer; nothing is written. Raises `BULK_MISSING`, and as `Engine.whatif`."""
        try:
            return engine.whatif(
                self.question,
                self.rules,
                midnight(self.rules, self.since),
                midnight(self.rules, self.until),
                progress,
            )
        except ModuleNotFoundError as error:
            raise refuse(BULK_MISSING, "", error.name or str(error)) from None


def question_of(brought: Brought, without: tuple[str, ...], now: Instant) -> Question:
    """The question that compares the rules brought along with those in force."""
    return Question(
        known_at=now,
        pack=brought.pack,
        instead_of=brought.pack.partition("@")[0].partition("~")[0],
        calendar=brought.calendar,
        without=without,
    )


def installed() -> None:
    """Raises `BULK_MISSING`."""
    for name in ("numpy",):
        if find_spec(name) is None:
            raise refuse(BULK_MISSING, "", name)


def midnight(rules: Rulebook, day: date | None) -> Instant | None:
    """The first instant of a local day."""
    zone = next(iter(rules.almanacs.values())).zone
    return None if day is None else zone.midnight[day.toordinal()]
