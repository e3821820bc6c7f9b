"""May this fact about a roster be true?"""

from collections.abc import Sequence

from sla_engine.dossier.decide import common_faults
from sla_engine.dossier.fold import Dossier
from sla_engine.errors import Fault, Refusal, register
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant
from sla_engine.roster.events import Relieved
from sla_engine.roster.kind import ROSTER, holdings

NOT_IN_OFFICE = register(
    "NOT_IN_OFFICE",
    "“{found}”当时没有任此职，无从免除；在任：{allowed}",
    "{found} does not hold this role then; who does: {allowed}",
)


def decide(
    dossier: Dossier, draft: Draft, _rules: Rulebook, now: Instant, tolerance: int = 0
) -> Sequence[Draft]:
    """What to record for `draft`; raises `Refusal` naming every fault."""
    chronicle, faults = common_faults(dossier, ROSTER, draft, now, tolerance)
    event = draft.event
    if isinstance(event, Relieved) and not faults:
        held = [each for each in holdings(chronicle) if each.until is None]
        ours = [
            each.holder for each in held if (each.role, each.about) == (event.role, event.about)
        ]
        if event.holder not in ours:
            faults.append(Fault(NOT_IN_OFFICE, "holder", event.holder, ", ".join(ours) or "-"))
    if faults:
        raise Refusal(faults)
    return [draft]
