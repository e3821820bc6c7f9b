"""The alarm index under the shipped rules: a small city's is sound, and is rebuilt as it was."""

from scenarios.workload import city
from sla_engine.scheduler.alarm_index import audit, rebuild
from sla_engine.worktime import parse_instant
from tests.support.delivery import Upstream, engine_at, move_to

BEGIN = parse_instant("2025-01-02T00:00:00+08:00")
END = parse_instant("2025-03-20T00:00:00+08:00")


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
        assert list(audit(engine.log, engine.alarm_rows, now)) == []
        with engine.log.transact() as tx:
            for stream in {stream for stream, _ in before}:
                tx.set_alarms(stream, [])
        assert engine.next_alarm() is None
        rebuild(engine.log, engine.alarm_rows, now)
        assert list(engine.log.alarms()) == before
