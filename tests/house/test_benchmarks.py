"""Every published claim about speed runs, and its contenders agree, at a size nobody notices."""

import pytest

from benchmarks.harness import Claim, Contender, Disagreement, Race, as_table, claims, run


@pytest.mark.parametrize("claim", list(claims()), ids=lambda claim: claim.name)
def test_the_claim_runs_and_every_contender_gives_our_answers(claim: Claim) -> None:
    rows = run(claim, claim.small, rounds=1)
    assert len(rows) > 1, "a claim compares ours with something"
    assert all(row.ns_per_case > 0 for row in rows)


def doubling(wrong: bool) -> Claim:
    ours = Contender("ours", lambda cases: lambda: [2 * case for case in cases])
    peer = Contender("peer", lambda cases: lambda: [str(2 * case + wrong) for case in cases], int)
    return Claim("doubling", lambda size: Race(range(size), [ours, peer]), 3, 30)


def test_a_contender_whose_answers_differ_is_not_timed() -> None:
    with pytest.raises(Disagreement, match="peer says 1 to case 0, ours says 0"):
        run(doubling(wrong=True), 3, rounds=1)


def test_contenders_that_agree_carry_the_same_digest_and_a_ratio_to_ours() -> None:
    ours, peer = run(doubling(wrong=False), 3, rounds=2)
    assert ours.answers == peer.answers
    assert ours.times_ours == 1
    assert peer.times_ours == pytest.approx(peer.ns_per_case / ours.ns_per_case)
    assert "doubling" in as_table([ours, peer])
