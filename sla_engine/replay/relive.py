"""A dossier's life over again: fact by fact as they were learned, act by act as they came due.

This is what a running engine does whose sweeps are never late. What it decides is kept with the
dossier and never performed.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import msgspec

from sla_engine.dossier.events import Voided
from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.dossier.kind import Kind
from sla_engine.dossier.pending import Pending
from sla_engine.escalation.kinds import kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant, Recorded

Stamped = Callable[[Dossier, Recorded], Recorded]
"""A fact with the stamp of the rules it is judged by, given the dossier before it."""


class Life(NamedTuple):
    """A dossier with everything decided about it, and those decisions in order."""

    dossier: Dossier
    decisions: list[Draft]


def relive(
    stream: str,
    facts: Iterable[Recorded],
    rules: Rulebook,
    at: Instant,
    stamped: Stamped = lambda _dossier, fact: fact,
) -> Life:
    """The dossier as it stands at `at` by `facts`, with every act decided on the way.

    `facts` are in the order in which they were learned; they are numbered anew among the acts.
    """
    life, kind, alarm = Life(Dossier(stream), []), kind_of(stream), None
    renamed: dict[str, str] = {}
    for learned, batch in groupby(facts, key=attrgetter("meta.recorded_at")):
        _pass(life, kind, rules, alarm, min(learned, at))
        for fact in batch:
            version = life.dossier.version + 1
            renamed[f"@{fact.version}"] = f"@{version}"
            judged = stamped(life.dossier, _renamed(fact, renamed))
            evolve(life.dossier, judged._replace(version=version))
        if learned <= at:
            alarm = _decide(life, kind, rules, learned)
    _pass(life, kind, rules, alarm, at)
    _decide(life, kind, rules, at)
    return life


def _pass(life: Life, kind: Kind, rules: Rulebook, alarm: Instant | None, until: Instant) -> None:
    """Time passes until `until`, and every act is decided when it comes due."""
    while alarm is not None and alarm <= until:
        alarm = _decide(life, kind, rules, alarm)


def _decide(life: Life, kind: Kind, rules: Rulebook, now: Instant) -> Instant | None:
    """What one transaction at `now` would record; returns when there is more to do."""
    pending = Pending(life.dossier)
    alarm = catch_up(pending, kind, rules, now).next_alarm
    life.decisions.extend(pending.drafts)
    return alarm


def _renamed(fact: Recorded, renamed: Mapping[str, str]) -> Recorded:
    """A void names the fact that it takes away by its new number."""
    event = fact.event
    if not isinstance(event, Voided) or event.fact not in renamed:
        return fact
    return fact._replace(event=msgspec.structs.replace(event, fact=renamed[event.fact]))
