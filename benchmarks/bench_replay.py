"""Every petition judged again: in columns, one by one from the store, and by a plain loop.

A case is a petition of five facts under the generic hotline pack; an answer is its clocks, each
with due instant and state. Our rivals are our own scalar assessment, read from the store, and a
loop over aggregates of `eventsourcing` that reckons the five limits by hand. What reading alone
costs is a race of its own.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks.bench_store import Viewed
from benchmarks.harness import Claim, Contender, Race, Thunk
from sla_engine.bulk.answer import STATES, Answer
from sla_engine.bulk.engine import Bulk
from sla_engine.bulk.facts import PARTITION, Facts
from sla_engine.bulk.gather import partitions
from sla_engine.bulk.scalar import Asked
from sla_engine.catalog import load_rulebook
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.petition.events import Accepted, Admitted, Dispatched, Registered, Resolved
from sla_engine.petition.kind import PETITION
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Event, Instant, Meta, Recorded
from sla_engine.sla.assess import Assessment, State, assess
from sla_engine.store.application import PetitionLog, open_sqlite
from sla_engine.worktime import parse_instant
from sla_engine.worktime.calendar import Calendar

FACTS = 5
"""Of each petition."""

HOUR = 3_600_000_000
DAY = 24 * HOUR
BEGIN = parse_instant("2025-02-10T08:00:00+08:00")
SPREAD = 200
"""Days over which petitions come in."""

AT = BEGIN + 400 * DAY
PACK, REGION = "hotline-12345-generic", "CN-3704"

_DIRECTORY = tempfile.TemporaryDirectory(prefix="sla-engine-bench-")
_numbers = count()

Clock = tuple[str, Instant, str]
"""A clause, its due instant and the state of its clock."""


class _Rules(NamedTuple):
    book: Rulebook
    pack: str
    calendar: Calendar


@cache
def _rules() -> _Rules:
    book = load_rulebook()
    pack = book.pack_on(PACK, BEGIN)
    return _Rules(book, pack.digest, book.calendar(pack, REGION, BEGIN))


def _stream(number: int) -> str:
    return f"petition/{number:08d}"


def _facts(number: int) -> Iterator[tuple[Instant, Event]]:
    """What happened to a petition; most are dull, a fifth are slow."""
    rng = Random(number)
    at = BEGIN + rng.randrange(SPREAD * 24 * 60) * 60_000_000
    kind, no = rng.choice(("投诉", "求助")), f"{number:08d}"
    yield at, Registered(no, PACK, kind, REGION, "12345", "person")
    yield (at := at + rng.randrange(90) * 60_000_000), Admitted()
    yield (at := at + rng.randrange(8) * HOUR), Dispatched(f"U{rng.randrange(40):02d}", f"A{no}")
    yield (at := at + rng.randrange(30) * HOUR), Accepted(f"A{no}")
    yield at + rng.randrange(24, 300 if rng.random() < 0.2 else 110) * HOUR, Resolved()


def _history(number: int) -> tuple[str, list[Recorded]]:
    rules, stream = _rules(), _stream(number)
    return stream, [
        Recorded(stream, version, 0, _meta(at, rules), fact)
        for version, (at, fact) in enumerate(_facts(number), 1)
    ]


def _meta(at: Instant, rules: _Rules) -> Meta:
    return Meta(occurred_at=at, recorded_at=at, pack=rules.pack, calendar=rules.calendar.digest)


# ------------------------------------------------------------------------------------ in columns


def _in_columns(kept: bool) -> Callable[[Sequence[int]], Thunk]:
    """`kept`: an earlier question has been asked about the same columns."""

    def prepare(cases: Sequence[int]) -> Thunk:
        bulk = Bulk(Asked(_rules().book, AT))
        parts = [_fresh(part) for part in _parts(range(len(cases)))]
        for part in parts if kept else map(_fresh, parts[:1]):
            bulk.answer(part)

        def judge() -> Sequence[Any]:
            answers = list(bulk.answers(parts))
            return Viewed(len(cases), lambda: _clocks(answers))

        return judge

    return prepare


@cache
def _parts(cases: range) -> list[Facts]:
    """Columns of these petitions. A million histories would not fit beside them."""
    return [_fresh(part) for part in partitions(map(_history, cases), PARTITION)]


def _fresh(part: Facts) -> Facts:
    """The same columns, of which nothing has been asked yet."""
    return replace(part, recorded=lambda _wanted: {}, kept={})


def _clocks(answers: Iterable[Answer]) -> Iterator[list[Clock]]:
    for answer in answers:
        columns = answer.columns
        found: list[list[Clock]] = [[] for _ in range(len(answer.facts))]
        rows = zip(columns.petition, columns.clause, columns.due, columns.state, strict=True)
        for petition, clause, due, state in rows:
            found[petition].append((answer.clauses[clause], int(due), STATES[state].value))
        yield from map(sorted, found)


# ------------------------------------------------------------------------------- from the store


def _filled(cases: Sequence[int]) -> PetitionLog:
    log = open_sqlite(Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite", synchronous="OFF")
    for begin in range(0, len(cases), 10_000):
        with log.transact() as tx:
            for number in cases[begin : begin + 10_000]:
                stream, facts = _history(number)
                tx.append(stream, 0, [Draft(fact.meta, fact.event) for fact in facts])
    return log


def _one_by_one(cases: Sequence[int]) -> Thunk:
    log, book = _filled(cases), _rules().book

    def judge() -> Sequence[Any]:
        every = [
            assess(fold(stream, events), PETITION, book, AT)
            for stream, events in log.histories("petition/")
        ]
        return Viewed(len(cases), lambda: map(_read, every))

    return judge


def _read(assessment: Assessment) -> list[Clock]:
    return sorted((each.clause.id, each.due or 0, each.state.value) for each in assessment.readings)


# ------------------------------------------------------------------------------ the plain loop


class Petition(Aggregate):
    """A petition as the tutorial of `eventsourcing` would write it."""

    @event("Registered")
    def __init__(self, kind: str, at: Instant) -> None:
        self.kind = kind
        self.when = {"registered": at}

    @event("Happened")
    def happen(self, what: str, at: Instant) -> None:
        self.when[what] = at


class Tutorial(Application[UUID]):
    """The library with its defaults, on a SQLite file."""


def _tutorial(cases: Sequence[int]) -> tuple[Tutorial, list[UUID]]:
    path = str(Path(_DIRECTORY.name) / f"{next(_numbers)}.sqlite")
    application = Tutorial({"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": path})
    made = []
    for number in cases:
        (at, opening), *rest = _facts(number)
        assert isinstance(opening, Registered)
        petition = Petition(opening.kind, at)
        for happened, fact in rest:
            petition.happen(fact.NAME, happened)
        made.append(petition)
    application.save(*made)
    return application, [petition.id for petition in made]


def _plain_loop(cases: Sequence[int]) -> Thunk:
    application, ids = _tutorial(cases)
    reckoned = _by_hand(_rules().calendar)

    def judge() -> Sequence[Any]:
        get = application.repository.get
        answers: list[Any] = [reckoned(get(id_)) for id_ in ids]
        return answers

    return judge


def _by_hand(calendar: Calendar) -> Callable[[Any], list[Clock]]:
    """The five limits as a program would have them that knows no packs."""
    midnight, day_of = calendar.zone.midnight, calendar.zone.day_of

    def after(at: Instant, days: int) -> Instant:
        day = date.fromordinal(day_of(at))
        while days:
            day += timedelta(days=1)
            days -= calendar.is_workday(day)
        return midnight[day.toordinal() + 1]

    def half_day(at: Instant) -> Instant:
        """The end of the half-day after the one in which something came in."""
        day = date.fromordinal(day_of(at))
        noon, close = _hours(day)
        begins, works = midnight[day.toordinal()], calendar.is_workday(day)
        if works and at < begins + noon[1]:
            return begins + close
        day += timedelta(days=works)
        while not calendar.is_workday(day):
            day += timedelta(days=1)
        return midnight[day.toordinal()] + _hours(day)[0][0]

    def clock(name: str, due: Instant, stop: Instant | None) -> Clock:
        if stop is None:
            return name, due, (State.RUNNING if due >= AT else State.OVERDUE).value
        return name, due, (State.LATE if stop > due else State.MET).value

    def judge(petition: Any) -> list[Clock]:
        when = petition.when
        sent, done = when["dispatched"], when["resolved"]
        solve = "complaint" if petition.kind == "投诉" else "help"
        return sorted(
            [
                clock("dispatch", half_day(when["registered"]), sent),
                clock("respond", after(sent, 1), None),
                clock("sign", after(sent, 1), when["accepted"]),
                clock(solve, after(sent, 5), done),
                clock("callback", midnight[day_of(done) + 2], None),
            ]
        )

    return judge


def _hours(day: date) -> tuple[tuple[int, int], int]:
    """End of the morning and begin of the afternoon; the close."""
    summer = (6, 1) <= (day.month, day.day) < (10, 1)
    noon, afternoon, close = 12 * HOUR, (14 if summer else 13.5) * HOUR, (18 if summer else 17.5)
    return (noon, int(afternoon)), int(close * HOUR)


def _judging(size: int) -> Race:
    loop = min(1.0, 2_000 / size)
    return Race(
        range(size),
        [
            Contender("columns, asked before", _in_columns(True)),
            Contender("columns, asked for the first time", _in_columns(False)),
            Contender("scalar, from the store", _one_by_one, share=loop),
            Contender("plain loop over eventsourcing Aggregates", _plain_loop, share=loop),
        ],
    )


# -------------------------------------------------------------------------------- reading alone


def _reading(size: int) -> Race:
    return Race(
        range(size),
        [
            Contender("histories + fold", _folded),
            Contender("repository.get of each Aggregate", _loaded, share=min(1.0, 2_000 / size)),
        ],
    )


def _folded(cases: Sequence[int]) -> Thunk:
    log = _filled(cases)

    def replay() -> Sequence[Any]:
        every = [fold(stream, events) for stream, events in log.histories("petition/")]
        return Viewed(len(cases), lambda: map(_happened, every))

    return replay


def _happened(dossier: Dossier) -> dict[str, Instant]:
    return {fact.event.NAME: fact.meta.occurred_at for fact in dossier.facts}


def _loaded(cases: Sequence[int]) -> Thunk:
    application, ids = _tutorial(cases)

    def replay() -> Sequence[Any]:
        get = application.repository.get
        every: list[Any] = [get(id_) for id_ in ids]
        return Viewed(len(cases), lambda: (petition.when for petition in every))

    return replay


CLAIMS = [
    Claim("replay: every petition of five facts judged", _judging, 200, 1_000_000, 5),
    Claim("replay: petitions of five facts read from the store", _reading, 100, 100_000, 3),
]
