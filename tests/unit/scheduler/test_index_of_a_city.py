"""The alarm index under the shipped rules: a small city's is sound, and is rebuilt as it was."""

from collections.abc import Sequence

from scenarios.workload import city
from sla_engine.dossier.fold import fold
from sla_engine.escalation.alarms import alarm_rows
from sla_engine.escalation.kinds import kind_of
from sla_engine.ports import AlarmRow
from sla_engine.record import Instant, Recorded
from sla_engine.scheduler.alarm_index import audit, rebuild
from sla_engine.sla.assess import assess
from sla_engine.worktime import parse_instant
from tests.support.delivery import RULES, Upstream, engine_at, move_to

BEGIN = parse_instant("2025-01-02T00:00:00+08:00")
END = parse_instant("2025-03-20T00:00:00+08:00")


def rows_of(stream: str, events: Sequence[Recorded], now: Instant) -> Sequence[AlarmRow]:
    return alarm_rows(assess(fold(stream, events), kind_of(stream), RULES, now))


def test_the_index_of_a_city_is_sound_and_rebuilt_as_it_was() -> None:
    with engine_at(BEGIN) as engine:
        upstream = Upstream(engine)
        arrivals = list(city(3, 25, BEGIN, END))
        for arrival in arrivals[: len(arrivals) // 2]:
            move_to(engine, arrival.at)
            upstream.send([arrival.fact])
        now, before = engine.clock.now(), list(engine.log.alarms())
        assert len(before) > 25
        assert any(row.alarm_at is not None for _, row in before)
        assert list(audit(engine.log, rows_of, now)) == []
        with engine.log.transact() as tx:
            for stream in {stream for stream, _ in before}:
                tx.set_alarms(stream, [])
        assert engine.next_alarm() is None
        rebuild(engine.log, rows_of, now)
        assert list(engine.log.alarms()) == before
