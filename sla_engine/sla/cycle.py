"""One running of one clause's clock, and the rules it runs by."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import msgspec

from sla_engine.dossier.chronicle import ALL_DONE, Chronicle, Mark, read
from sla_engine.dossier.events import Carried
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.kind import Kind
from sla_engine.errors import Refusal
from sla_engine.policy.clause import Clause, Pack, Scope
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant, Recorded, Value
from sla_engine.sla.ruling import Ruling
from sla_engine.worktime import Amount, Calendar, Term


class Refix(Value):
    """A calendar revision recorded for one clock: in effect from `at`, learned at `known_at`.

    `floor`: the term already notified, which the pack forbids to shorten."""

    at: Instant
    known_at: Instant
    calendar: Calendar
    floor: Instant | None


class Cycle(Value):
    """One clock. `key` is its name within its dossier: clause and cycle. `term` is the clause's, or
    the one that the matter brought. `stop` is the instant it ended by being met or late, at the
    mark `stopped_by`; `cancelled_at` the instant it lost its object (return granted, merge,
    withdrawal). `calendar` is the edition it started under, `refixes` the recorded revisions since.
    `known_at`: when the log could first have computed it. `reopened`: stops that did not hold, and
    when that was learned; what comes after such a stop was not known before. `rulings` on its
    verdict are in the order in which they were made. `carried`: it is a duplicate's, as it stood at
    the merge."""

    key: tuple[str, str]
    clause: Clause
    term: Term
    pack: Pack
    calendar: Calendar
    lane: str
    start: Mark
    stop: Instant | None
    cancelled_at: Instant | None
    known_at: Instant
    refixes: tuple[Refix, ...]
    reopened: tuple[tuple[Instant, Instant], ...] = ()
    rulings: tuple[Ruling, ...] = ()
    stopped_by: Mark | None = None
    carried: Carried | None = None

    @property
    def end(self) -> Instant | None:
        """When it stopped or was cancelled; None while it is open."""
        return self.stop if self.stop is not None else self.cancelled_at

    @property
    def since(self) -> Instant:
        """From when pauses and extensions of its own dossier concern it: its start, or the merge in
        which it was taken over as it stood."""
        return self.start.at if self.carried is None else self.start.fact.meta.occurred_at

    @property
    def name(self) -> str:
        return self.key[1]

    @property
    def held_in(self) -> str | None:
        """The one lane whose facts concern it; None where it is the whole matter's."""
        return self.lane if self.clause.scope.laned else None

    @property
    def number(self) -> int:
        """Which running of a repeating clause this is, from 1 (always 1 for any other)."""
        return int(self.name.rpartition(".")[2]) if self.clause.repeat else 1


def pack_at(chronicle: Chronicle, mark: Mark, rules: Rulebook) -> Pack:
    """The pack edition that governs what `mark` began: as stamped, else as in force."""
    stamped = mark.fact.meta.pack
    if stamped:
        return rules.pack_by_digest(stamped)
    return _edition(chronicle.kind, rules)(chronicle.traits["pack"], mark.at, mark.known_at)


def _edition(kind: Kind, rules: Rulebook) -> Callable[[str, Instant, Instant], Pack]:
    """How the edition is found that governs a dossier: talks may follow one that came later."""
    return rules.talks_on if kind.name == Scope.TALK.kind else rules.pack_on


def rules_for(dossier: Dossier, kind: Kind, draft: Draft, rules: Rulebook) -> tuple[Pack, Calendar]:
    """The pack edition and the calendar by which a draft is judged: in force when it happened,
    known by now. What was opened under a pack that has since ended is finished under it.

    Raises `Refusal` POLICY_UNKNOWN, POLICY_NOT_IN_FORCE or REGION_UNKNOWN."""
    traits = read(dossier, kind).traits if dossier.exists else kind.traits(draft.event)
    meta = draft.meta
    edition = _edition(kind, rules)
    try:
        pack = edition(traits["pack"], meta.occurred_at, meta.recorded_at)
    except Refusal:
        if not dossier.exists:
            raise
        began = dossier.opening.meta
        pack = edition(traits["pack"], began.occurred_at, began.recorded_at)
    return pack, rules.calendar(pack, traits["region"] or pack.region, meta.recorded_at)


def stamp(dossier: Dossier, kind: Kind, draft: Draft, rules: Rulebook) -> Draft:
    """The draft with the digests of pack and calendar, where its fact may start a clock."""
    if not kind.ruled:
        return draft
    pack, calendar = rules_for(dossier, kind, draft, rules)
    dated = (name for name, _ in kind.dated(draft.event))
    # Any fact may be the one by which the last lane is done.
    done = (ALL_DONE,) if kind.finishes else ()
    if not pack.anchors.intersection((*kind.marks(draft.event), *dated, *done)):
        return draft
    stamped = msgspec.structs.replace(draft.meta, pack=pack.digest, calendar=calendar.digest)
    return Draft(stamped, draft.event)


def stamped_anew(dossier: Dossier, kind: Kind, fact: Recorded, rules: Rulebook) -> Recorded:
    """A fact as `rules` would have stamped it, whatever its stamp is. What was taken over in a
    merge is judged as it was when the first of it happened (D19). Raises `Refusal` as `rules_for`.
    """
    bare = msgspec.structs.replace(fact.meta, pack="", calendar="")
    inherited = kind.inherits(fact.event)
    if not inherited:
        return fact._replace(meta=stamp(dossier, kind, Draft(bare, fact.event), rules).meta)
    first = msgspec.structs.replace(bare, occurred_at=min(at for _, at in inherited))
    pack, calendar = rules_for(dossier, kind, Draft(first, fact.event), rules)
    meta = msgspec.structs.replace(bare, pack=pack.digest, calendar=calendar.digest)
    return fact._replace(meta=meta)


def term_of(clause: Clause, limit: str, start: Instant, calendar: Calendar) -> Term:
    """The clause's term, or the one that the fact itself brings: an amount, or its last day.

    Raises `Refusal` AMOUNT_FORMAT or AMOUNT_RANGE."""
    if not clause.own_limit or not limit:
        return clause.term
    try:
        last = date.fromisoformat(limit)
    except ValueError:
        amount = Amount.parse(limit)
        return replace(
            clause.term, amount=amount, roll=clause.term.roll and not amount.unit.is_hours
        )
    days = max((last - calendar.zone.date_of(start)).days, 0)
    return replace(clause.term, amount=Amount.parse(f"{days}日"), roll=False)
