"""Proposals to load notices and editions: made by one person, approved by another, activated.

What may be proposed is what could be loaded now: a text with faults is refused with all of them.
An operator at the machine loads without a proposal (`calendar load`, `policy activate`).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, Protocol

from sla_engine.errors import refuse, register
from sla_engine.identity import digest
from sla_engine.ports import Log, Transaction, attempt
from sla_engine.record import Draft, Event, Instant, Meta
from sla_engine.rules.events import (
    PROPOSAL,
    ProposalActivated,
    ProposalApproved,
    ProposalMade,
    ProposalRefused,
    ProposalWithdrawn,
)
from sla_engine.rules.proposal import Proposal, decide, fold
from sla_engine.service.campaign import Campaign

PROPOSAL_UNKNOWN = register(
    "PROPOSAL_UNKNOWN",
    "没有提案“{found}”",
    "there is no proposal {found}",
)
PROPOSAL_MOVED = register(
    "PROPOSAL_MOVED",
    "提案{where}已被他人办理（版本 {found}，所见为 {allowed}）",
    "somebody has dealt with proposal {where} meanwhile (version {found}, you saw {allowed})",
    "重新打开后再办理",
    "open it again",
)

KINDS = ("notice", "pack")
_NAME_LENGTH = 12


class By(NamedTuple):
    """Who does something at a screen: `key` makes a form that is sent twice count once."""

    actor: str
    source: str
    key: str = ""
    role: str = ""


class Rules(Protocol):
    """What loads rules (`service.campaign.Campaigns`)."""

    def load_notice(self, text: str) -> Campaign: ...

    def load_packs(self, texts: dict[str, str]) -> Campaign: ...


class Proposals:
    """The proposals of one log."""

    def __init__(self, log: Log, rules: Rules, now: Callable[[], Instant]) -> None:
        self._log = log
        self._rules = rules
        self._now = now

    def all(self) -> Iterator[Proposal]:
        """Every proposal, by its id."""
        for stream in self._log.streams(PROPOSAL):
            yield self.get(stream.removeprefix(PROPOSAL))

    def get(self, name: str) -> Proposal:
        """A proposal as it stands. Raises `Refusal` PROPOSAL_UNKNOWN."""
        events = self._log.read(PROPOSAL + name)
        if not events:
            raise refuse(PROPOSAL_UNKNOWN, "", name)
        return fold(Proposal(name), events)

    def make(self, kind: str, title: str, text: str, by: By, file: str, reason: str) -> Proposal:
        """Somebody proposes a text whose faults have been looked for. The same form sent twice is
        one proposal."""
        assert kind in KINDS
        made = ProposalMade(kind, title, digest(text), text, file, reason)
        name = digest([by.source, by.key, made.digest])[:_NAME_LENGTH]
        if by.key and self._log.read(PROPOSAL + name):
            return self.get(name)
        return self._do(name, made, by, 0)

    def approve(self, name: str, digest: str, by: By, seen: int, reason: str = "") -> Proposal:
        """Raises `Refusal` as `rules.proposal.decide`, PROPOSAL_UNKNOWN, PROPOSAL_MOVED."""
        return self._do(name, ProposalApproved(digest, reason), by, seen)

    def refuse(self, name: str, by: By, seen: int, reason: str = "") -> Proposal:
        """Raises as `approve`."""
        return self._do(name, ProposalRefused(reason), by, seen)

    def withdraw(self, name: str, by: By, seen: int, reason: str = "") -> Proposal:
        """Raises as `approve`."""
        return self._do(name, ProposalWithdrawn(reason), by, seen)

    def activate(self, name: str, by: By) -> Proposal:
        """Load the text that was approved; its campaign has begun and is to be run.

        What was cut off between the two is done again: loading the same text twice changes nothing.
        Raises `Refusal` as `approve`, and with the faults that the text has by now.
        """
        proposal = self.get(name)
        if proposal.state == "activated":
            return proposal
        what = proposal.what
        decide(proposal, ProposalActivated(digest(what.text), ""), by.actor)
        if what.kind == "notice":
            campaign = self._rules.load_notice(what.text)
        else:
            campaign = self._rules.load_packs({what.file: what.text})
        return self._do(name, ProposalActivated(digest(what.text), campaign.id), by, None)

    def _do(self, name: str, event: Event, by: By, seen: int | None) -> Proposal:
        attempt(partial(self._append, name, event, by, seen))
        return self.get(name)

    def _append(self, name: str, event: Event, by: By, seen: int | None) -> None:
        with self._log.transact() as tx:
            proposal = self._found(tx, name, event)
            if seen is not None and proposal.version != seen:
                raise refuse(PROPOSAL_MOVED, name, proposal.version, str(seen))
            now = self._now()
            meta = Meta(
                occurred_at=now, recorded_at=now, actor=by.actor, role=by.role, source=by.source
            )
            draft = Draft(meta, decide(proposal, event, by.actor))
            tx.append(PROPOSAL + name, proposal.version, [draft])

    @staticmethod
    def _found(tx: Transaction, name: str, event: Event) -> Proposal:
        events = tx.load(PROPOSAL + name)
        if not events and not isinstance(event, ProposalMade):
            raise refuse(PROPOSAL_UNKNOWN, "", name)
        return fold(Proposal(name), events)
