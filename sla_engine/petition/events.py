"""Facts of a petition. No personal data: a petitioner is a reference and a salted commitment."""

from collections.abc import Mapping

from sla_engine.dossier.events import Carried
from sla_engine.record import Event, Instant, wire


@wire("petition.registered/1", rank=0)
class Registered(Event):
    """登记: the petition exists.

    `kind` is 咨询/求助/建议/投诉/举报…, `subject` who asks (enterprise, person), `urgency` and
    `matter` are what clauses may match. `pack` names the policy pack that governs it. `same_as` is
    an earlier petition about the same facts; one that has been finally closed is not taken again.
    """

    no: str
    pack: str
    kind: str
    region: str
    channel: str = ""
    subject: str = ""
    urgency: str = "normal"
    matter: str = ""
    petitioner: str = ""
    commitment: str = ""
    historic: bool = False
    same_as: str = ""


@wire("petition.admitted/1", rank=5)
class Admitted(Event):
    """受理."""

    document: str = ""


@wire("petition.declined/1", rank=6)
class Declined(Event):
    """不予受理, with the ground told to the petitioner."""

    ground: str


@wire("petition.dispatched/1", rank=10)
class Dispatched(Event):
    """派单 (with `replaces`: 改派). `assignment` names this handling by this unit."""

    unit: str
    assignment: str
    lead: bool = True
    replaces: str = ""
    level: str = ""


@wire("petition.accepted/1", rank=20)
class Accepted(Event):
    """签收 by the unit of `assignment` (empty: the current one)."""

    assignment: str = ""


@wire("petition.return_requested/1", rank=25)
class ReturnRequested(Event):
    """退单申请 with its reason and basis; the holder stays liable until it is ruled (D17)."""

    reason: str
    basis: str = ""
    assignment: str = ""


@wire("petition.return_ruled/1", rank=26)
class ReturnRuled(Event):
    """退单裁定: granted ends the assignment, refused leaves it where it is."""

    granted: bool
    reason: str = ""
    assignment: str = ""


@wire("petition.resolved/1", rank=70)
class Resolved(Event):
    """办结."""

    outcome: str = "solved"
    assignment: str = ""
    document: str = ""


@wire("petition.callback_done/1", rank=75)
class CallbackDone(Event):
    """回访. An unsatisfied callback may lead to rework. `answers` by the pack's question: "yes",
    "partly" or "no"."""

    satisfied: bool
    solved: bool = True
    method: str = ""
    answers: Mapping[str, str] = {}


@wire("petition.rated/1", rank=76)
class Rated(Event):
    """用后评价 by whoever asked; `scores` in points from 0 to 100 by dimension."""

    satisfied: bool
    solved: bool = True
    scores: Mapping[str, float] = {}


@wire("petition.rework_ordered/1", rank=78)
class ReworkOrdered(Event):
    """重办: a new assignment after resolution; the first closure is not rewritten (D19, D20)."""

    unit: str
    assignment: str
    reason: str
    linked: str = ""


@wire("petition.closed/1", rank=80)
class Closed(Event):
    """归档."""

    document: str = ""


@wire("petition.merged/1", rank=85)
class Merged(Event):
    """并单: this petition is a duplicate; `into` carries on and keeps the earliest clock (D19)."""

    into: str


@wire("petition.absorbed/1", rank=85)
class Absorbed(Event):
    """The other side of a merge: `anchors` are the duplicate's marks and instants, `carried` says
    which clock is kept where one of the two had been held up or extended."""

    duplicate: str
    anchors: tuple[tuple[str, Instant], ...]
    carried: tuple[Carried, ...] = ()


@wire("petition.excluded/1", rank=88)
class Excluded(Event):
    """剔除: not to count in the statistics, on a coded ground; `measures` names the rates it is
    left out of, none means all of them."""

    exclusion: str
    ground: str
    approver: str
    measures: tuple[str, ...] = ()


@wire("petition.exclusion_lifted/1", rank=89)
class ExclusionLifted(Event):
    """恢复计入: an exclusion is reversed; both stay on record."""

    exclusion: str
    approver: str
    reason: str


@wire("petition.withdrawn/1", rank=86)
class Withdrawn(Event):
    """撤诉 by the petitioner."""

    reason: str = ""
