"""May this fact about a list item be true?"""

from collections.abc import Iterator, Sequence
from datetime import date

from sla_engine.dossier.chronicle import Chronicle
from sla_engine.dossier.decide import VERIFIER_IS_OWNER, common_faults
from sla_engine.dossier.fold import Dossier
from sla_engine.errors import Fault, Refusal, register
from sla_engine.item.events import ItemListed, ItemReported, ItemStarted, ItemVerified
from sla_engine.item.kind import ITEM
from sla_engine.policy.clause import ListRules, Pack
from sla_engine.policy.faults import unknown
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Instant
from sla_engine.sla.cycle import rules_for, term_of
from sla_engine.sla.permit import pack_faults
from sla_engine.worktime import Amount, Calendar, reckon

LIST_NOT_IN_PACK = register(
    "LIST_NOT_IN_PACK",
    "政策包没有清单“{found}”；可用：{allowed}",
    "the pack has no list {found}; it has: {allowed}",
)
LIMIT_FORMAT = register(
    "LIMIT_FORMAT",
    "期限“{found}”看不懂，写成{allowed}这样的形式",
    "the limit {found!r} cannot be read; write it like {allowed}",
)
LIMIT_RANGE = register(
    "LIMIT_RANGE",
    "期限“{found}”超出日历可以推算的年份",
    "the limit {found!r} lies beyond the years that can be reckoned",
)
DESPITE_UNKNOWN = register(
    "DESPITE_UNKNOWN",
    "“{found}”不能作为提前开始的理由；可用：{allowed}",
    "an item cannot start early on {found}; grounds: {allowed}",
)
ITEM_NEEDS = register(
    "ITEM_NEEDS",
    "尚缺环节“{found}”，不能销号",
    "it cannot be struck off before {found}",
)


def decide(
    dossier: Dossier, draft: Draft, rules: Rulebook, now: Instant, tolerance: int = 0
) -> Sequence[Draft]:
    """What to record for `draft`; raises `Refusal` naming every fault."""
    chronicle, faults = common_faults(dossier, ITEM, draft, now, tolerance)
    if faults:
        raise Refusal(faults)
    pack, calendar = rules_for(dossier, ITEM, draft, rules)
    listed = dossier.opening.event if dossier.exists else draft.event
    name = ITEM.traits(listed)["list"]
    if name not in pack.lists:
        raise Refusal(unknown(LIST_NOT_IN_PACK, "list", name, pack.lists))
    faults = list(pack_faults(dossier, chronicle, draft, pack, rules))
    faults += _own_faults(chronicle, draft, pack.lists[name])
    if isinstance(draft.event, ItemListed) and not faults:
        faults += _reach_faults(draft, draft.event, pack, calendar, rules)
    if faults:
        raise Refusal(faults)
    return [draft]


def _own_faults(chronicle: Chronicle, draft: Draft, rules: ListRules) -> Iterator[Fault]:
    event = draft.event
    if isinstance(event, ItemListed) and event.limit:
        yield from _limit_faults(event.limit)
    if isinstance(event, ItemStarted) and event.despite and event.despite not in rules.despite:
        yield unknown(DESPITE_UNKNOWN, "despite", event.despite, rules.despite)
    if isinstance(event, ItemVerified):
        if event.verifier in _owners(chronicle):
            yield Fault(VERIFIER_IS_OWNER, "verifier", event.verifier)
        done = {mark.name for mark in chronicle.marks}
        for step in rules.needs:
            if step not in done:
                yield Fault(ITEM_NEEDS, "needs", step)


def _limit_faults(limit: str) -> Iterator[Fault]:
    try:
        date.fromisoformat(limit)
    except ValueError:
        try:
            Amount.parse(limit)
        except Refusal:
            yield Fault(LIMIT_FORMAT, "limit", limit, "10个工作日 / 30日 / 2024-06-30")


def _reach_faults(
    draft: Draft, event: ItemListed, pack: Pack, calendar: Calendar, rules: Rulebook
) -> Iterator[Fault]:
    """A limit of its own that the clocks could not reckon would stop all of the item's clocks."""
    at, traits = draft.meta.occurred_at, ITEM.traits(event)
    for clause in pack.clauses:
        if event.limit and clause.own_limit and clause.match(traits):
            try:
                term = term_of(clause, event.limit, at, calendar)
                reckon(term, at, rules.timetable(pack, clause.hours, calendar))
            except Refusal:
                yield Fault(LIMIT_RANGE, "limit", event.limit)
                return


def _owners(chronicle: Chronicle) -> set[str]:
    """Whoever owes the item or signed its report."""
    people = {lane.traits["person"] for lane in chronicle.lanes.all.values()}
    signers = {f.event.signer for f in chronicle.facts if isinstance(f.event, ItemReported)}
    return (people | signers) - {""}
