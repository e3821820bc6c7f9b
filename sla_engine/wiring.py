"""The composition root: which adapter fills which port, and the engine as one object."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from projections import READ_MODELS
from sla_engine.catalog import load_rulebook, notice_of
from sla_engine.clock import Clock, SystemClock
from sla_engine.dossier.events import TermRefixed
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.errors import refuse, register
from sla_engine.escalation.alarms import alarm_rows
from sla_engine.escalation.kinds import KINDS, has_clocks, kind_of
from sla_engine.followers.models import ReadModels
from sla_engine.followers.projector import read_rows
from sla_engine.followers.runner import Runner
from sla_engine.identity import digest
from sla_engine.petition.subject import NoticeLoaded, SubjectErased
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns, tables
from sla_engine.record import ENGINE, Draft, Instant, Meta, Recorded
from sla_engine.replay.verify import Verification, verify
from sla_engine.scheduler.alarm_index import INDEX, STALE, rebuild
from sla_engine.scheduler.sweep import SweepReport, sweep
from sla_engine.service.handler import Handler, Outcome
from sla_engine.service.intake import Submission
from sla_engine.service.reactor import Reactor
from sla_engine.settings import Settings
from sla_engine.sla.assess import Assessment, assess
from sla_engine.store.application import PetitionLog, open_sqlite

NOTICES = "rules/notices"

UNKNOWN_DOSSIER = register(
    "UNKNOWN_DOSSIER",
    "没有诉求件或约谈“{found}”",
    "there is no petition or talk {found}",
    "核对编号；约谈编号见 sla-engine talk list",
    "check the number; sla-engine talk list shows the talks",
)


@dataclass(frozen=True, slots=True)
class NoticeReport:
    """What a newly loaded notice did: dossiers looked at and terms re-fixed."""

    number: str
    dossiers: int
    refixed: int


def with_loaded_notices(rules: Rulebook, loaded: Iterable[Recorded]) -> Rulebook:
    """The rulebook with every notice that was loaded into the log, as of when it was."""
    for recorded in loaded:
        if isinstance(recorded.event, NoticeLoaded):
            rules = rules.with_notice(notice_of(recorded.event.text, recorded.meta.recorded_at))
    return rules


class Engine:
    """The whole engine on one embedded store. Use it as a context manager."""

    def __init__(self, log: PetitionLog, clock: Clock, settings: Settings, rules: Rulebook) -> None:
        self.log = log
        self.clock = clock
        self.settings = settings
        self._shipped = rules
        self._loaded: Sequence[Recorded] = ()
        self._rules = rules
        self._refresh()
        self.handler = Handler(log, lambda: self.rules, settings.tolerance_s * 1_000_000)
        reactor = Reactor(self.handler, lambda: self.rules, clock.now)
        self._runners: list[Runner | ReadModels] = [
            Runner(log, reactor),
            ReadModels(log, READ_MODELS),
        ]
        self._renew_index()

    @classmethod
    def open(
        cls,
        path: Path | str,
        clock: Clock | None = None,
        settings: Settings | None = None,
        rules: Rulebook | None = None,
    ) -> Self:
        """Open or create a store. `rules` defaults to the packs and calendars shipped."""
        settings = settings or Settings()
        log = open_sqlite(path, wait=settings.busy_s)
        return cls(log, clock or SystemClock(), settings, rules or load_rulebook())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.log.close()

    @property
    def rules(self) -> Rulebook:
        """The rules in force: those shipped and the notices loaded into the log since."""
        return self._rules

    def _refresh(self) -> None:
        """Take up notices that this or another process has loaded into the log."""
        loaded = self.log.read(NOTICES)
        if len(loaded) != len(self._loaded):
            self._loaded = loaded
            self._rules = with_loaded_notices(self._shipped, loaded)

    def _renew_index(self) -> None:
        """Write the alarm index anew where an upgrade of the store has left rows without it."""
        if STALE in self.log.memory(INDEX):
            rebuild(self.log, self._alarm_rows, self.clock.now())
            with self.log.transact() as tx:
                tx.remember(INDEX, {STALE: None})

    def _alarm_rows(
        self, stream: str, events: Sequence[Recorded], now: Instant
    ) -> Sequence[AlarmRow]:
        if not has_clocks(stream):
            return ()
        return alarm_rows(assess(fold(stream, events), kind_of(stream), self.rules, now))

    def take(self, submissions: Sequence[Submission], history: bool = False) -> list[Outcome]:
        """Record submissions in one transaction, then let the followers come up."""
        self._refresh()
        outcomes = self.handler.take(submissions, self.clock.now(), history)
        self.follow()
        return outcomes

    def follow(self) -> None:
        """Bring the reactor and every read model up to the head of the log.

        The reactor first: the talks it proposes are news for the read models.
        """
        for runner in self._runners:
            runner.run()

    def run_due(self) -> SweepReport:
        """Record everything that is due now, follow, and repeat until nothing more is due.

        A talk that an act leads to starts clocks of its own, hence the repetition.
        """
        touched, failed = 0, dict[str, str]()
        while True:
            report = self.sweep()
            touched, failed = touched + report.touched, {**failed, **report.failed}
            if not report.more and not report.touched:
                return replace(report, touched=touched, failed=failed)

    def sweep(self) -> SweepReport:
        """One sweep at the clock's time, followed."""
        self._refresh()
        now, limit = self.clock.now(), self.settings.sweep_limit
        report = sweep(self.log, self.handler.touch, now, limit)
        self.follow()
        return report

    def next_alarm(self) -> Instant | None:
        """The earliest instant at which something becomes due."""
        return self.log.next_alarm()

    def stream_of(self, no: str) -> str:
        """Stream of a petition number or a talk id; raises `UNKNOWN_DOSSIER`."""
        for prefix in KINDS:
            name = no if no.startswith(f"{prefix}/") else f"{prefix}/{no}"
            if next(self.log.streams(name), None) == name:
                return name
        raise refuse(UNKNOWN_DOSSIER, "", no)

    def events(self, stream: str) -> Sequence[Recorded]:
        """A stream as recorded."""
        return self.log.read(stream)

    def dossier(self, stream: str, known_at: Instant | None = None) -> Dossier:
        """A dossier from all that was recorded, or from what was recorded by `known_at`."""
        events = self.events(stream)
        known = (each for each in events if known_at is None or each.meta.recorded_at <= known_at)
        return fold(stream, known)

    def assess(
        self, stream: str, at: Instant | None = None, known_at: Instant | None = None
    ) -> Assessment:
        """Readings at `at` (default: now, or `known_at`) by what was known at `known_at`."""
        moment = at if at is not None else known_at
        moment = moment if moment is not None else self.clock.now()
        return assess(self.dossier(stream, known_at), kind_of(stream), self.rules, moment)

    def rows(self, table: str, prefix: str = "") -> Iterator[tuple[str, Columns]]:
        """Rows of a read model, or its cells ("scorecard.cells"), by key."""
        return read_rows(self.log, table, prefix)

    def load_notice(self, text: str) -> NoticeReport:
        """A holiday notice (TOML) becomes known now; open terms it moves are re-fixed.

        Loading it again only goes on where an earlier loading was cut off.
        """
        now = self.clock.now()
        notice, name = notice_of(text, now), digest(text)
        event = NoticeLoaded(notice.citation, name, text)
        meta = Meta(occurred_at=now, recorded_at=now, source=ENGINE, key=f"notice|{name}")
        with self.log.transact() as tx:
            if not tx.answers([(meta.source, meta.key)]):
                tx.append(NOTICES, len(tx.load(NOTICES)), [Draft(meta, event)])
        self._refresh()
        return self._touch_all(notice.citation, now)

    def _touch_all(self, number: str, now: Instant) -> NoticeReport:
        streams = [stream for prefix in KINDS for stream in self.log.streams(f"{prefix}/")]
        head, size = self.log.head(), self.settings.sweep_limit
        for start in range(0, len(streams), size):
            with self.log.transact() as tx:
                for stream in streams[start : start + size]:
                    self.handler.touch(tx, stream, now)
        refixed = sum(
            isinstance(each.event, TermRefixed) for each in self.log.follow(head, 1 << 30)
        )
        self.follow()
        return NoticeReport(number, len(streams), refixed)

    def erase(self, subject: str, ground: str) -> None:
        """Destroy a petitioner's personal data; the fact of it is recorded, nothing else is."""
        now = self.clock.now()
        stream = f"subject/{subject}"
        with self.log.transact() as tx:
            tx.erase(subject)
            meta = Meta(occurred_at=now, recorded_at=now, source=ENGINE)
            event = SubjectErased(subject, ground)
            tx.append(stream, len(tx.load(stream)), [Draft(meta, event)])

    def verify(self, progress: Callable[[int], None] = lambda _count: None) -> Verification:
        """Replay the log alone and compare it with the live state, as of the last instant at which
        nothing was due that has not been recorded."""
        now, alarm = self.clock.now(), self.next_alarm()
        at = now if alarm is None else min(now, alarm - 1)
        live = {
            model: {table: dict(self.rows(table)) for table in tables(model)}
            for model in READ_MODELS
        }
        return verify(self.log, self.rules, live, at, progress)
