"""A unit's tally takes what the engine counts; all there is to check is the envelope."""

from collections.abc import Sequence

from sla_engine.dossier.decide import common_faults
from sla_engine.dossier.fold import Dossier
from sla_engine.errors import Refusal
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant
from sla_engine.unit.kind import UNIT


def decide(
    dossier: Dossier, draft: Draft, _rules: Rulebook, now: Instant, tolerance: int = 0
) -> Sequence[Draft]:
    """What to record for `draft`; raises `Refusal` naming every fault."""
    _, faults = common_faults(dossier, UNIT, draft, now, tolerance)
    if faults:
        raise Refusal(faults)
    return [draft]
