"""Facts of a dispute: who disputes what, what was run again to look at it, what was ruled.

Reasons in words stand in documents, which are named by reference: the log holds none of them.
"""

from sla_engine.record import Event, Instant, wire


@wire("dispute.opened/1", rank=0)
class DisputeOpened(Event):
    """提出争议. `kind` is "objection" (榜单异议), "review" (复核) or "appeal" (申诉).

    `subject` is the stream of the dossier in dispute. What of it: a clock's verdict (`clause`,
    `cycle`), one of its acts (`rung` and its `act` number besides), or a member's place on a board
    (`member`). `claim` is a code of `dispute.decide.CLAIMS`, `remedy` the verdict asked for.
    `claimant` and `office` are the unit that claims and the one that rules; `signer` signed for
    the claimant, by post. `told_at`: when the claimant was told, from which the time to dispute
    runs; left out, as the log has it. `appeals` names the dispute against whose ruling it goes.
    """

    dispute: str
    pack: str
    kind: str
    subject: str
    claim: str
    claimant: str
    region: str = ""
    clause: str = ""
    cycle: str = ""
    rung: str = ""
    act: int | None = None
    member: str = ""
    remedy: str = ""
    ground: str = ""
    office: str = ""
    signer: str = ""
    document: str = ""
    appeals: str = ""
    told_at: Instant | None = None


@wire("dispute.admitted/1", rank=10)
class DisputeAdmitted(Event):
    """受理."""

    approver: str = ""
    document: str = ""


@wire("dispute.refused/1", rank=11)
class DisputeRefused(Event):
    """不予受理; `ground` is a code of `dispute.decide.REFUSALS`."""

    ground: str
    approver: str = ""
    document: str = ""


@wire("dispute.evidence_filed/1", rank=20)
class EvidenceFiled(Event):
    """提交证据, by reference and, where there is one, with the digest of the document."""

    document: str
    digest: str = ""


@wire("dispute.replay_run/1", rank=30)
class ReplayRun(Event):
    """复算: the log of the subject was replayed under a `question` (compact JSON).

    `inputs` and `result` are the digests of what went in and what came out; whoever asks the same
    again meets them again. `finding`: the verdict it came to, and its due instant as text.
    """

    question: str
    inputs: str
    result: str
    finding: str = ""


@wire("dispute.ruled/1", rank=40)
class DisputeRuled(Event):
    """裁定: `outcome` is "upheld", "partly" or "rejected"; `document` the written ruling.

    `verdict` takes the place of a clock's ("met", "late", "excluded"), of an act it says whether
    it stands ("late") or falls ("excluded"). `place` is the one the member has from now on, "" for
    none. `ground` is the claim that was found true.
    """

    outcome: str
    ruler: str
    document: str
    verdict: str = ""
    place: str = ""
    ground: str = ""


@wire("dispute.withdrawn/1", rank=50)
class DisputeWithdrawn(Event):
    """撤回争议, by whoever opened it."""

    document: str = ""
