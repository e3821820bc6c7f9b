"""What a dispute says in other dossiers: the objection in its round, the ruling on a verdict.

`consequences` is a pure reading of one dispute. What an event changes is the difference of two
readings, so a voided ruling and a withdrawn objection take back what they had said.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sla_engine.dispute import decide
from sla_engine.dispute.events import DisputeOpened, DisputeRuled
from sla_engine.dispute.kind import DISPUTE, ENDED, about
from sla_engine.dossier.chronicle import read
from sla_engine.dossier.events import ACTS, VerdictSuperseded, Voided
from sla_engine.dossier.fold import Dossier
from sla_engine.escalation.react import Command
from sla_engine.record import ENGINE, Event, Instant, Recorded, type_name
from sla_engine.round.events import Objected, ObjectionRuled, PlaceOverturned


class Consequence(NamedTuple):
    """A fact that should stand in the subject as long as the dispute stands as it does."""

    stream: str
    event: Event
    at: Instant


def consequences(dossier: Dossier) -> list[Consequence]:
    """Everything a dispute says of its subject, in order."""
    if not dossier.exists:
        return []
    opened, chronicle = decide.opening(dossier), read(dossier, DISPUTE)
    found: list[Consequence] = []
    if opened.kind == "objection" and opened.member and chronicle.phase not in ENDED:
        at = dossier.opening.meta.occurred_at
        found.append(Consequence(opened.subject, objection(opened), at))
    fact = decide.ruling(chronicle)
    if fact is not None and isinstance(fact.event, DisputeRuled):
        event = ruling(opened, fact.event)
        if event is not None:
            found.append(Consequence(opened.subject, event, fact.meta.occurred_at))
    return found


def objection(opened: DisputeOpened) -> Objected:
    """The objection that a dispute about a draft is in its round."""
    ground = " ".join(filter(None, (opened.claim, opened.document)))
    return Objected(opened.member, ground, opened.signer or opened.claimant)


def ruling(opened: DisputeOpened, ruled: DisputeRuled) -> Event | None:
    """What a ruling is in the subject; None where it leaves everything as it was."""
    granted = ruled.outcome != "rejected"
    if about(opened) == "place":
        if opened.kind == "objection":
            return ObjectionRuled(opened.member, granted, ruled.document, ruled.place)
        return PlaceOverturned(opened.member, ruled.document, ruled.ruler) if granted else None
    if not granted or not ruled.verdict:
        return None
    clause, cycle, rung = opened.clause, opened.cycle, opened.rung
    return VerdictSuperseded(clause, cycle, ruled.verdict, opened.dispute, rung)


def changes(dossier: Dossier, last: Recorded) -> Sequence[Command]:
    """Commands to the subject that the `last` event of a dispute gives rise to."""
    if last.stream.split("/", 1)[0] != DISPUTE.name or isinstance(last.event, ACTS):
        return ()
    earlier = dossier.until(last.version - 1)
    before, after = consequences(earlier), consequences(dossier)
    gone = [each for each in reversed(before) if each not in after]
    return [
        *(_taken_back(each, earlier, last) for each in gone),
        *(_said(each, dossier) for each in after if each not in before),
    ]


def _said(each: Consequence, dossier: Dossier) -> Command:
    return Command(each.stream, _key(each, dossier), dossier.stream, each.event, each.at)


def _taken_back(each: Consequence, earlier: Dossier, last: Recorded) -> Command:
    key = _key(each, earlier)
    event = Voided(f"{ENGINE}:{key}", "争议情况有变 the dispute changed")
    return Command(each.stream, f"un{key}|{last.version}", earlier.stream, event)


def _key(each: Consequence, dossier: Dossier) -> str:
    """Named after the version since which it has stood, for it may fall and stand again."""
    since = dossier.version
    while since > 1 and each in consequences(dossier.until(since - 1)):
        since -= 1
    return f"{type_name(each.event)}|{dossier.stream}@{since}"
