"""Facts and acts that any dossier may hold.

Facts say what was so. Acts say what the engine did about it; each act has a key derived from its
cause, so the same cause never acts twice.
"""

import msgspec

from sla_engine.record import Event, Instant, wire


class Carried(msgspec.Struct, frozen=True, array_like=True):
    """Which of two clocks of one clause is kept when its dossiers are merged: the other's that
    `began` then, as it stood; None: its own, and what is taken over starts none.

    `pauses` are grounds with what was held up on them, [begin, end); `extensions` the requests that
    had taken effect, with amount and approver.
    """

    clause: str
    began: Instant | None = None
    pauses: tuple[tuple[str, Instant, Instant], ...] = ()
    extensions: tuple[tuple[str, str, str], ...] = ()


@wire("dossier.step_done/1", rank=40)
class StepDone(Event):
    """A milestone named by the pack, e.g. `onsite_arrived`, `feedback_to_platform`."""

    step: str
    assignment: str = ""
    evidence: str = ""


@wire("dossier.suspended/1", rank=60)
class Suspended(Event):
    """中止: clocks that honour `ground` stand still from here (rules D14, D15)."""

    ground: str
    document: str = ""
    expected_until: Instant | None = None


@wire("dossier.resumed/1", rank=61)
class Resumed(Event):
    """恢复: the open suspension ends."""


@wire("dossier.extension_requested/1", rank=45)
class ExtensionRequested(Event):
    """延期申请 for one clause; `request` names it, `amount` is text such as "5个工作日"."""

    request: str
    clause: str
    amount: str
    ground: str = ""
    requester: str = ""


@wire("dossier.extension_granted/1", rank=46)
class ExtensionGranted(Event):
    """延期批准; `amount` empty means as requested (rule D12)."""

    request: str
    approver: str
    amount: str = ""


@wire("dossier.extension_denied/1", rank=46)
class ExtensionDenied(Event):
    """延期不予批准."""

    request: str
    approver: str = ""
    reason: str = ""


@wire("dossier.voided/1", rank=90)
class Voided(Event):
    """A fact turned out not to be so. `fact` is "source:key" or "@version"; history stays."""

    fact: str
    ground: str
    document: str = ""


@wire("dossier.verdict_superseded/1", rank=85)
class VerdictSuperseded(Event):
    """改判: a ruling on a clock takes the place of its verdict, which stays as it was computed.

    `verdict` is "met", "late" or "excluded" (it counts in no rate); `dispute` is where it was
    ruled. `rung`: the ruling is about that act alone, which falls with "excluded" and stands again
    with "late".
    """

    clause: str
    cycle: str
    verdict: str
    dispute: str
    rung: str = ""


@wire("dossier.rung_fired/1", rank=99)
class RungFired(Event):
    """An act of the ladder. `due` is the legal instant; the envelope says when it was recorded.

    `silent` says why nobody was told: "" (told), "history", "overturned", "superseded".
    """

    clause: str
    cycle: str
    version: int
    rung: str
    level: int
    act: str
    due: Instant
    at: Instant
    tier: int = 0
    to: tuple[str, ...] = ()
    unit: str = ""
    silent: str = ""


@wire("dossier.rung_withdrawn/1", rank=99)
class RungWithdrawn(Event):
    """An act whose ground fell away; `overturned_by` is the version of the fact that did it."""

    clause: str
    cycle: str
    version: int
    rung: str
    overturned_by: int
    reason: str = ""
    silent: str = ""


@wire("dossier.term_refixed/1", rank=99)
class TermRefixed(Event):
    """A calendar or pack revision met an open clock: old and new due side by side.

    The new digests are in the envelope. `effective` is when the revision was published: judgments
    made before it stand. `floor` is set when the pack forbids shortening a notified term.
    """

    clause: str
    cycle: str
    old_due: Instant | None
    new_due: Instant | None
    effective: Instant
    reason: str
    floor: Instant | None = None


@wire("dossier.anomaly_noted/1", rank=99)
class AnomalyNoted(Event):
    """Something arrived that should not be: kept visible, never silently dropped."""

    code: str
    where: str = ""
    found: str = ""


ACTS = (RungFired, RungWithdrawn, TermRefixed, AnomalyNoted)
