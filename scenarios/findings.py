"""What was compared and what departs from the script; everything is kept, not only the first."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sla_engine.record import Instant
from sla_engine.worktime import format_instant

NOTHING = "—"
_INSTANTS = frozenset({"due", "stopped", "at", "recorded"})


@dataclass(frozen=True, slots=True)
class Departure:
    """One value that is not as foretold. `about` names dossier and clock, `field` the value.

    `zh` and `en` are the derivation of a due instant that departs, else empty.
    """

    at: Instant
    where: str
    about: str
    field: str
    expected: str
    found: str
    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class Findings:
    """Compares at one instant after the other; `checked` counts the values compared so far."""

    def __init__(self) -> None:
        self.checked = 0
        self.departures: list[Departure] = []
        self._at: Instant = 0
        self._where = ""

    def state(self, where: str, at: Instant) -> None:
        """Where in the script, and when, the values compared next belong."""
        self._at, self._where = at, where

    def compare(self, about: str, field: str, expected: object, found: object) -> None:
        """Compare one value; of tables only the keys that are expected."""
        asked = _asked(expected, found)
        if expected == asked:
            self.checked += 1
        else:
            self.depart(about, field, say(field, expected), say(field, asked))

    def depart(self, about: str, field: str, expected: str, found: str) -> None:
        """Something that is there and should not be, or the other way round."""
        self.checked += 1
        self.departures.append(Departure(self._at, self._where, about, field, expected, found))


def _asked(expected: object, found: object) -> object:
    """What was found, as far as it was asked for."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        there = found if isinstance(found, Counter) else defaultdict(lambda: NOTHING, found)
        return {key: _asked(each, there[key]) for key, each in expected.items()}
    if isinstance(expected, list) and isinstance(found, list | tuple):
        if len(expected) != len(found):
            return list(found)
        return [_asked(each, there) for each, there in zip(expected, found, strict=True)]
    return found


def say(field: str, value: object) -> str:
    """A value as the script would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and field in _INSTANTS:
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value) or '""'
