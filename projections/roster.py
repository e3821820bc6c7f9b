"""Who holds which role (职务名录): dated, so that it can be asked who held it then."""

from collections.abc import Mapping
from typing import Any

from projections import history
from projections.history import Line
from sla_engine.dossier.events import Voided
from sla_engine.projection import Columns
from sla_engine.record import Event, Recorded, fields_of
from sla_engine.roster.events import Appointed, Relieved
from sla_engine.roster.kind import ROSTER


class Roster:
    """Key: `REGION|ROLE|ABOUT`. Columns: `region`, `role`, `about` ("" for the whole region);
    `holders` [{holder, unit, from, to}], `to` None while they are in office."""

    name = "roster"
    dossiers = (ROSTER.name,)

    def interested(self, event: Event) -> bool:
        return isinstance(event, Appointed | Relieved | Voided)

    def key(self, recorded: Recorded) -> str:
        return recorded.stream

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        if not recorded.stream.startswith("roster/"):
            return None
        row = row or {"region": recorded.stream.split("/", 1)[1], "lines": []}
        lines = history.enter(row["lines"], recorded, fields_of(recorded.event))
        return {**row, "lines": lines}

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        held: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for line in history.standing(row["lines"]):
            holders = held.setdefault((line.says["role"], line.says["about"]), [])
            if line.type == "appointed":
                holders.append(_holder(line))
            else:
                _relieve(holders, line)
        return {
            f"{row['region']}|{role}|{about}": {
                "region": row["region"],
                "role": role,
                "about": about,
                "holders": holders,
            }
            for (role, about), holders in held.items()
            if holders
        }


def _holder(line: Line) -> dict[str, Any]:
    said = {name: line.says[name] for name in ("holder", "unit")}
    return {**said, "from": line.at, "to": None}


def _relieve(holders: list[dict[str, Any]], line: Line) -> None:
    for each in holders:
        if each["holder"] == line.says["holder"] and each["to"] is None:
            each["to"] = line.at
