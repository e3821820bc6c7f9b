"""A proposal to load a notice or an edition, as its events make it. Pure.

Made by one, approved by another, then activated; what is activated is the very text that was
proposed and approved, by its digest. Nothing happens to it twice.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec.structs import replace

from sla_engine.errors import refuse, register
from sla_engine.identity import digest
from sla_engine.record import Event, Instant, Recorded
from sla_engine.rules.events import (
    ProposalActivated,
    ProposalApproved,
    ProposalMade,
    ProposalRefused,
    ProposalWithdrawn,
)

PROPOSAL_IMPOSSIBLE = register(
    "PROPOSAL_IMPOSSIBLE",
    "提案{where}现为“{found}”，不能这样办理；须为“{allowed}”",
    "proposal {where} is {found}, so this cannot be done; it would have to be {allowed}",
)
OWN_PROPOSAL = register(
    "OWN_PROPOSAL",
    "本人提出的提案须由他人审批",
    "a proposal of one's own is approved or refused by somebody else",
    "请另一名有审批权限的人员办理",
    "ask somebody else who may approve",
)
NOT_OWN_PROPOSAL = register(
    "NOT_OWN_PROPOSAL",
    "只有提出人“{allowed}”可以撤回",
    "only {allowed}, who made it, can take it back",
)
PROPOSAL_TEXT_DIFFERS = register(
    "PROPOSAL_TEXT_DIFFERS",
    "内容摘要 {found} 与提案的 {allowed} 不同",
    "the digest {found} is not the proposal's, {allowed}",
    "重新打开提案，核对内容后再办理",
    "open the proposal again and look at its text",
)

State = Literal["new", "proposed", "approved", "refused", "withdrawn", "activated"]

_FROM: dict[type[Event], tuple[State, ...]] = {
    ProposalMade: ("new",),
    ProposalApproved: ("proposed",),
    ProposalRefused: ("proposed",),
    ProposalWithdrawn: ("proposed", "approved"),
    ProposalActivated: ("approved",),
}
_INTO: dict[type[Event], State] = {
    ProposalMade: "proposed",
    ProposalApproved: "approved",
    ProposalRefused: "refused",
    ProposalWithdrawn: "withdrawn",
    ProposalActivated: "activated",
}
_SAID: dict[State, str] = {
    "new": "未提出 new",
    "proposed": "待审批 proposed",
    "approved": "已批准 approved",
    "refused": "未通过 refused",
    "withdrawn": "已撤回 withdrawn",
    "activated": "已启用 activated",
}


class Proposal(msgspec.Struct, frozen=True):
    """A proposal as it stands. `made`: None before it was made; `by` proposed it, `decided_by`
    approved, refused or withdrew it; `campaign`: "" before it was activated."""

    id: str
    version: int = 0
    state: State = "new"
    made: ProposalMade | None = None
    by: str = ""
    at: Instant = 0
    decided_by: str = ""
    decided_at: Instant = 0
    remark: str = ""
    campaign: str = ""

    @property
    def what(self) -> ProposalMade:
        """What is proposed, by a proposal that was made."""
        assert self.made is not None, "a proposal begins with its making"
        return self.made

    @property
    def pending(self) -> bool:
        """Whether somebody has still to do something about it."""
        return self.state in ("proposed", "approved")


def fold(proposal: Proposal, events: Iterable[Recorded]) -> Proposal:
    """The proposal after further events. Cannot fail: what is in the log was decided."""
    for each in events:
        proposal = _after(proposal, each)
    return proposal


def _after(proposal: Proposal, recorded: Recorded) -> Proposal:
    event, meta = recorded.event, recorded.meta
    moved = replace(proposal, version=recorded.version, state=_INTO[type(event)])
    if isinstance(event, ProposalMade):
        return replace(moved, made=event, by=meta.actor, at=meta.recorded_at)
    if isinstance(event, ProposalActivated):
        return replace(moved, campaign=event.campaign)
    remark = getattr(event, "reason", "")
    return replace(moved, decided_by=meta.actor, decided_at=meta.recorded_at, remark=remark)


def decide(proposal: Proposal, event: Event, actor: str) -> Event:
    """The event to record when `actor` does this to the proposal.

    Raises `Refusal` PROPOSAL_IMPOSSIBLE, OWN_PROPOSAL, NOT_OWN_PROPOSAL or PROPOSAL_TEXT_DIFFERS.
    """
    wanted = _FROM[type(event)]
    if proposal.state not in wanted:
        allowed = " / ".join(_SAID[each] for each in wanted)
        raise refuse(PROPOSAL_IMPOSSIBLE, proposal.id, _SAID[proposal.state], allowed)
    if isinstance(event, ProposalApproved | ProposalRefused) and actor == proposal.by:
        raise refuse(OWN_PROPOSAL, proposal.id, actor)
    if isinstance(event, ProposalWithdrawn) and actor != proposal.by:
        raise refuse(NOT_OWN_PROPOSAL, proposal.id, actor, proposal.by)
    _check_digest(proposal, event)
    return event


def _check_digest(proposal: Proposal, event: Event) -> None:
    if isinstance(event, ProposalMade):
        _same(proposal.id, event.digest, digest(event.text))
    elif isinstance(event, ProposalApproved | ProposalActivated):
        _same(proposal.id, event.digest, proposal.what.digest)


def _same(name: str, found: str, right: str) -> None:
    if found != right:
        raise refuse(PROPOSAL_TEXT_DIFFERS, name, found[:12], right[:12])
