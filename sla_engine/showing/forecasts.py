"""What loading a notice or a pack would do, as plain data."""

from typing import Any

from sla_engine.service.campaign_forecast import Forecast, Move, Tally
from sla_engine.showing.plain import rfc3339


def forecast_dict(title: str, found: Forecast) -> dict[str, Any]:
    """JSON-ready: what a loading would do, with every unit."""
    return {
        "dry_run": True,
        "title": title,
        "open": found.dossiers,
        "moved": found.total.dossiers,
        "kinds": dict(found.kinds),
        **_tally(found.total),
        "units": [
            {"unit": unit, "dossiers": tally.dossiers, **_tally(tally)}
            for unit, tally in by_size(found)
        ],
        "examples": [_move(move) for move in found.examples],
        "governed": dict(found.governed),
        "failed": found.failed,
    }


def _tally(tally: Tally) -> dict[str, int]:
    return {
        "terms": tally.terms,
        "later": tally.later,
        "earlier": tally.earlier,
        "unchanged": tally.unchanged,
        "official": tally.official,
        "longest_later_s": tally.latest // 1_000_000,
        "longest_earlier_s": -tally.earliest // 1_000_000,
    }


def _move(move: "Move") -> dict[str, Any]:
    due = {"old_due": rfc3339(move.old_due), "new_due": rfc3339(move.new_due)}
    return {**move._asdict(), **due}


def by_size(found: Forecast) -> list[tuple[str, Tally]]:
    """Units, those with the most terms first."""
    return sorted(found.units.items(), key=lambda each: (-each[1].terms, each[0]))
