"""The engine fires from plans, and where a row's plan is broken it reads the dossier."""

from collections.abc import Callable, Iterator

import msgspec
import pytest

from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import RungFired
from sla_engine.escalation.alarms import LONG, SHORT
from sla_engine.escalation.armed import EDITION, Plan, Step
from sla_engine.ports import AlarmRow
from sla_engine.scheduler.alarm_index import audit
from sla_engine.settings import Settings
from sla_engine.store.application import open_memory
from sla_engine.wiring import Engine
from tests.support import given
from tests.support.given import clause, instant, pack_of, rules_of, send, talks

STREAM = "petition/P1"
RUNGS = "warn due-3个工作日 warn 10; red due red 30"
RULES = rules_of(pack_of(clause("solve", "10个工作日", rungs=RUNGS), talks()))


def spoilt(row: AlarmRow, **changes: object) -> bytes:
    plan = msgspec.msgpack.decode(row.plan, type=Plan)
    return msgspec.msgpack.encode(msgspec.structs.replace(plan, **changes))


BROKEN: dict[str, Callable[[AlarmRow], bytes]] = {
    "cut off": lambda row: row.plan[:-1],
    "something else": lambda _row: msgspec.msgpack.encode({"name": 1}),
    "of another edition": lambda row: spoilt(row, edition=EDITION + 1),
    "of a pack that is gone": lambda row: spoilt(row, pack="0" * 64),
    "of a region nobody knows": lambda row: spoilt(row, region="XX"),
    "of an unknown rung": lambda row: spoilt(row, steps=[Step("x", row.alarm_at or 0)]),
    "without a step": lambda row: spoilt(row, steps=[]),
}


@pytest.fixture
def engine() -> Iterator[Engine]:
    """One petition whose warning is due."""
    with given.engine("2025-06-03 08:00", RULES) as engine:
        send(engine, "2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
        assert isinstance(engine.clock, VirtualClock)
        engine.clock.set(instant("2025-06-12 09:00"))
        yield engine


def fired(engine: Engine) -> list[str]:
    acts = (each.event for each in engine.events(STREAM))
    return [act.rung for act in acts if isinstance(act, RungFired)]


def test_a_sweep_of_the_engine_fires_without_reading_the_dossier(engine: Engine) -> None:
    report = engine.sweep()
    assert (report.touched, report.ready, fired(engine)) == (1, 1, ["warn"])


@pytest.mark.parametrize("spoil", BROKEN)
def test_a_broken_plan_holds_up_nobody_and_is_written_anew(engine: Engine, spoil: str) -> None:
    ((_, row),) = [(name, row) for name, row in engine.log.alarms(STREAM) if row.plan]
    with engine.log.transact() as tx:
        tx.put_alarm(STREAM, row._replace(plan=BROKEN[spoil](row)))
    report = engine.sweep()
    assert (report.touched, report.ready, report.failed) == (1, 0, {})
    assert fired(engine) == ["warn"]
    assert list(audit(engine.log, engine.alarm_rows, engine.clock.now())) == []


@pytest.mark.parametrize(("short_term_s", "lane"), [(86_400, LONG), (30 * 86_400, SHORT)])
def test_an_operator_says_which_terms_are_short(short_term_s: int, lane: int) -> None:
    settings = Settings(short_term_s=short_term_s)
    with Engine(open_memory(), VirtualClock(instant("2025-06-03 10:00")), settings, RULES) as each:
        send(each, "2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1")
        ((_, row),) = each.log.alarms(STREAM)
        assert row.lane == lane
        assert list(audit(each.log, each.alarm_rows, each.clock.now())) == []
