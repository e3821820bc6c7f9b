"""Does the log alone give the same state? Live answer and replayed answer, digest by digest.

The live side reads each dossier through the repository and takes the acts as recorded. The
replayed side reads the log once from the beginning, forgets every act the ladder recorded, and
derives anew from the facts which acts should stand. Equal digests mean that readings, standing
acts and read models follow from the facts, the packs and the calendars, and from nothing else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.dossier.fold import Dossier, evolve, fold
from sla_engine.dossier.pending import Pending
from sla_engine.escalation.kinds import has_clocks, kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.identity import digest
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import Log
from sla_engine.projection import Projection
from sla_engine.record import Instant, Recorded
from sla_engine.sla.assess import assess

Rows = Iterable[tuple[str, Mapping[str, Any]]]


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
    projections: Mapping[Projection, Rows],
    at: Instant,
    progress: Callable[[int], None] = lambda _count: None,
) -> Verification:
    """Compare both sides at `at`; `projections` gives each read model with its live rows.

    `progress` is told the number of events read so far. Holds one dossier of state per stream.
    """
    replayed, models, events = _replay(log.scan(), list(projections), progress)
    live = {stream: state_of(fold(stream, log.read(stream)), rules, at) for stream in replayed}
    again = {
        stream: state_of(_derived(each, rules, at), rules, at) for stream, each in replayed.items()
    }
    live_rows = {model.name: dict(rows) for model, rows in projections.items()}
    return Verification(
        live=digest([live, live_rows]),
        replayed=digest([again, models]),
        events=events,
        dossiers=len(replayed),
        at=at,
    )


def _replay(
    scan: Iterator[Recorded], projections: list[Projection], progress: Callable[[int], None]
) -> tuple[dict[str, Dossier], dict[str, dict[str, Any]], int]:
    """One pass: dossiers without the ladder's acts, and read models from the whole log."""
    dossiers: dict[str, Dossier] = {}
    models: dict[str, dict[str, Any]] = {model.name: {} for model in projections}
    count = 0
    for recorded in scan:
        count += 1
        progress(count)
        for model in projections:
            if model.interested(recorded.event):
                _apply(model, models[model.name], recorded)
        if has_clocks(recorded.stream):
            dossier = dossiers.setdefault(recorded.stream, Dossier(recorded.stream))
            if isinstance(recorded.event, RungFired | RungWithdrawn):
                dossier.version = recorded.version
            else:
                evolve(dossier, recorded)
    return dossiers, models, count


def _apply(model: Projection, rows: dict[str, Any], recorded: Recorded) -> None:
    key = model.key(recorded)
    row = model.apply(rows.get(key), recorded)
    if row is None:
        rows.pop(key, None)
    else:
        rows[key] = row


def _derived(dossier: Dossier, rules: Rulebook, at: Instant) -> Dossier:
    """The dossier with the acts that its facts call for at `at`."""
    catch_up(Pending(dossier), kind_of(dossier.stream), rules, at)
    return dossier


def state_of(dossier: Dossier, rules: Rulebook, at: Instant) -> list[Any]:
    """What is compared: every clock's reading and every act that stands, without versions."""
    assessment = assess(dossier, kind_of(dossier.stream), rules, at)
    readings = [
        (*each.key, each.state.value, each.due, each.level, each.unit, each.provisional)
        for each in assessment.readings
    ]
    acts = sorted(
        (*key, act.fired.at, act.fired.due, act.fired.act, act.fired.tier, act.fired.unit)
        for key, acts in dossier.acts.items()
        for act in acts
        if act.stands
    )
    return [assessment.chronicle.phase, readings, acts]
