"""Acts ready made: what a clock will do by itself if nothing more is learned of its dossier.

A row of the alarm index carries, as `plan`, the steps its clock has still to take. A sweep can then
record what has come without reading the stream, and what it records is what `catch_up` would have
recorded. Whoever adds to a stream writes its rows in the same transaction, so a plan is as true as
the alarm beside it, and firing one clock changes no other's. What may change without a word in the
stream is the calendar: a plan holds while the calendar known is the one it was made by (`rules`).

Where an act depends on more than its own clock, there is no plan, and the dossier is read.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from sla_engine.dossier.events import RungFired
from sla_engine.errors import Refusal
from sla_engine.escalation.alarms import DAY, alarm_rows, recorded, row_of
from sla_engine.escalation.react import NEXT_TIER, TALK
from sla_engine.policy.clause import Pack, Rung
from sla_engine.policy.rulebook import Rulebook
from sla_engine.policy.vocabulary import OPEN_NEXT
from sla_engine.ports import AlarmRow, Claim
from sla_engine.record import ENGINE, Draft, Instant, Meta
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.sla.schedule import Firing
from sla_engine.sla.standing import noted

EDITION = 3
"""Of the plans; a plan of another edition is not fired from."""


class Step(msgspec.Struct, frozen=True, array_like=True):
    """A rung that is reached at `at`; `version` is the number of its earlier firings."""

    rung: str
    at: Instant
    version: int = 0


class Plan(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`place` is where the clock stands among those of its dossier; `pack` and `calendar` are the
    digests that its acts are stamped with."""

    edition: int
    pack: str
    calendar: str
    region: str
    place: int
    steps: Sequence[Step]


class Ready(NamedTuple):
    """What a sweep is to write: the acts in their order, and the rows of the clocks they are of."""

    drafts: Sequence[Draft]
    rows: Sequence[AlarmRow]


class _Due(NamedTuple):
    """A step that has come, of one clock, with its rung."""

    row: AlarmRow
    plan: Plan
    step: Step
    rung: Rung

    @property
    def order(self) -> tuple[Instant, int, int]:
        return (self.step.at, self.rung.level, self.plan.place)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Plan).decode


# ---------------------------------------------------------------------------------------- arming


def armed_rows(
    assessment: Assessment, rules: Rulebook, short_term: Instant = DAY
) -> Sequence[AlarmRow]:
    """`alarm_rows` with plans, for a dossier on which everything due has been recorded."""
    if not _settled(assessment):
        return alarm_rows(assessment, short_term)
    arm = _Arming(assessment, rules, short_term)
    return [arm(place, reading) for place, reading in enumerate(assessment.readings)]


class _Arming:
    """The rows of one dossier, with plans."""

    def __init__(self, assessment: Assessment, rules: Rulebook, short_term: Instant) -> None:
        self._assessment = assessment
        self._rules = rules
        self._short_term = short_term
        self._region = assessment.chronicle.traits.get("region", "")
        self._known: dict[str, str] = {}

    def __call__(self, place: int, reading: Reading) -> AlarmRow:
        pack = reading.cycle.pack
        known = self._digest(pack, self._region or pack.region)
        arm = partial(self._armed, place, reading, known)
        return noted("armed", self._assessment, reading, (place, known, self._short_term), arm)

    def _armed(self, place: int, reading: Reading, known: str) -> AlarmRow:
        row = row_of(self._assessment, reading, self._short_term)
        if row.alarm_at is None:
            return row
        steps = _steps(self._assessment, reading)
        if not steps or steps[0].at != row.alarm_at:
            return row
        pack, pinned = reading.cycle.pack, reading.schedule.calendar.digest
        region = self._region or pack.region
        plan = _encode(Plan(EDITION, pack.digest, pinned, region, place, steps))
        return row._replace(rules=known, plan=plan)

    def _digest(self, pack: Pack, region: str) -> str:
        """Of the calendar known now."""
        known = self._known.get(pack.digest)
        if known is None:
            known = self._rules.calendar(pack, region, self._assessment.at).digest
            self._known[pack.digest] = known
        return known


def _settled(assessment: Assessment) -> bool:
    """Whether everything the dossier holds is past, so that time brings nothing but alarms. A
    source's clock may be ahead of ours, ours may have been set back, a period ends when it ends."""
    at, facts = assessment.at, assessment.chronicle.facts
    return (
        not assessment.coming
        and bool(facts)
        and facts[-1].meta.occurred_at <= at
        and assessment.dossier.recorded_at <= at
        and all(each.cycle.end is None or each.cycle.end <= at for each in assessment.readings)
    )


def _steps(assessment: Assessment, reading: Reading) -> list[Step]:
    """What a clock has still to do, in order; nothing where that does not follow from it alone."""
    due, at, acts = reading.due, assessment.at, assessment.dossier.acts
    if due is None or reading.cycle.end is not None:
        return []
    steps, fired = list[Step](), dict[str, int]()
    for firing in reading.schedule.firings:
        rung, reached = firing.rung, firing.at
        if firing.fire_at <= at:
            continue
        if not _plain(firing):
            return []
        if acts and recorded(assessment, reading, firing):
            return []
        version = fired.get(rung.id, 0)
        fired[rung.id] = version + 1
        if acts:
            version += len(acts.get((*reading.key, rung.id), ()))
        steps.append(Step(rung.id, reached, version))
    return steps


def _plain(firing: Firing) -> bool:
    """Whether an act goes out when its rung is reached and names the instant such a rung names."""
    reached = firing.at
    named = reached - 1 if firing.rung.when.is_breach else reached
    return firing.fire_at == reached and firing.legal == named


# ---------------------------------------------------------------------------------------- firing


def ready(claim: Claim, rules: Rulebook, now: Instant) -> Ready | None:
    """What is to be written for a claimed stream at `now`; None where its dossier must be read.

    It is exactly what `catch_up` and `armed_rows` would give. `claim.due` are all rows of the
    stream that are due.
    """
    due: list[_Due] = []
    after: list[AlarmRow] = []
    for row in claim.due:
        plan = _holding(row, rules, now)
        if plan is None:
            return None
        reached = _reached(row, plan, rules.pack_by_digest(plan.pack), now)
        due.extend(reached)
        after.append(_row_after(row, plan, reached))
    due.sort(key=lambda each: each.order)
    return Ready([_draft(each, due, now) for each in due], after)


def _holding(row: AlarmRow, rules: Rulebook, now: Instant) -> Plan | None:
    """The plan of a row, where it has one that holds under these rules."""
    if not row.plan:
        return None
    try:
        plan = _decode(row.plan)
        pack = rules.pack_by_digest(plan.pack)
        known = rules.calendar(pack, plan.region, now).digest
    except (msgspec.DecodeError, Refusal):
        return None
    holds = plan.edition == EDITION and known == row.rules and plan.steps[0].at == row.alarm_at
    return plan if holds else None


def _reached(row: AlarmRow, plan: Plan, pack: Pack, now: Instant) -> list[_Due]:
    rungs = {each.id: each for each in pack.clause(row.clause).rungs}
    return [_Due(row, plan, step, rungs[step.rung]) for step in plan.steps if step.at <= now]


def _draft(each: _Due, due: Sequence[_Due], now: Instant) -> Draft:
    row, plan, step, rung = each.row, each.plan, each.step, each.rung
    event = RungFired(
        clause=row.clause,
        cycle=row.cycle,
        version=step.version,
        rung=rung.id,
        level=rung.level,
        act=rung.act,
        due=step.at - 1 if rung.when.is_breach else step.at,
        at=step.at,
        tier=rung.tier,
        to=rung.to,
        unit=row.unit,
        silent="superseded" if _overtaken(each, due) else "",
    )
    meta = Meta(
        occurred_at=step.at,
        recorded_at=now,
        source=ENGINE,
        pack=plan.pack,
        calendar=plan.calendar,
    )
    return Draft(meta, event)


def _overtaken(each: _Due, due: Sequence[_Due]) -> bool:
    """Whether a warning comes together with the breach it warns of."""
    row, breach = each.row, each.row.due
    if each.rung.act in (TALK, NEXT_TIER, OPEN_NEXT) or breach is None or each.step.at > breach:
        return False
    return any(other.row is row and other.step.at > breach for other in due)


def _row_after(row: AlarmRow, plan: Plan, reached: Sequence[_Due]) -> AlarmRow:
    """A row once the steps that were `reached` are taken."""
    left = plan.steps[len(reached) :]
    return row._replace(
        level=max(row.level, *(each.rung.level for each in reached)),
        alarm_at=left[0].at if left else None,
        rung=left[0].rung if left else "",
        rules=row.rules if left else "",
        plan=_encode(msgspec.structs.replace(plan, steps=left)) if left else b"",
    )
