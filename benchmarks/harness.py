"""Races between our way of doing something and the ways a user would otherwise choose.

A `Claim` builds a `Race` of some size: the same cases for every contender, ours first. Before a
contender is timed its answers must equal ours, compared by digest; a fast wrong answer is not
a result. All contenders run in turn within each round of one process and the best round
counts, so that a noisy neighbour disturbs them alike. Compare ratios, not nanoseconds, between
machines.

A module `benchmarks/bench_*.py` takes part by exposing `CLAIMS: Sequence[Claim]`.
"""

import gc
import hashlib
import importlib
import os
import pkgutil
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from itertools import groupby
from typing import Any

import benchmarks

PEERS = {
    "numpy": "numpy",
    "pandas": "pandas",
    "holidays": "holidays",
    "chinesecalendar": "chinese_calendar",
    "eventsourcing": "eventsourcing",
}
"""Distributions that contenders come from, and the modules they install."""

Thunk = Callable[[], Sequence[Any]]


@dataclass(frozen=True)
class Contender:
    """One way of answering.

    `prepare(cases)` is not timed: it converts inputs and opens what must be open, and returns
    the timed call, which gives one answer per case. It runs afresh before every round.
    `plain` brings one answer into the form ours has (not timed). `share` of the cases is enough
    for a contender too slow to be given all of them. `one` answers a single case: where it is
    given, each is timed by itself, and the row tells how long 99 of 100 took at most.
    """

    name: str
    prepare: Callable[[Sequence[Any]], Thunk]
    plain: Callable[[Any], Any] = lambda answer: answer
    share: float = 1.0
    one: Callable[[Any], Any] | None = None

    def of(self, cases: Sequence[Any]) -> Sequence[Any]:
        return cases[: max(1, round(len(cases) * self.share))]


@dataclass(frozen=True)
class Race:
    """The cases and the field, our own entry first."""

    cases: Sequence[Any]
    contenders: Sequence[Contender]


@dataclass(frozen=True)
class Claim:
    """A named race; `small` proves that it runs and agrees, `canonical` is what is published.

    Rounds of a few milliseconds, and many of them, find a moment in which nobody else runs.
    """

    name: str
    build: Callable[[int], Race]
    small: int
    canonical: int
    rounds: int = 5


@dataclass(frozen=True)
class Row:
    """One line of the result.

    `times_ours` is how many times our time the contender took, `answers` the digest of the
    answers it gave, which are ours to the same cases. `cpu_ns_per_case` is time of this process's
    threads on a processor; what servers and other processes do is not in it.
    """

    claim: str
    contender: str
    cases: int
    ns_per_case: float
    cpu_ns_per_case: float
    times_ours: float
    answers: str
    p99_ns: float | None = None


class Disagreement(Exception):
    """A contender's answers differ from ours, so timing it would mean nothing."""


def run(claim: Claim, size: int, rounds: int) -> list[Row]:
    """Check every contender's answers against ours, then time them; raises `Disagreement`."""
    race = claim.build(size)
    answers = list(race.contenders[0].prepare(race.cases)())
    digests = {c.name: _agree(claim, c, race.cases, answers) for c in race.contenders}
    times: dict[str, list[tuple[float, float]]] = {c.name: [] for c in race.contenders}
    for _ in range(rounds):
        for contender in race.contenders:
            times[contender.name].append(_time(contender, race.cases))
    best = {name: tuple(map(min, zip(*each, strict=True))) for name, each in times.items()}
    ours, _ = best[race.contenders[0].name]
    tails = {c.name: _tail(c.one, c.of(race.cases)) for c in race.contenders if c.one is not None}
    return [
        Row(
            claim=claim.name,
            contender=contender.name,
            cases=len(contender.of(race.cases)),
            ns_per_case=best[contender.name][0],
            cpu_ns_per_case=best[contender.name][1],
            times_ours=best[contender.name][0] / ours,
            answers=digests[contender.name],
            p99_ns=tails.get(contender.name),
        )
        for contender in race.contenders
    ]


def digest(answers: Sequence[Any]) -> str:
    """Twelve hexadecimal characters over the printed answers, in order."""
    return hashlib.sha256("\n".join(map(repr, answers)).encode()).hexdigest()[:12]


def claims() -> Iterator[Claim]:
    """All claims of all `bench_*` modules, in name order of the modules."""
    for module in sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__)):
        if module.startswith("bench_"):
            yield from importlib.import_module(f"benchmarks.{module}").CLAIMS


def machine() -> dict[str, str]:
    """What the figures were taken on, and against which versions."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        **{name: version(name) for name in PEERS if find_spec(PEERS[name])},
    }


def as_table(rows: Sequence[Row]) -> str:
    """Rows for a terminal, one block per claim."""
    blocks = []
    for claim, block in groupby(rows, key=lambda row: row.claim):
        titles = f"{'ns/case':>12}{'x ours':>10}{'cpu ns':>12}{'cases':>10}  answers"
        heading = f"{claim}\n  {'':<44}{titles}"
        ours, *others = block
        lines = [_line(ours, ours.answers), *(_line(row, "equal") for row in others)]
        blocks.append("\n".join([heading, *lines]))
    return "\n\n".join(blocks)


def _line(row: Row, answers: str) -> str:
    tail = f"  p99 {row.p99_ns / 1_000_000:.2f} ms" if row.p99_ns is not None else ""
    return (
        f"  {row.contender:<44}{row.ns_per_case:>12,.0f}{row.times_ours:>10,.1f}"
        f"{row.cpu_ns_per_case:>12,.0f}{row.cases:>10,}  {answers}{tail}"
    )


def as_dicts(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def _agree(claim: Claim, contender: Contender, cases: Sequence[Any], ours: Sequence[Any]) -> str:
    mine = contender.of(cases)
    got = [contender.plain(answer) for answer in contender.prepare(mine)()]
    expected = list(ours[: len(mine)])
    if digest(got) == digest(expected):
        return digest(got)
    at = next(i for i, (a, b) in enumerate(zip(got, expected, strict=True)) if repr(a) != repr(b))
    raise Disagreement(
        f"{claim.name}: {contender.name} says {got[at]!r} to case {mine[at]!r}, "
        f"ours says {expected[at]!r}"
    )


def _time(contender: Contender, cases: Sequence[Any]) -> tuple[float, float]:
    """Nanoseconds for a case, by the clock and of this process on a processor."""
    mine = contender.of(cases)
    thunk = contender.prepare(mine)
    # As `timeit` does: what a collection costs depends on what else the process has imported.
    collecting = gc.isenabled()
    gc.disable()
    try:
        begin, busy = time.perf_counter_ns(), time.process_time_ns()
        thunk()
        taken = time.perf_counter_ns() - begin, time.process_time_ns() - busy
        return taken[0] / len(mine), taken[1] / len(mine)
    finally:
        if collecting:
            gc.enable()


def _tail(one: Callable[[Any], Any], cases: Sequence[Any]) -> float:
    """How long 99 of 100 cases took at most, in nanoseconds, each timed by itself."""
    taken = []
    for case in cases:
        begin = time.perf_counter_ns()
        one(case)
        taken.append(time.perf_counter_ns() - begin)
    return float(sorted(taken)[len(taken) * 99 // 100])
