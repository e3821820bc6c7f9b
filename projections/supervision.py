"""The register of supervision (督办台账): what was ordered of whom, and when it was settled."""

from collections.abc import Mapping, Sequence

from sla_engine.dossier.events import AnomalyNoted, RungFired, RungWithdrawn
from sla_engine.escalation.kinds import KINDS
from sla_engine.identity import rung_key
from sla_engine.ports import AlarmRow
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded

ORDERS = frozenset({"supervise", "urge", "circular", "transfer", "list"})
_SHOWN = ("clause", "cycle", "rung", "act", "level", "tier", "unit", "due", "at", "silent")


class Supervision:
    """Key: `STREAM|CLAUSE|CYCLE|VERSION|RUNG`, one row per order. Columns: `stream`, what the act
    says (`clause`, `cycle`, `rung`, `act`, `level`, `tier`, `unit`, `to`, `due`, `at`, `silent`);
    `number`: its place in the log, which rises and never changes; `recorded_at`; `stands` (False
    once it was withdrawn); `settled_at`: when the clock it is about ended, None while it runs."""

    name = "supervision"
    dossiers = tuple(KINDS)

    def interested(self, event: Event) -> bool:
        return not isinstance(event, AnomalyNoted)

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        event = recorded.event
        if isinstance(event, RungFired) and event.act in ORDERS:
            orders = row["orders"] if row is not None else {}
            return {"orders": {**orders, _name(event): _order(event, recorded)}}
        if row is not None and isinstance(event, RungWithdrawn) and _name(event) in row["orders"]:
            withdrawn = {**row["orders"][_name(event)], "stands": False}
            return {"orders": {**row["orders"], _name(event): withdrawn}}
        return row

    def finish(self, row: Columns, clocks: Sequence[AlarmRow]) -> Columns:
        ended = {(clock.clause, clock.cycle): clock.stopped for clock in clocks}
        return {
            "orders": {
                name: {**order, "settled_at": ended.get((order["clause"], order["cycle"]))}
                for name, order in row["orders"].items()
            }
        }

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        return {f"{order['stream']}|{name}": order for name, order in row["orders"].items()}


def _name(event: RungFired | RungWithdrawn) -> str:
    return rung_key(event.clause, event.cycle, event.version, event.rung)


def _order(event: RungFired, recorded: Recorded) -> Columns:
    return {
        "stream": recorded.stream,
        **{name: getattr(event, name) for name in _SHOWN},
        "to": list(event.to),
        "number": recorded.position,
        "recorded_at": recorded.meta.recorded_at,
        "stands": True,
        "settled_at": None,
    }
