"""Any sequence of transactions, committed or broken off, leaves what a plain model holds."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sla_engine.errors import Refusal
from sla_engine.projection import FollowerTransaction
from tests.conformance.store.samples import T0, Store, alarm, dispatched

STREAMS = st.sampled_from(["a", "b", "c"])
APPEND = st.tuples(
    st.just("append"), STREAMS, st.integers(-1, 1), st.lists(st.integers(0, 12), max_size=3)
)
ALARMS = st.tuples(
    st.just("alarms"), STREAMS, st.dictionaries(st.sampled_from("xyz"), st.integers(0, 9))
)
ADVANCE = st.tuples(st.just("advance"), st.integers(0, 9))
TRANSACTION = st.tuples(st.lists(APPEND | ALARMS | ADVANCE, max_size=5), st.booleans())


Step = tuple[Any, ...]
History = list[tuple[list[Step], bool]]


class BrokenOff(Exception):
    pass


class Model:
    """The log as dicts."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.keys: set[int] = set()
        self.alarms: dict[str, dict[str, int]] = {}
        self.position = 0

    def copy(self) -> "Model":
        other = Model()
        other.events, other.keys = [*self.events], {*self.keys}
        other.alarms, other.position = {**self.alarms}, self.position
        return other

    def head(self, stream: str) -> int:
        return sum(1 for name, _ in self.events if name == stream)

    def apply(self, step: Step) -> None:
        match step:
            case ("append", stream, skew, keys):
                if skew or len(set(keys)) < len(keys) or self.keys & {*keys}:
                    raise BrokenOff
                self.keys |= {*keys}
                self.events += [(stream, key) for key in keys]
            case ("alarms", stream, clauses):
                self.alarms[stream] = dict(clauses)
            case ("advance", position):
                if position < self.position:
                    raise BrokenOff
                self.position = position
            case _:
                raise AssertionError(step)


def perform(tx: FollowerTransaction, step: Step) -> None:
    match step:
        case ("append", stream, skew, keys):
            after = len(tx.load(stream)) + skew
            tx.append(stream, after, [dispatched(str(key)) for key in keys])
        case ("alarms", stream, clauses):
            tx.set_alarms(stream, [alarm(clause, at=T0 + n) for clause, n in clauses.items()])
        case ("advance", position):
            tx.advance("f", position)
        case _:
            raise AssertionError(step)


HISTORY = st.lists(TRANSACTION, max_size=8)
FEWER = 10 if settings().max_examples < 1_000 else 1_000


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
@given(HISTORY)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_log_agrees_with_a_plain_model(store: Store, history: History) -> None:
    check(store, history)


@pytest.mark.parametrize("store", ["postgres"], indirect=True)
@given(HISTORY)
@settings(
    max_examples=FEWER,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_log_on_a_server_agrees_with_a_plain_model(store: Store, history: History) -> None:
    check(store, history)


def check(store: Store, transactions: History) -> None:
    log, model = store.fresh(), Model()
    for steps, broken_off in transactions:
        attempt: Model | None = model.copy()
        try:
            for step in steps:
                assert attempt is not None
                attempt.apply(step)
        except BrokenOff:
            attempt = None
        with suppress(Refusal, BrokenOff), log.transact() as tx:
            for step in steps:
                perform(tx, step)
            if broken_off:
                raise BrokenOff
        if attempt is not None and not broken_off:
            model = attempt
    assert [(r.stream, int(r.meta.key)) for r in log.scan()] == model.events
    assert [r.position for r in log.scan()] == list(range(1, len(model.events) + 1))
    for stream in "abc":
        versions = [r.version for r in log.read(stream)]
        assert versions == list(range(1, model.head(stream) + 1))
    assert {(stream, row.clause, row.alarm_at) for stream, row in log.alarms()} == {
        (s, c, T0 + n) for s, rows in model.alarms.items() for c, n in rows.items()
    }
    assert log.position("f") == model.position
    log.close()
