"""The follower that acts on the log: talks, counts against units, rounds and items to open, what
was ruled in disputes."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.errors import Refusal
from sla_engine.escalation import rulings, tally
from sla_engine.escalation.follow_up import follow_up
from sla_engine.escalation.kinds import kind_of
from sla_engine.escalation.react import OPEN, Command, Memory, OpenTalk, react
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import Transaction
from sla_engine.record import ENGINE, Draft, Instant, Recorded
from sla_engine.service.handler import Handler, Outcome
from sla_engine.service.intake import Submission
from sla_engine.sla.cycle import rules_for

_OVERTAKEN = frozenset(
    {
        "PHASE_IMPOSSIBLE",
        "TIER_IMPOSSIBLE",
        "NOT_REGISTERED",
        "ALREADY_REGISTERED",
        "NOTHING_TO_VOID",
    }
)


class Reactor:
    """Process manager of talks. Memory, position and the talk's events commit together."""

    name = "reactor"

    def __init__(
        self, handler: Handler, rules: Callable[[], Rulebook], now: Callable[[], Instant]
    ) -> None:
        self.handler = handler
        self.rules = rules
        self.now = now
        self._kept: tuple[Memory, int] | None = None

    def handle(self, tx: Transaction, batch: Sequence[Recorded]) -> None:
        """React to a batch of the log in order."""
        memory = self._recall(tx)
        with self.handler.judging(tx):
            for recorded in filter(_matters, batch):
                self._react(tx, memory, recorded)
        tx.remember(self.name, dict(_changes(memory)))
        memory.changed.clear()
        tx.after_commit(lambda: self._keep(memory, batch[-1].position))

    def _react(self, tx: Transaction, memory: Memory, recorded: Recorded) -> None:
        # A clock that was set back must not make the cause a thing of the future.
        now = max(self.now(), recorded.meta.recorded_at)
        for command in self._commands(tx, memory, recorded):
            then = max(now, command.at or now)  # A period ends a moment before the next begins.
            (outcome,) = self.handler.within(tx, [_submission(command, recorded)], then)
            _check(outcome)

    def _recall(self, tx: Transaction) -> Memory:
        """The memory as of the position that `tx` sees: kept from the last batch, or read anew if
        another process has gone on since. Not kept while it is in use: the batch may fail."""
        kept, self._kept = self._kept, None
        if kept is not None and kept[1] == tx.position(self.name):
            return kept[0]
        return _load(tx.remembered(self.name))

    def _keep(self, memory: Memory, position: int) -> None:
        self._kept = (memory, position)

    def _commands(self, tx: Transaction, memory: Memory, recorded: Recorded) -> Sequence[Command]:
        """What follows from an event, by its dossier as it was right after it."""
        kept = self.handler.shelf.take(tx, recorded.stream)
        kind, dossier = kind_of(recorded.stream), kept.until(recorded.version)
        self.handler.shelf.give_back(tx, kept)
        traits, meta, rules = kind.traits(dossier.opening.event), recorded.meta, self.rules()
        pack = (
            rules.pack_by_digest(meta.pack)
            if meta.pack
            else rules_for(dossier, kind, Draft(meta, recorded.event), rules)[0]
        )
        region = traits["region"] or pack.region
        governing = rules.talks_of(pack, meta.occurred_at, meta.recorded_at)
        return [
            *react(memory, recorded, governing, region),
            *tally.changes(dossier, recorded, kind, pack, region, rules.editions(pack.name)),
            *follow_up(recorded, dossier, kind, pack),
            *rulings.changes(dossier, recorded),
        ]


_READ = frozenset({"talk", "round", "dispute"})


def _matters(recorded: Recorded) -> bool:
    """Acts and their withdrawal, and whatever happens to a talk, a round or a dispute."""
    prefix = recorded.stream.split("/", 1)[0]
    return isinstance(recorded.event, RungFired | RungWithdrawn) or prefix in _READ


def _check(outcome: Outcome) -> None:
    """Raises the `Refusal` of a command, unless its dossier has simply gone on without it: a round
    that people opened first, a problem that was never listed."""
    if any(fault.code not in _OVERTAKEN for fault in outcome.faults):
        raise Refusal(outcome.faults)


def _submission(command: Command, recorded: Recorded) -> Submission:
    return Submission(
        stream=command.stream,
        event=command.event,
        source=ENGINE,
        key=command.key,
        occurred_at=recorded.meta.recorded_at if command.at is None else command.at,
        cause=command.cause,
    )


def _load(stored: Mapping[str, bytes]) -> Memory:
    opened, led = {}, {}
    for name, value in stored.items():
        kind, _, key = name.partition("|")
        if kind == OPEN:
            opened[key] = msgspec.msgpack.decode(value, type=OpenTalk)
        else:
            led[key] = value.decode()
    return Memory(opened, led)


def _changes(memory: Memory) -> Iterator[tuple[str, bytes | None]]:
    for kind, key in memory.changed:
        talk, stream = memory.open.get(key), memory.led_to.get(key)
        if kind == OPEN:
            yield f"{kind}|{key}", None if talk is None else msgspec.msgpack.encode(talk)
        else:
            yield f"{kind}|{key}", None if stream is None else stream.encode()
