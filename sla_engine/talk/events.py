"""Facts of a talk. A talk runs in rounds; each round has a tier and its own clocks."""

from sla_engine.record import Event, Instant, wire


@wire("talk.proposed/1", rank=0)
class TalkProposed(Event):
    """提请: who is to be talked to, at which tier, why. Opens round 1.

    A person who begins above tier 1 names the `approver`.
    """

    talk: str
    pack: str
    region: str
    unit: str
    tier: int
    causes: tuple[str, ...]
    petitions: tuple[str, ...] = ()
    approver: str = ""


@wire("talk.cause_attached/1", rank=2)
class CauseAttached(Event):
    """A later trigger joins the open talk of the same unit."""

    cause: str
    petition: str = ""


@wire("talk.cause_overturned/1", rank=3)
class CauseOverturned(Event):
    """A trigger was withdrawn; when the last one falls the talk is withdrawn."""

    cause: str


@wire("talk.tier_raised/1", rank=4)
class TierRaised(Event):
    """升级: a new round at a higher tier. A direct jump by a person names its `approver`."""

    tier: int
    reason: str
    approver: str = ""


@wire("talk.approved/1", rank=10)
class TalkApproved(Event):
    """批准."""

    approver: str


@wire("talk.refused/1", rank=11)
class TalkRefused(Event):
    """不予批准: ends the talk."""

    approver: str
    reason: str


@wire("talk.notified/1", rank=20)
class TalkNotified(Event):
    """约谈通知书已送达: its number, when and where to come, who."""

    number: str
    scheduled_at: Instant
    place: str = ""
    person: str = ""
    materials: tuple[str, ...] = ()


@wire("talk.postponed/1", rank=21)
class TalkPostponed(Event):
    """延期举行, with a coded reason."""

    scheduled_at: Instant
    reason: str


@wire("talk.held/1", rank=30)
class TalkHeld(Event):
    """约谈实施. `delegated`: a deputy came; where that is barred it counts as a no-show."""

    attendees: tuple[str, ...] = ()
    delegated: bool = False


@wire("talk.no_show/1", rank=31)
class NoShow(Event):
    """缺席."""

    note: str = ""


@wire("talk.no_show_excused/1", rank=32)
class NoShowExcused(Event):
    """缺席有正当理由: the talk is to be notified anew."""

    reason: str
    approver: str


@wire("talk.minuted/1", rank=40)
class TalkMinuted(Event):
    """约谈记录已签."""

    document: str
    requirements: tuple[str, ...] = ()


@wire("talk.plan_filed/1", rank=50)
class PlanFiled(Event):
    """整改清单已提交: one line each of item, measure, owner, deadline, acceptance test."""

    document: str
    items: tuple[str, ...] = ()


@wire("talk.plan_accepted/1", rank=51)
class PlanAccepted(Event):
    """整改清单认可."""

    approver: str = ""


@wire("talk.plan_returned/1", rank=51)
class PlanReturned(Event):
    """整改清单退回."""

    reason: str


@wire("talk.rectification_reported/1", rank=60)
class RectificationReported(Event):
    """整改反馈."""

    document: str
    signer: str = ""


@wire("talk.rectification_verified/1", rank=70)
class RectificationVerified(Event):
    """核查通过; the verifier is not the owner."""

    verifier: str
    method: str = ""


@wire("talk.rectification_rejected/1", rank=70)
class RectificationRejected(Event):
    """整改不到位: leads to the next tier."""

    verifier: str
    reason: str


@wire("talk.struck_off/1", rank=80)
class StruckOff(Event):
    """销号."""

    document: str
    approver: str = ""


@wire("talk.rebounded/1", rank=81)
class Rebounded(Event):
    """反弹: a struck-off matter came back; never deletes the strike-off."""

    reason: str


@wire("talk.withdrawn/1", rank=85)
class TalkWithdrawn(Event):
    """撤销: its ground fell away; `recalled` are those who had been notified (撤销通知书)."""

    reason: str
    recalled: tuple[str, ...] = ()
