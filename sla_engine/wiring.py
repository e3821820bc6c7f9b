"""The composition root: which adapter fills which port, and the engine as one object."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from projections import READ_MODELS
from sla_engine.catalog import load_rulebook
from sla_engine.clock import Clock, SystemClock
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.errors import Refusal, refuse, register
from sla_engine.escalation.armed import Ready, armed_rows, ready
from sla_engine.escalation.kinds import KINDS, has_clocks, kind_of
from sla_engine.followers.models import ReadModels
from sla_engine.followers.projector import Shelves
from sla_engine.followers.runner import Runner
from sla_engine.petition.subject import SubjectErased
from sla_engine.policy.rulebook import RULES_CHANGED, Rulebook
from sla_engine.ports import AlarmRow, Claim, attempt
from sla_engine.projection import Columns, tables
from sla_engine.record import ENGINE, Draft, Instant, Meta, Recorded
from sla_engine.regions import one_store
from sla_engine.replay.question import Question
from sla_engine.replay.replay import Replay, replay
from sla_engine.replay.verify import Verification, verify
from sla_engine.rules.loading import Loading
from sla_engine.scheduler.alarm_index import INDEX, STALE, rebuild
from sla_engine.scheduler.sweep import SweepReport, sweep
from sla_engine.service.campaign import Campaign, Campaigns, Rest, no_rest
from sla_engine.service.campaign_forecast import Forecast, forecast
from sla_engine.service.handler import Handler, Outcome
from sla_engine.service.intake import Submission
from sla_engine.service.proposals import Proposals
from sla_engine.service.reactor import Reactor
from sla_engine.service.rules import RulesOfLog
from sla_engine.settings import Settings
from sla_engine.sla.assess import Assessment, assess
from sla_engine.store.application import PetitionLog, open_store
from sla_engine.store.erasures import Erasure, ErasureRegister, register_of

if TYPE_CHECKING:
    from sla_engine.access.gatehouse import Gatehouse
    from sla_engine.bulk.impact import Impact

UNKNOWN_DOSSIER = register(
    "UNKNOWN_DOSSIER",
    "没有案卷“{found}”",
    "there is no dossier {found}",
    "核对编号，或从清单中查找",
    "check the number, or look for it in the lists",
)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of newly loaded rules: their campaign, before this loading and after it."""

    before: Campaign
    campaign: Campaign

    @property
    def dossiers(self) -> int:
        """How many open dossiers were looked at."""
        return self.campaign.done.dossiers - self.before.done.dossiers

    @property
    def refixed(self) -> int:
        """How many terms were re-fixed."""
        return self.campaign.done.refixed - self.before.done.refixed


def store_exists(where: Path | str) -> bool:
    """Whether there is a store; whoever mistypes its name must not get a new one."""
    return "://" in str(where) or Path(where).is_file()


class Engine:
    """The whole engine on one embedded store. Use it as a context manager."""

    def __init__(self, log: PetitionLog, clock: Clock, settings: Settings, rules: Rulebook) -> None:
        self.log = log
        self.clock = clock
        self.settings = settings
        self.store = ""
        """Path or address; "" for one that is gone with the process."""
        self._rules = RulesOfLog(log, rules)
        self._shelves = Shelves(log)
        tolerance = settings.tolerance_s * 1_000_000
        self._short_term = settings.short_term_s * 1_000_000
        self.handler = Handler(log, lambda: self.rules, tolerance, self._rules, self._short_term)
        self.campaigns = Campaigns(
            log, self._rules, self.handler.touch_all, clock.now, settings.sweep_limit
        )
        self.proposals = Proposals(log, self.campaigns, clock.now)
        reactor = Reactor(self.handler, lambda: self.rules, clock.now)
        self.runners: list[Runner | ReadModels] = [
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
        log = open_store(one_store(str(path)), wait=settings.busy_s)
        engine = cls(log, clock or SystemClock(), settings, rules or load_rulebook())
        engine.store = str(path)
        return engine

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
        """The rules in force: those brought along, and what was loaded into the log since."""
        return self._rules.rules

    def refresh_rules(self) -> None:
        """Take up notices and packs that this or another process has loaded into the log. Cheap
        when there are none; done before each transaction."""
        self._rules.refresh()

    @cached_property
    def access(self) -> "Gatehouse":
        """Accounts, keys, and the ways in."""
        # Only some commands ask who may do what; the others do not wait for argon2.
        from sla_engine.access.doors import Patience  # noqa: PLC0415
        from sla_engine.access.gatehouse import gatehouse  # noqa: PLC0415
        from sla_engine.access.passwords import Passwords  # noqa: PLC0415
        from sla_engine.access.sessions import Lengths  # noqa: PLC0415

        told = self.settings
        return gatehouse(
            self.log,
            self.log.vault,
            self.clock.now,
            lengths=Lengths(told.session_idle_s, told.session_s),
            patience=Patience(told.login_failures, told.address_failures, told.lockout_s),
            passwords=Passwords(shortest=told.password_length),
        )

    @property
    def erasures(self) -> ErasureRegister:
        """The register of erasures. Raises `REGISTER_UNNAMED`."""
        return register_of(self.store, self.settings.erasures)

    def _renew_index(self) -> None:
        """Write the alarm index anew where an upgrade of the store has left rows without it; again
        at the next start, where the rules of some dossier are not loaded."""
        if STALE not in self.log.memory(INDEX):
            return
        if not rebuild(self.log, self._rows, self.clock.now()):
            with self.log.transact() as tx:
                tx.remember(INDEX, {STALE: None})

    def alarm_rows(
        self, stream: str, events: Sequence[Recorded], now: Instant
    ) -> Sequence[AlarmRow]:
        """The rows of the alarm index that a dossier calls for."""
        try:
            return self._rows(stream, events, now)
        except Refusal as refusal:
            if refusal.code != RULES_CHANGED:
                raise
            # Another process has loaded rules since this one looked.
            self.refresh_rules()
            return self._rows(stream, events, now)

    def _rows(self, stream: str, events: Sequence[Recorded], now: Instant) -> Sequence[AlarmRow]:
        """The same by the rules at hand."""
        if not has_clocks(stream):
            return ()
        assessment = assess(fold(stream, events), kind_of(stream), self.rules, now)
        return armed_rows(assessment, self.rules, self._short_term)

    def take(self, submissions: Sequence[Submission], history: bool = False) -> list[Outcome]:
        """Record submissions in one transaction, then let the followers come up."""
        outcomes = self.handler.take(submissions, self.clock.now(), history)
        self.follow()
        return outcomes

    def follow(self) -> None:
        """Bring the reactor and every read model up to the head of the log.

        The reactor first: the talks it proposes are news for the read models.
        """
        for runner in self.runners:
            attempt(partial(self._run, runner))

    def _run(self, runner: Runner | ReadModels) -> None:
        """Another process may load rules at any instant; the next try knows them."""
        self.refresh_rules()
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
        self.refresh_rules()
        now, limit = self.clock.now(), self.settings.sweep_limit
        report = sweep(self.log, self.handler.touch_all, now, limit, self.ready_made)
        self.follow()
        return report

    def ready_made(self, claim: Claim, now: Instant) -> Ready | None:
        """What a sweep is to write for a claimed stream; None where its dossier must be read."""
        return ready(claim, self.rules, now)

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

    def replay(self, stream: str, question: Question) -> Replay:
        """What a reviewer asks about a dossier; nothing is written. Raises as `replay`."""
        self.refresh_rules()
        return replay(stream, self.events(stream), self.rules, question)

    def whatif(
        self,
        question: Question,
        rules: Rulebook | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
        progress: Callable[[int], object] = lambda _petitions: None,
    ) -> "Impact":
        """What other rules would have done to every petition registered in [since, until); nothing
        is written. `rules`: those in force and whatever was brought to compare with. `progress` is
        told how many petitions have been read. Needs the extra `bulk`; raises as `bulk.whatif`."""
        from sla_engine.bulk.whatif import registered, whatif  # noqa: PLC0415  numpy is an extra

        self.refresh_rules()

        def histories() -> Iterator[tuple[str, Sequence[Recorded]]]:
            for count, history in enumerate(self.log.histories("petition/"), 1):
                progress(count)
                if registered(history, since, until):
                    yield history

        return whatif(histories(), rules or self.rules, question)

    def rows(self, table: str, prefix: str = "") -> Iterator[tuple[str, Columns]]:
        """Rows of a read model, or its cells ("scorecard.cells"), by key."""
        return self._shelves.rows(table, prefix)

    def row(self, table: str, key: str) -> Columns | None:
        """One row of a read model."""
        return self._shelves.row(table, key)

    def rows_of(self, table: str, keys: Sequence[str]) -> dict[str, Columns]:
        """Those rows of a read model that exist."""
        return self._shelves.rows_of(table, keys)

    def page(
        self,
        table: str,
        prefix: str = "",
        after: str = "",
        limit: int = 50,
        descending: bool = False,
    ) -> list[tuple[str, Columns]]:
        """Up to `limit` rows of a read model whose keys begin with `prefix`, behind `after`."""
        return self._shelves.page(table, prefix, after, limit, descending)

    def counts(self, table: str, ranges: Sequence[tuple[str, str]]) -> list[int]:
        """How many keys of a read model lie in each range [first, end)."""
        return self._shelves.counts(table, ranges)

    def load_notice(self, text: str, rest: Rest = no_rest) -> LoadReport:
        """A holiday notice (TOML) becomes known now; open terms it moves are re-fixed.

        Loading it again only goes on where an earlier loading was cut off. `rest` is called after
        each batch of dossiers. Raises `Refusal` as `Campaigns.load_notice`.
        """
        return self._brought_up(self.campaigns.load_notice(text), rest)

    def load_packs(self, texts: Mapping[str, str], rest: Rest = no_rest) -> LoadReport:
        """Editions of packs (TOML, by file) become known now; otherwise as `load_notice`."""
        return self._brought_up(self.campaigns.load_packs(texts), rest)

    def continue_campaign(self, name: str, rest: Rest = no_rest) -> LoadReport:
        """Go on with a campaign that was cut off. Raises `Refusal` CAMPAIGN_UNKNOWN."""
        return self._brought_up(self.campaigns.get(name), rest)

    def _brought_up(self, before: Campaign, rest: Rest) -> LoadReport:
        campaign = self.campaigns.run(before.id, rest)
        self.follow()
        return LoadReport(before, campaign)

    def foresee_notice(self, text: str, progress: Callable[[int], object]) -> Forecast:
        """What `load_notice` would do now; nothing is written. `progress` is told how many of the
        open dossiers have been looked at."""
        return self._foreseen(self._rules.notice(text, self.clock.now()), progress)

    def foresee_packs(
        self, texts: Mapping[str, str], progress: Callable[[int], object]
    ) -> Forecast:
        """What `load_packs` would do now; otherwise as `foresee_notice`."""
        return self._foreseen(self._rules.packs(texts, self.clock.now()), progress)

    def _foreseen(self, loading: Loading, progress: Callable[[int], object]) -> Forecast:
        return forecast(self.log, loading.rules, self.clock.now(), progress)

    def erase(self, subject: str, ground: str) -> None:
        """Destroy a petitioner's personal data; the fact of it is recorded, nothing else is."""
        now = self.clock.now()
        stream = f"subject/{subject}"
        if self.store:
            # Before the commit: a backup must never bring back what this one erases.
            self.erasures.add(Erasure(subject, now, ground))
        with self.log.transact() as tx:
            tx.erase(subject)
            meta = Meta(occurred_at=now, recorded_at=now, source=ENGINE)
            event = SubjectErased(subject, ground)
            tx.append(stream, len(tx.load(stream)), [Draft(meta, event)])
        self.follow()

    def verify(self, progress: Callable[[int], None] = lambda _count: None) -> Verification:
        """Replay the log alone and compare it with the live state, as of the last instant at which
        nothing was due that has not been recorded."""
        self.refresh_rules()
        now, alarm = self.clock.now(), self.next_alarm()
        at = now if alarm is None else min(now, alarm - 1)
        live = {
            model: {table: dict(self.rows(table)) for table in tables(model)}
            for model in READ_MODELS
        }
        return verify(self.log, self.rules, live, at, progress)
