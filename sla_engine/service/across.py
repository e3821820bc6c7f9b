"""What a decision about one dossier has to know of another: merges, predecessors, routes, finality,
disputed verdicts.

Everything else about a fact is decided from its own dossier alone.
"""

from collections.abc import Callable

import msgspec

from sla_engine.dispute.events import DisputeOpened, DisputeRuled, ReplayRun
from sla_engine.dossier.chronicle import read
from sla_engine.dossier.decide import placed
from sla_engine.dossier.fold import Dossier
from sla_engine.dossier.pending import Pending
from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.item.events import ItemListed, ItemStarted
from sla_engine.item.kind import CANCELLED, ITEM, STRUCK_OFF
from sla_engine.petition.decide import ROUTE_NONE
from sla_engine.petition.events import Dispatched, Merged, Registered
from sla_engine.petition.kind import PETITION
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft
from sla_engine.roster.kind import ROSTER, holders
from sla_engine.round.events import ObjectionRuled
from sla_engine.service import dispute
from sla_engine.service.merge import check_merge
from sla_engine.sla.cycle import rules_for
from sla_engine.sla.permit import final

PREDECESSOR_OPEN = register(
    "PREDECESSOR_OPEN",
    "前序事项 {found} 尚未销号",
    "item {found} comes before this one and has not been struck off",
    "先完成前序事项，或写明 despite（容缺、函证并行）",
    "finish that one first, or name a ground in `despite`",
)
MATTER_FINAL = register(
    "MATTER_FINAL",
    "诉求件 {found} 已终结，同一事实和理由不再受理",
    "petition {found} has been finally closed; the same facts and reasons are not taken again",
    "有新的事实和理由的，去掉 same_as 重新登记",
    "where there are new facts or reasons, register it without same_as",
)

Open = Callable[[str], Pending]


def check(dossier: Dossier, draft: Draft, open_: Open, rules: Rulebook) -> None:
    """Raises `Refusal` when another dossier speaks against a fact."""
    event = draft.event
    if isinstance(event, Merged):
        check_merge(dossier, draft, open_, rules)
    elif isinstance(event, ItemStarted) and not event.despite and dossier.exists:
        _check_predecessors(dossier, draft, open_)
    elif isinstance(event, Registered) and event.same_as:
        _check_final(draft, event.same_as, open_, rules)
    elif isinstance(event, DisputeOpened | DisputeRuled | ObjectionRuled | ReplayRun):
        dispute.check(dossier, draft, open_, rules)


def _check_predecessors(dossier: Dossier, draft: Draft, open_: Open) -> None:
    listed = dossier.opening.event
    assert isinstance(listed, ItemListed), "an item begins with its listing"
    faults = [
        Fault(PREDECESSOR_OPEN, "after", name)
        for name in listed.after
        if _phase_at(open_(f"item/{name}").dossier, draft) not in (STRUCK_OFF, CANCELLED)
    ]
    if faults:
        raise Refusal(faults)


def _phase_at(item: Dossier, draft: Draft) -> str:
    """The phase of another item at the instant of a draft; what is of that instant is over."""
    after = msgspec.structs.replace(draft.meta, occurred_at=draft.meta.occurred_at + 1, seq=-1)
    return read(item, ITEM, placed(item, Draft(after, draft.event))).phase


def _check_final(draft: Draft, no: str, open_: Open, rules: Rulebook) -> None:
    earlier = open_(f"petition/{no}").dossier
    if earlier.exists and final(earlier, PETITION, rules, draft.meta.occurred_at):
        raise refuse(MATTER_FINAL, "same_as", no)


def complete(dossier: Dossier, draft: Draft, open_: Open, rules: Rulebook) -> Draft:
    """A dispatch that names no unit goes where the catalogue of the pack says; a dispute is told
    by its subject what it does not say itself."""
    event = draft.event
    if isinstance(event, DisputeOpened):
        return dispute.complete(draft, open_, rules)
    if not isinstance(event, Dispatched) or event.unit or not dossier.exists:
        return draft
    pack, _ = rules_for(dossier, PETITION, draft, rules)
    chronicle = read(dossier, PETITION)
    traits = {**chronicle.traits, "assignment_level": event.level}
    for route in pack.routes:
        if not route.match(traits):
            continue
        region = traits["region"] or pack.region
        unit = route.unit or _of_role(route.role, region, draft, open_)
        if unit:
            level = event.level or route.level
            return Draft(draft.meta, msgspec.structs.replace(event, unit=unit, level=level))
    found = ", ".join(f"{name}={value}" for name, value in traits.items() if value)
    raise refuse(ROUTE_NONE, "unit", found)


def _of_role(role: str, region: str, draft: Draft, open_: Open) -> str:
    """The unit of whoever holds a role in the region at that time."""
    roster = open_(f"roster/{region}").dossier
    if not roster.exists:
        return ""
    held = holders(read(roster, ROSTER), role, "", draft.meta.occurred_at)
    return next((each.unit for each in held if each.unit), "")
