"""Does the log alone give the same state? Live answer and replayed answer, digest by digest.

The live side reads each dossier through the repository and takes the acts as recorded. The
replayed side reads the log once from the beginning, forgets every act the ladder recorded, and
derives anew from the facts which acts should stand. Equal digests mean that readings, standing
acts and read models follow from the facts, the packs and the calendars, and from nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.dossier.fold import Dossier, evolve, fold
from sla_engine.dossier.pending import Pending
from sla_engine.escalation.alarms import alarm_rows
from sla_engine.escalation.kinds import has_clocks, kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.identity import digest
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import AlarmRow, Log
from sla_engine.projection import Clocked, Columns, Projection, published
from sla_engine.record import Instant, Recorded
from sla_engine.replay.relive import relive
from sla_engine.replay.state import state_of
from sla_engine.sla.assess import assess

Tables = Mapping[str, Mapping[str, Columns]]
"""Rows by key, by table of a read model."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Digests of the state as it is and as the log alone gives it, at one instant."""

    live: str
    replayed: str
    events: int
    dossiers: int
    at: Instant

    @property
    def identical(self) -> bool:
        return self.live == self.replayed


def verify(
    log: Log,
    rules: Rulebook,
    projections: Mapping[Projection, Tables],
    at: Instant,
    progress: Callable[[int], None] = lambda _count: None,
) -> Verification:
    """Compare both sides at `at`; `projections` gives each read model with its live tables.

    `progress` is told the number of events read so far. Holds one dossier of state per stream.
    """
    replayed, models, events = _replay(log.scan(), list(projections), progress)
    live = {stream: state_of(fold(stream, log.read(stream)), rules, at) for stream in replayed}
    again = {
        stream: state_of(_derived(each, rules, at), rules, at) for stream, each in replayed.items()
    }
    for stream, state in again.items():
        if state != live[stream]:
            # Which acts go out within the settling time depends on when each fact was learned.
            again[stream] = _relived(stream, log.read(stream), rules, at)
    clocks = _Clocks(replayed, rules, at)
    tables = {model.name: _tables(model, rows, clocks) for model, rows in models.items()}
    return Verification(
        live=digest([live, {model.name: each for model, each in projections.items()}]),
        replayed=digest([again, tables]),
        events=events,
        dossiers=len(replayed),
        at=at,
    )


def _replay(
    scan: Iterator[Recorded], projections: list[Projection], progress: Callable[[int], None]
) -> tuple[dict[str, Dossier], dict[Projection, dict[str, Columns]], int]:
    """One pass: dossiers without the ladder's acts, and read models from the whole log."""
    dossiers: dict[str, Dossier] = {}
    models: dict[Projection, dict[str, Columns]] = {model: {} for model in projections}
    count = 0
    for recorded in scan:
        count += 1
        progress(count)
        for model in projections:
            if model.interested(recorded.event):
                _apply(model, models[model], recorded)
        if has_clocks(recorded.stream):
            dossier = dossiers.setdefault(recorded.stream, Dossier(recorded.stream))
            if isinstance(recorded.event, RungFired | RungWithdrawn):
                dossier.version = recorded.version
            else:
                evolve(dossier, recorded)
    return dossiers, models, count


def _relived(stream: str, events: Sequence[Recorded], rules: Rulebook, at: Instant) -> list[object]:
    facts = [each for each in events if not isinstance(each.event, RungFired | RungWithdrawn)]
    return state_of(relive(stream, facts, rules, at).dossier, rules, at)


def _apply(model: Projection, rows: dict[str, Columns], recorded: Recorded) -> None:
    key = model.key(recorded)
    row = model.apply(rows.get(key), recorded)
    if row is None:
        rows.pop(key, None)
    else:
        rows[key] = row


class _Clocks(dict[str, Sequence[AlarmRow]]):
    """The alarm index as the replayed dossiers call for it, each stream worked out once."""

    def __init__(self, dossiers: Mapping[str, Dossier], rules: Rulebook, at: Instant) -> None:
        super().__init__()
        self._dossiers, self._rules, self._at = dossiers, rules, at

    def __missing__(self, stream: str) -> Sequence[AlarmRow]:
        rows: Sequence[AlarmRow] = ()
        if stream in self._dossiers:
            dossier, kind = self._dossiers[stream], kind_of(stream)
            rows = alarm_rows(assess(dossier, kind, self._rules, self._at))
        self[stream] = rows
        return rows


def _tables(model: Projection, rows: dict[str, Columns], clocks: _Clocks) -> Tables:
    """Every table of a model from its rows, completed by the clocks where it asks for them."""
    if isinstance(model, Clocked):
        rows = {stream: model.finish(row, clocks[stream]) for stream, row in rows.items()}
    return published(model, rows)


def _derived(dossier: Dossier, rules: Rulebook, at: Instant) -> Dossier:
    """The dossier with the acts that its facts call for at `at`."""
    catch_up(Pending(dossier), kind_of(dossier.stream), rules, at)
    return dossier
