"""The alarm index is lost while everybody works, and made again."""

from projections import READ_MODELS
from sla_engine.followers.projector import rebuild as rebuild_rows
from sla_engine.ports import Log
from sla_engine.projection import Clocked
from sla_engine.scheduler.alarm_index import rebuild as rebuild_index
from sla_engine.wiring import Engine


def lose(log: Log, prefix: str = "") -> None:
    """Take away every row, stream by stream."""
    for stream in sorted({stream for stream, _ in log.alarms(prefix)}):
        with log.transact() as tx:
            tx.set_alarms(stream, ())


def restore(engine: Engine) -> None:
    """Write the index anew, and then the read models whose rows were completed without it."""
    rebuild_index(engine.log, engine.alarm_rows, engine.clock.now())
    for model in READ_MODELS:
        if isinstance(model, Clocked):
            rebuild_rows(engine.log, model)
