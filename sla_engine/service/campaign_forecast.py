"""What a campaign would do, worked out and not done.

Every open dossier is read and brought up to the rules in memory, by the very function that the
campaign calls; nothing is written. One dossier is held at a time.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import NamedTuple

from sla_engine.dossier.events import TermRefixed
from sla_engine.dossier.fold import fold
from sla_engine.dossier.pending import Pending
from sla_engine.errors import Conflict, Refusal, Unavailable
from sla_engine.escalation.kinds import kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import Log
from sla_engine.record import Instant
from sla_engine.sla.assess import Assessment, Reading, assess
from sla_engine.sla.clocks import Key, check_pins

EXAMPLES = 10
_PAGE = 500


class Move(NamedTuple):
    """A term that would be re-fixed. `unit` is who is answerable for it; `official`: it rested on
    what was guessed of a year, and now rests on that year's notice."""

    stream: str
    clause: str
    cycle: str
    unit: str
    old_due: Instant | None
    new_due: Instant | None
    official: bool

    @property
    def by(self) -> int:
        """How far it moves, in µs; later is positive, 0 where a due instant is not known."""
        if self.old_due is None or self.new_due is None:
            return 0
        return self.new_due - self.old_due


class Foreseen(NamedTuple):
    """What becomes of one dossier: its terms that move, or why it could not be judged.

    `pack` governs what is begun in it from now on.
    """

    stream: str
    pack: str
    moves: tuple[Move, ...] = ()
    failure: str = ""


@dataclass(slots=True)
class Tally:
    """How many terms move, and which way; `official` counts apart from that. `latest` and
    `earliest` are the longest way that one moves, in µs; `dossiers` have one that moves."""

    dossiers: int = 0
    terms: int = 0
    later: int = 0
    earlier: int = 0
    official: int = 0
    latest: int = 0
    earliest: int = 0

    def add(self, move: Move) -> None:
        self.terms += 1
        self.later += move.by > 0
        self.earlier += move.by < 0
        self.official += move.official
        self.latest, self.earliest = max(self.latest, move.by), min(self.earliest, move.by)

    @property
    def unchanged(self) -> int:
        """Terms that are due when they were, but warned of at another time, or official now."""
        return self.terms - self.later - self.earlier


@dataclass(slots=True)
class Forecast:
    """What all of it comes to. `dossiers` were looked at; `kinds` counts those that move by their
    kind, `governed` all of them by the pack that governs them; `examples` move farthest."""

    dossiers: int = 0
    total: Tally = field(default_factory=Tally)
    kinds: Counter[str] = field(default_factory=Counter)
    units: dict[str, Tally] = field(default_factory=dict)
    governed: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    _heap: list[tuple[int, int, Move]] = field(default_factory=list)

    def take(self, foreseen: Foreseen) -> None:
        """Count one dossier."""
        self.dossiers += 1
        self.governed[foreseen.pack] += 1
        if foreseen.failure:
            self.failed[foreseen.stream] = foreseen.failure
        if foreseen.moves:
            self.kinds[foreseen.stream.split("/", 1)[0]] += 1
            self.total.dossiers += 1
        for unit in {move.unit for move in foreseen.moves}:
            self.units.setdefault(unit, Tally()).dossiers += 1
        for move in foreseen.moves:
            self.total.add(move)
            self.units[move.unit].add(move)
            self._remember(move)

    def _remember(self, move: Move) -> None:
        # Of those that move equally far the first are kept.
        entry = (abs(move.by), -self.total.terms, move)
        if len(self._heap) < EXAMPLES:
            heappush(self._heap, entry)
        else:
            heappushpop(self._heap, entry)

    @property
    def examples(self) -> list[Move]:
        return [move for *_, move in sorted(self._heap, reverse=True)]


def forecast(
    log: Log,
    rules: Rulebook,
    now: Instant,
    progress: Callable[[int], object] = lambda _count: None,
) -> Forecast:
    """What comes of bringing every open dossier up to `rules` at `now`. `progress` is told how many
    have been looked at."""
    found = Forecast()
    for foreseen in foresee(log, rules, now):
        found.take(foreseen)
        progress(found.dossiers)
    return found


def foresee(log: Log, rules: Rulebook, now: Instant) -> Iterator[Foreseen]:
    """What becomes of each open dossier, in the order of their streams."""
    last = ""
    while page := log.open_streams(last, _PAGE):
        yield from (_foreseen(log, stream, rules, now) for stream in page)
        last = page[-1]


def _foreseen(log: Log, stream: str, rules: Rulebook, now: Instant) -> Foreseen:
    kind, dossier = kind_of(stream), fold(stream, log.read(stream))
    pack = kind.traits(dossier.opening.event)["pack"]
    try:
        check_pins(dossier, kind, rules)
        before = assess(dossier, kind, rules, now)
        pending = Pending(dossier)
        after = catch_up(pending, kind, rules, now)
    except (Conflict, Unavailable):
        raise
    except Exception as error:
        reason = error.code if isinstance(error, Refusal) else type(error).__name__
        return Foreseen(stream, pack, failure=reason)
    moves = []
    for event in (draft.event for draft in pending.drafts):
        if isinstance(event, TermRefixed):
            old, new = (_clocks(each)[event.clause, event.cycle] for each in (before, after))
            official = old.provisional and not new.provisional
            due = (event.old_due, event.new_due)
            moves.append(Move(stream, *old.key, old.unit, *due, official))
    return Foreseen(stream, pack, tuple(moves))


def _clocks(assessment: Assessment) -> dict[Key, Reading]:
    """Those that are still to start as well."""
    return {each.key: each for each in (*assessment.readings, *assessment.coming)}
