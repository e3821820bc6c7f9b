"""Engines with a bug in them, of kinds that such systems have had. The suite has to find each."""

from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, cast

from sla_engine.clock import Clock
from sla_engine.dossier.fold import fold
from sla_engine.dossier.pending import Pending
from sla_engine.errors import Conflict
from sla_engine.escalation.alarms import alarm_rows
from sla_engine.escalation.kinds import kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import AlarmRow
from sla_engine.record import Draft, Instant
from sla_engine.scheduler.guard import GuardedClock
from sla_engine.scheduler.sweep import SweepReport
from sla_engine.settings import Settings
from sla_engine.store.application import PetitionLog
from sla_engine.wiring import Engine


class _OwnSweep:
    """Sweeps in its own way: `fire` for every stream that is due."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.log = engine.log

    def sweep(self) -> SweepReport:
        now = self.engine.clock.now()
        due = sorted({s for s, row in self.log.alarms() if row.alarm_at and row.alarm_at <= now})
        for stream in due:
            with suppress(Conflict):
                self.fire(stream, now)
        return SweepReport(now, len(due), {}, False, self.log.next_alarm())

    def fire(self, stream: str, now: Instant) -> None:
        raise NotImplementedError

    def planned(self, stream: str, now: Instant) -> tuple[int, Sequence[Draft], list[AlarmRow]]:
        """From the log, outside any transaction: version, acts that are due, rows after them."""
        pending = Pending(fold(stream, self.log.read(stream)))
        assessment = catch_up(pending, kind_of(stream), self.engine.rules, now)
        return pending.base, pending.drafts, list(alarm_rows(assessment))


class ClaimBeforeAppend(_OwnSweep):
    """The clock is advanced in one transaction and the act recorded in the next."""

    def fire(self, stream: str, now: Instant) -> None:
        base, drafts, rows = self.planned(stream, now)
        with self.log.transact() as tx:
            tx.set_alarms(stream, rows)
        if drafts:
            with self.log.transact() as tx:
                tx.append(stream, base, drafts)


class AppendBeforeAdvance(_OwnSweep):
    """The act is recorded in one transaction and the clock advanced in the next."""

    def fire(self, stream: str, now: Instant) -> None:
        base, drafts, rows = self.planned(stream, now)
        if drafts:
            with self.log.transact() as tx:
                tx.append(stream, base, drafts)
        with self.log.transact() as tx:
            tx.set_alarms(stream, rows)


class StalePlan(_OwnSweep):
    """What is to be done is planned before the stream is locked, and done whatever its version."""

    def fire(self, stream: str, now: Instant) -> None:
        _, drafts, rows = self.planned(stream, now)
        with self.log.transact() as tx:
            if drafts:
                tx.append(stream, len(tx.load(stream)), drafts)
            tx.set_alarms(stream, rows)


class _Proxy:
    """A port with some methods of its own."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Blind(_Proxy):
    """A transaction in which nothing is ever due before a fact."""

    def due_among(self, streams: Iterable[str], now: Instant) -> Set[str]:
        return frozenset()


class _Forgetful(_Proxy):
    """A transaction that has never heard of any fact."""

    def answers(self, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], object]:
        return {}


class _Log(_Proxy):
    def __init__(self, real: Any, proxy: type[_Proxy]) -> None:
        super().__init__(real)
        self._proxy = proxy

    @contextmanager
    def _transaction(self) -> Any:
        with self._real.transact() as tx:
            yield self._proxy(tx)

    def transact(self) -> AbstractContextManager[Any]:
        return cast(AbstractContextManager[Any], self._transaction())


def no_evaluate_on_touch(
    log: PetitionLog, clock: Clock, settings: Settings, rules: Rulebook
) -> Engine:
    """What is due is left to the sweep, also where a fact comes first."""
    return Engine(cast(PetitionLog, _Log(log, _Blind)), clock, settings, rules)


def no_look_at_keys(log: PetitionLog, clock: Clock, settings: Settings, rules: Rulebook) -> Engine:
    """A fact that is repeated is taken for a new one."""
    return Engine(cast(PetitionLog, _Log(log, _Forgetful)), clock, settings, rules)


class _Trusting:
    """The database's time, whatever the machine says."""

    def __init__(self, guarded: GuardedClock) -> None:
        self._guarded = guarded

    def now(self) -> Instant:
        return cast(Instant, self._guarded._primary())

    def monotonic(self) -> float:
        return self._guarded.monotonic()


def no_guard(log: PetitionLog, clock: Clock, settings: Settings, rules: Rulebook) -> Engine:
    """One clock that is wrong fires whatever is due by it."""
    believed = _Trusting(clock) if isinstance(clock, GuardedClock) else clock
    return Engine(log, believed, settings, rules)


def without_unique_keys(log: PetitionLog) -> None:
    """Take from a SQLite store the keys that make it refuse a second act, a second fact."""
    with log.recorder.datastore.writing() as cursor:  # type: ignore[attr-defined]
        for table in ("rung_key", "intake_key"):
            rows = cursor.execute(f"SELECT * FROM {table} LIMIT 0")
            columns = ", ".join(column[0] for column in rows.description)
            cursor.execute(f"DROP TABLE {table}")
            cursor.execute(f"CREATE TABLE {table} ({columns})")
        cursor.execute("COMMIT")
