"""Due alarms fired: claimed, their acts appended, their clocks advanced, in batches of 100.

A case is an act that has come, among as many open alarms as the size says: petitions under a
shipped pack, registered and dispatched at 64 different times, so that a good fiftieth of them is
due in the same minute. Ours fires from the plans that the rows carry; beside it the same sweep
that reads every dossier, and two processes on PostgreSQL. All record the same acts.
"""

import atexit
import multiprocessing
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache, partial
from itertools import count
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import Semaphore
from typing import Any, NamedTuple

import msgspec
import psycopg

from benchmarks.bench_store import Viewed
from benchmarks.harness import Claim, Contender, Race, Thunk
from sla_engine.catalog import load_rulebook
from sla_engine.clock import SystemClock
from sla_engine.dossier.events import RungFired
from sla_engine.dossier.fold import fold
from sla_engine.escalation.armed import Ready, armed_rows, ready
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import AlarmRow
from sla_engine.ports import Claim as Claimed
from sla_engine.record import Draft, Instant, Meta, Recorded
from sla_engine.scheduler.pace import Pace
from sla_engine.scheduler.sweep import Sweeper, SweepReport, nothing_ready, planned, sweep
from sla_engine.scheduler.waker import Waker
from sla_engine.service.handler import Handler
from sla_engine.service.intake import parse
from sla_engine.sla.assess import assess
from sla_engine.store.application import PetitionLog, open_memory, open_postgres, open_sqlite
from sla_engine.worktime import format_instant, parse_instant
from tests.support.servers import PostgresServer

BEGIN = parse_instant("2025-06-03T00:00:00+08:00")
HOUR = 3_600_000_000
TEMPLATES = 64
BATCH = 100
_FILLED = 500

_DIRECTORY = tempfile.TemporaryDirectory(prefix="sla-engine-bench-")
_numbers = count()


class Template(NamedTuple):
    """What the log and its index hold of a petition."""

    drafts: Sequence[Draft]
    rows: Sequence[AlarmRow]

    @property
    def alarms(self) -> int:
        return sum(row.alarm_at is not None for row in self.rows)


class Stage(NamedTuple):
    """A filled store, the instant of the sweep, and what it has to record."""

    filled: Any
    now: Instant
    acts: Sequence[tuple[str, str, str]]


@cache
def _rules() -> Rulebook:
    return load_rulebook()


@cache
def _templates() -> Sequence[Template]:
    return [_template(BEGIN + n * 5 * HOUR) for n in range(TEMPLATES)]


def _template(at: Instant) -> Template:
    """A petition registered at `at` and dispatched a minute later."""
    stream, when, then = "petition/T", format_instant(at), format_instant(at + 60_000_000)
    facts: list[dict[str, Any]] = [
        {"petition": "T", "type": "registered", "at": when, "source": "b", "id": "r"},
        {"petition": "T", "type": "dispatched", "at": then, "source": "b", "id": "d"},
    ]
    facts[0]["data"] = {"kind": "投诉", "pack": "zaozhuang-2110", "region": "CN-3704"}
    facts[1]["data"] = {"unit": "区住建局", "assignment": "1"}
    with closing(open_memory()) as log:
        handler = Handler(log, _rules)
        for fact, now in zip(facts, (at, at + 60_000_000), strict=True):
            (outcome,) = handler.take([parse(fact)], now)
            assert outcome.status == "recorded", outcome
        events = log.read(stream)
    assessed = assess(fold(stream, events), kind_of(stream), _rules(), at + 60_000_000)
    drafts = [Draft(msgspec.structs.replace(each.meta, key=""), each.event) for each in events]
    return Template(drafts, armed_rows(assessed, _rules()))


def _petitions(alarms: int) -> Iterator[tuple[str, Template]]:
    """As many petitions as have so many open alarms together."""
    templates, made, number = _templates(), 0, 0
    while made < alarms:
        template = templates[number % TEMPLATES]
        yield f"petition/CN-3704-{number:09d}", template
        made, number = made + template.alarms, number + 1


def _fill(log: PetitionLog, alarms: int) -> None:
    batch: list[tuple[str, Template]] = []
    for petition in _petitions(alarms):
        batch.append(petition)
        if len(batch) == _FILLED:
            _write(log, batch)
            batch.clear()
    _write(log, batch)


def _write(log: PetitionLog, batch: Sequence[tuple[str, Template]]) -> None:
    with log.transact() as tx:
        for stream, template in batch:
            tx.append(stream, 0, template.drafts)
            tx.set_alarms(stream, template.rows)


def _due(alarms: int) -> tuple[Instant, Sequence[tuple[str, str, str]]]:
    """An instant at which a good fiftieth of the petitions has acts to be recorded, and these."""
    firsts = sorted(min(r.alarm_at for r in t.rows if r.alarm_at) for t in _templates())
    now, acts = firsts[1], []
    for stream, template in _petitions(alarms):
        rows = [r for r in template.rows if r.alarm_at is not None and r.alarm_at <= now]
        made = ready(Claimed(stream, 2, rows), _rules(), now)
        assert made is not None
        for draft in made.drafts if rows else ():
            assert isinstance(draft.event, RungFired)
            acts.append((stream, draft.event.clause, draft.event.rung))
    return now, acts


# --------------------------------------------------------------------------------------- SQLite


@cache
def _on_sqlite(alarms: int) -> Stage:
    path = Path(_DIRECTORY.name) / f"filled-{alarms}.sqlite"
    with closing(open_sqlite(path, synchronous="OFF")) as log:
        _fill(log, alarms)
    return Stage(path, *_due(alarms))


def _copied(stage: Stage) -> PetitionLog:
    path = Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite"
    shutil.copyfile(stage.filled, path)
    return open_sqlite(path)


def _sweep(log: PetitionLog, now: Instant, planned: bool) -> int:
    rules = _rules()

    def from_plans(claim: Claimed, at: Instant) -> Ready | None:
        return ready(claim, rules, at)

    made = from_plans if planned else nothing_ready
    report = sweep(log, Handler(log, _rules).touch_all, now, BATCH, made)
    assert not report.failed
    assert report.ready == (report.touched if planned else 0)
    return report.touched


def _swept(stage: Stage, planned: bool, cases: Sequence[Any]) -> Thunk:
    log = _copied(stage)
    head = log.head()

    def run() -> Sequence[Any]:
        _sweep(log, stage.now, planned)
        return _recorded(log, head, cases)

    return run


def _recorded(log: PetitionLog, head: int, cases: Sequence[Any]) -> Viewed:
    """To every act: how often it was recorded."""

    def look() -> list[int]:
        fired = [(each.stream, each.event) for each in log.follow(head, 1 << 30)]
        acts = [
            (stream, act.clause, act.rung) for stream, act in fired if isinstance(act, RungFired)
        ]
        found = Counter(acts)
        return [found[case] for case in cases]

    return Viewed(len(cases), look)


# ----------------------------------------------------------------------------------- PostgreSQL


@cache
def _on_postgres(server: PostgresServer, alarms: int) -> Stage:
    url = server.database()
    with closing(open_postgres(url)) as log:
        _fill(log, alarms)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return Stage(url, *_due(alarms))


@cache
def _server() -> PostgresServer:
    server = PostgresServer(durable=True)
    server.start()
    atexit.register(server.close)
    return server


def _cloned(server: PostgresServer, stage: Stage) -> str:
    name = f"clone_{next(_numbers)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        original = stage.filled.rsplit("/", 1)[1]
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {original}".encode())
    return f"{stage.filled.rsplit('/', 1)[0]}/{name}"


def _one_of_several(url: str, now: Instant, together: Barrier) -> None:
    log = open_postgres(url)
    _rules()
    log.next_alarm()
    together.wait()  # everybody is there
    together.wait()  # the clock runs
    _sweep(log, now, planned=True)
    together.wait()  # everybody is done


def _by_processes(number: int, alarms: int, cases: Sequence[Any]) -> Thunk:
    server = _server()
    stage = _on_postgres(server, alarms)
    url = _cloned(server, stage)
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(number + 1)
    for _ in range(number):
        arguments = (url, stage.now, together)
        context.Process(target=_one_of_several, args=arguments, daemon=True).start()
    log = open_postgres(url)
    head = log.head()
    together.wait()

    def run() -> Sequence[Any]:
        together.wait()
        together.wait()
        return _recorded(log, head, cases)

    return run


# ------------------------------------------------------------------------------------------- lag


class _Idle:
    """A waker over a log in which nothing is due; without `hints` it looks when it looks."""

    def __init__(self, heartbeat: float, hints: bool) -> None:
        self.log = open_sqlite(Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite")
        self.clock, self.fired = SystemClock(), Semaphore(0)
        sweeper = Sweeper(
            self.log, planned(_one_act), self.clock, pace=Pace(self.clock), tell=self._tell
        )
        self.waker = Waker(sweeper, self.clock, heartbeat)
        self.hints = hints
        self.waker.start()

    def _tell(self, report: SweepReport) -> None:
        for _ in range(report.touched):
            self.fired.release()

    def one(self, case: int) -> str:
        """Set an alarm for now; returns when its act is in the log."""
        stream, now = f"petition/{next(_numbers)}-{case}", self.clock.now()
        row = AlarmRow("reply", "1", "running", 0, "", now, now, "warn")
        with self.log.transact() as tx:
            tx.append(stream, 0, _templates()[0].drafts)
            tx.set_alarms(stream, [row])
        if self.hints:
            self.waker.hint(now)
        self.fired.acquire()
        return "fired"


def _one_act(
    _stream: str, events: Sequence[Recorded], now: Instant
) -> tuple[Sequence[Draft], Sequence[AlarmRow]]:
    act = RungFired("reply", "1", 0, "warn", 10, "warn", now, now)
    meta = Meta(occurred_at=now, recorded_at=now)
    done = AlarmRow("reply", "1", "running", 10, "", now, None, "")
    return [] if len(events) > 2 else [Draft(meta, act)], [done]


@cache
def _hinted() -> _Idle:
    return _Idle(60.0, hints=True)


def _lagging(alarms: int) -> Race:
    def one(case: int) -> str:
        return _hinted().one(case)

    def hinted(cases: Sequence[int]) -> Thunk:
        _hinted()
        return lambda: [one(case) for case in cases]

    def looking(cases: Sequence[int]) -> Thunk:
        idle = _Idle(0.1, hints=False)

        def run() -> Sequence[str]:
            answers = [idle.one(case) for case in cases]
            idle.waker.stop()
            return answers

        return run

    return Race(
        range(alarms),
        [
            Contender("commit, hint, wake, sweep, commit", hinted, one=one),
            Contender("a sweep every 100 ms", looking, share=0.1),
        ],
    )


# ---------------------------------------------------------------------------------------- claims


def _firing(alarms: int) -> Race:
    stage = _on_sqlite(alarms)
    return Race(
        stage.acts,
        [
            Contender("from plans, SQLite", partial(_swept, stage, True)),
            Contender("reading each dossier, SQLite", partial(_swept, stage, False)),
            Contender("from plans, PostgreSQL, 1 process", partial(_by_processes, 1, alarms)),
            Contender("from plans, PostgreSQL, 2 processes", partial(_by_processes, 2, alarms)),
        ],
    )


def _restarting(alarms: int) -> Race:
    """From a closed store to the first act in the log; the case is the store."""
    stage = _on_sqlite(alarms)
    path = Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite"

    def prepare(_: Sequence[Any], load: Callable[[], Rulebook]) -> Thunk:
        shutil.copyfile(stage.filled, path)

        def run() -> Sequence[Any]:
            with closing(open_sqlite(path)) as log:
                rules, head = load(), log.head()
                with log.transact() as tx:
                    claims = tx.claim(stage.now, BATCH, lane=1)
                    for claim in claims:
                        made = ready(claim, rules, stage.now)
                        assert made is not None
                        tx.append(claim.stream, claim.version, made.drafts)
                        for row in made.rows:
                            tx.put_alarm(claim.stream, row)
                return [log.head() > head]

        return run

    return Race(
        [path.name],
        [
            Contender("open, load the rules, fire", partial(prepare, load=load_rulebook)),
            Contender("the rules being loaded", partial(prepare, load=_rules)),
        ],
    )


CLAIMS = [
    Claim("firing: one alarm while nothing else is due", _lagging, 20, 500, 1),
    Claim("firing: acts due, among open alarms", _firing, 4_000, 1_000_000, 2),
    Claim("firing: from a start to the first batch", _restarting, 4_000, 1_000_000, 3),
]
