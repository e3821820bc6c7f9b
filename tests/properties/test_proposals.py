"""Whatever people try with a proposal: nobody approves their own, nothing happens twice, and what
is activated is what was proposed and approved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.errors import Refusal
from sla_engine.identity import digest
from sla_engine.record import Event, Meta, Recorded
from sla_engine.rules.events import (
    ProposalActivated,
    ProposalApproved,
    ProposalMade,
    ProposalRefused,
    ProposalWithdrawn,
)
from sla_engine.rules.proposal import Proposal, decide, fold

PEOPLE = ("甲", "乙", "丙")
TEXTS = ("text one", "text two")

_digests = st.sampled_from(TEXTS).map(digest)
_events: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from(TEXTS).map(lambda text: ProposalMade("notice", "n", digest(text), text)),
    st.just(ProposalMade("notice", "n", "0" * 64, TEXTS[0])),
    st.builds(ProposalApproved, _digests),
    st.just(ProposalRefused("no")),
    st.just(ProposalWithdrawn()),
    st.builds(ProposalActivated, _digests, st.just("notice-1")),
)
Tries = list[tuple[Event, str]]


def lived(tries: Tries) -> tuple[Proposal, list[Recorded]]:
    """The proposal after everything that was tried, and what of it was recorded."""
    proposal, log = Proposal("p"), list[Recorded]()
    for event, actor in tries:
        try:
            decided = decide(proposal, event, actor)
        except Refusal:
            continue
        meta = Meta(occurred_at=len(log), recorded_at=len(log), actor=actor)
        log.append(Recorded("proposal/p", len(log) + 1, 0, meta, decided))
        proposal = fold(proposal, log[-1:])
    return proposal, log


_tries = st.lists(st.tuples(_events, st.sampled_from(PEOPLE)), max_size=14)


@given(_tries)
def test_nobody_decides_on_their_own_proposal(tries: Tries) -> None:
    _, log = lived(tries)
    for each in log:
        if isinstance(each.event, ProposalApproved | ProposalRefused):
            assert each.meta.actor != log[0].meta.actor
        if isinstance(each.event, ProposalWithdrawn):
            assert each.meta.actor == log[0].meta.actor


@given(_tries)
def test_nothing_happens_to_it_twice(tries: Tries) -> None:
    _, log = lived(tries)
    kinds = [type(each.event) for each in log]
    assert len(kinds) == len(set(kinds))
    assert kinds[:1] in ([], [ProposalMade])


@given(_tries)
def test_what_is_activated_is_the_text_that_was_proposed_and_approved(tries: Tries) -> None:
    proposal, log = lived(tries)
    if proposal.state != "activated":
        return
    made, approved, activated = (each.event for each in log)
    assert isinstance(made, ProposalMade)
    assert isinstance(approved, ProposalApproved)
    assert isinstance(activated, ProposalActivated)
    assert digest(made.text) == made.digest == approved.digest == activated.digest


@given(_tries)
def test_it_reads_the_same_from_its_log_as_it_was_lived(tries: Tries) -> None:
    proposal, log = lived(tries)
    assert fold(Proposal("p"), log) == proposal


@given(_tries)
def test_what_has_ended_stays_so(tries: Tries) -> None:
    proposal, _ = lived(tries)
    ended = proposal.state in ("refused", "withdrawn", "activated")
    assert proposal.pending is (proposal.state in ("proposed", "approved"))
    if not ended:
        return
    for event in (ProposalApproved(""), ProposalRefused(""), ProposalWithdrawn()):
        for actor in PEOPLE:
            with pytest.raises(Refusal) as refusal:
                decide(proposal, event, actor)
            assert refusal.value.code == "PROPOSAL_IMPOSSIBLE"
