"""Policy packs as their files have them, found by digest."""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sla_engine.checker.amounts import SECOND, Amount, amount_of
from sla_engine.checker.days import Calendar, digest_of
from sla_engine.checker.reasons import Forged

Session = tuple[int, int]


class Pack:
    """One edition of a place's rules."""

    def __init__(self, raw: Mapping[str, Any], digest: str) -> None:
        self.digest = digest
        self.head: Mapping[str, Any] = raw["pack"]
        self.grounds: Mapping[str, Any] = raw.get("grounds", {})
        self._clauses = {table["id"]: Clause(table, raw) for table in raw["clause"]}

    def clause(self, name: str) -> "Clause | None":
        """The clause of that id."""
        return self._clauses.get(name)


class Clause:
    """One clause: what starts and stops its clock, and how its term is counted."""

    def __init__(self, table: Mapping[str, Any], pack: Mapping[str, Any]) -> None:
        self.id: str = table["id"]
        self.name: Mapping[str, str] = table["name"]
        self.basis = listed(table["basis"])
        self.status: str = table.get("status", "default")
        self.scope: str = table["scope"]
        self.match = {key: _words(value) for key, value in table.get("match", {}).items()}
        self.start = listed(table["start"])
        self.stop_any = listed(table.get("stop", []))
        self.stop_all = listed(table.get("stop_all", []))
        self.repeat: bool = table.get("repeat", False)
        self.limit = amount_of(table["limit"])
        self.own_limit: bool = table.get("own_limit", False)
        self.receipt: str = table.get("receipt", "as_is")
        self.expiry: str = table.get("expiry", "end_of_day")
        self.roll: bool = table.get("roll", False)
        self.pauses = listed(table.get("pauses", []))
        self.keeps_notified = table.get("revision") == "never_earlier"
        self.lapses = _lapses(table, pack.get("measure", []))
        self.extension: Mapping[str, Any] | None = table.get("extension")
        named = table.get("hours", "office")
        self.hours = Hours(pack["hours"]["office" if named == "24x7" else named]["seasons"])

    @property
    def laned(self) -> bool:
        """Whether every lane has a clock of its own."""
        return self.scope in ("assignment", "talk", "member")

    @property
    def kind(self) -> str:
        """The kind of dossier that has such clocks."""
        return {"assignment": "petition", "member": "round"}.get(self.scope, self.scope)

    def cap(self, name: str) -> Amount | None:
        """A length among the rules of extension."""
        text = (self.extension or {}).get(name)
        return None if text is None else amount_of(text)


def _lapses(table: Mapping[str, Any], measures: Iterable[Mapping[str, Any]]) -> bool:
    """Whether nobody is late: silence is consent that no measure counts as a miss, or whatever
    would stop the clock is a right that is lost with its term. A petition can always be returned
    within its term alone."""
    stops = {*listed(table.get("stop", [])), *listed(table.get("stop_all", []))}
    lost = set(listed(table.get("stop", [])) if table.get("late") == "barred" else ())
    if table["scope"] == "assignment":
        lost |= {"return_requested"} & stops
    acts = [rung["act"] for rung in table.get("rung", []) if rung["at"].strip() == "due"]
    counters = [
        name
        for measure in measures
        for key in ("numerator", "denominator")
        for name in listed(measure.get(key, []))
    ]
    measured = any(name.startswith(f"{table['id']}.") for name in counters)
    return ("deem_accepted" in acts and not measured) or (bool(lost) and lost == stops)


class Hours:
    """Office hours: sessions of a working day by season."""

    def __init__(self, seasons: Iterable[Any]) -> None:
        self._seasons = [
            (int(first[:2]) * 100 + int(first[3:]), [(_clock(a), _clock(b)) for a, b in sessions])
            for first, sessions in seasons
        ]
        self.digest = digest_of(self._seasons)

    def sessions(self, calendar: Calendar, day: date) -> list[Session]:
        """The sessions of a working day as instants."""
        today = day.month * 100 + day.day
        begun = [sessions for first, sessions in self._seasons if first <= today]
        midnight = calendar.zone.midnight(day)
        sessions = (begun or [self._seasons[-1][1]])[-1]
        return [(midnight + opens, midnight + closes) for opens, closes in sessions]


class Packs:
    """Every pack in the folders, and those that came with the case."""

    def __init__(self, folders: Iterable[Path], given: Iterable[str]) -> None:
        texts = [
            path.read_text(encoding="utf-8")
            for folder in folders
            for path in sorted(folder.glob("*/*.toml"))
        ]
        self._by_digest: dict[str, Pack] = {}
        for text in (*texts, *given):
            raw = tomllib.loads(text)
            digest = digest_of({key: raw[key] for key in raw if key != "case"})
            self._by_digest[digest] = Pack(raw, digest)

    def get(self, digest: str) -> Pack:
        """The pack of a digest, which was worked out from its text."""
        if digest not in self._by_digest:
            raise Forged("PACK_UNKNOWN", "pack", digest, "-")
        return self._by_digest[digest]


def own_limit(clause: Clause, limit: str, began: date) -> tuple[Amount | None, bool]:
    """The term of a clause and whether its last day rolls, where the matter may bring a limit of
    its own: a length, or its last day."""
    if not clause.own_limit or not limit:
        return clause.limit, clause.roll
    try:
        last = date.fromisoformat(limit)
    except ValueError:
        amount = amount_of(limit)
        return amount, clause.roll and amount is not None and not amount.unit.endswith("hours")
    return Amount("calendar_days", max((last - began) // timedelta(days=1), 0)), False


def listed(value: Any) -> list[str]:
    """A text, or a list of texts."""
    return [value] if isinstance(value, str) else list(value)


def _words(values: Any) -> list[str]:
    """Values of a trait, all of which are texts: `true` and `2` as well."""
    many = values if isinstance(values, list) else [values]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in many]


def _clock(text: str) -> int:
    return (int(text[:2]) * 60 + int(text[3:])) * 60 * SECOND
