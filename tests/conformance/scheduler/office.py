"""A log with petitions under a small pack: commands and sweeps as the engine does them, each of
which can be stopped where it holds or waits for a lock."""

from collections.abc import Callable, Sequence
from threading import Event

from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import RungFired
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.dossier.pending import Pending
from sla_engine.escalation.armed import Ready, armed_rows, ready
from sla_engine.escalation.kinds import DECIDE, kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.ports import AlarmRow, Claim, Transaction, attempt
from sla_engine.record import Draft, Instant, Meta, Recorded, type_name
from sla_engine.scheduler.pace import unpaced
from sla_engine.scheduler.sweep import Sweeper, SweepReport
from sla_engine.service.intake import parse
from sla_engine.sla.assess import assess
from sla_engine.sla.cycle import stamp
from sla_engine.store.application import PetitionLog
from tests.support.given import clause, fact, instant, pack_of, rules_of, talks

PATIENCE_S = 30.0
RUNGS = "warn due-3个工作日 warn 10; red due red 30; late due+2个工作日 supervise 40"
EXTENDED = '{ max_count = 1, each_max = "5个工作日", basis = ["测试"] }'
RULES = rules_of(
    pack_of(
        clause("solve", "10个工作日", rungs=RUNGS, pauses='["P-TEST"]', extension=EXTENDED),
        clause("hear", "10个工作日", rungs="warn due-3个工作日 warn 20", stop='"accepted"'),
        talks(),
    )
)
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
WARNED, DUE = instant("2025-06-12 09:00"), instant("2025-06-17 24:00")


def nothing() -> None:
    """Do not stop here."""


class Gate:
    """Where one stops until another lets him go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = Event(), Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.go_on.wait(PATIENCE_S)


# ---------------------------------------------------------------------------------- as the engine


def take(log: PetitionLog, stream: str, *lines: str, loaded: Callable[[], None] = nothing) -> None:
    """Facts, one transaction each: touch, decide, settle. `loaded` is called with the lock held."""
    for line in lines:
        attempt(lambda line=line: _take(log, stream, line, loaded))  # type: ignore[misc]


def _take(log: PetitionLog, stream: str, line: str, loaded: Callable[[], None]) -> None:
    submission, kind = parse(fact(line, stream, "demo")), kind_of(stream)
    now = submission.occurred_at
    with log.transact() as tx:
        pending = Pending(fold(stream, tx.load(stream)))
        loaded()
        if tx.due_among([stream], now):
            catch_up(pending, kind, RULES, now)
        draft = Draft(Meta(occurred_at=now, recorded_at=now, source="test"), submission.event)
        for each in DECIDE[kind.name](pending.dossier, draft, RULES, now, 0):
            pending.write(stamp(pending.dossier, kind, each, RULES))
        _settle(tx, pending, now)


def touch(tx: Transaction, streams: Sequence[str], now: Instant) -> None:
    for stream, events in tx.load_all(dict.fromkeys(streams, 0)).items():
        _settle(tx, Pending(fold(stream, events)), now)


def _settle(tx: Transaction, pending: Pending, now: Instant) -> None:
    stream, base = pending.dossier.stream, pending.base
    assessment = catch_up(pending, kind_of(stream), RULES, now)
    tx.append(stream, base, pending.drafts)
    tx.set_alarms(stream, armed_rows(assessment, RULES))


def from_plans(claim: Claim, now: Instant) -> Ready | None:
    return ready(claim, RULES, now)


def sweep(
    log: PetitionLog, now: Instant, claimed: Callable[[], None] = nothing, limit: int = 100
) -> SweepReport:
    """One sweep from plans. `claimed` is called once the first streams are held."""

    def made(claim: Claim, at: Instant) -> Ready | None:
        claimed()
        return from_plans(claim, at)

    return Sweeper(log, touch, VirtualClock(now), pace=unpaced(limit), ready=made).sweep()


def rows_of(stream: str, events: Sequence[Recorded], now: Instant) -> Sequence[AlarmRow]:
    return armed_rows(assess(fold(stream, events), kind_of(stream), RULES, now), RULES)


# --------------------------------------------------------------------------------------- answers


def story(log: PetitionLog, stream: str) -> list[str]:
    """What happened, in the order of the log: facts by name, acts as "solve/warn"."""
    return [_told(each) for each in log.read(stream)]


def _told(each: Recorded) -> str:
    event = each.event
    if isinstance(event, RungFired):
        return f"{event.clause}/{event.rung}{event.silent and f' ({event.silent})'}"
    return type_name(event)


def dossier(log: PetitionLog, stream: str) -> Dossier:
    return fold(stream, log.read(stream))
