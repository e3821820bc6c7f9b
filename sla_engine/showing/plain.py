"""Values as a program is told them: instants as RFC 3339, words in both languages."""

from collections.abc import Mapping
from typing import Any, Protocol

Instant = int
Row = Mapping[str, Any]

# What a read model keeps for itself in order to work out the rest.
_OWN = frozenset({"lines", "raised"})
_INSTANTS = ("from", "to", "due", "at", "ends", "begins")


class Bilingual(Protocol):
    """Anything with a Chinese and an English form, such as `policy.clause.Text`."""

    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...


def rfc3339(instant: Instant | None) -> str | None:
    """For JSON: RFC 3339 at +08:00, None where there is no instant."""
    from sla_engine.worktime import format_instant  # noqa: PLC0415  `--help` waits for no calendar

    return None if instant is None else format_instant(instant)


def both(text: Bilingual) -> dict[str, str]:
    """A text in both languages."""
    return {"zh": text.zh, "en": text.en}


def public(row: Row) -> dict[str, Any]:
    """A row for JSON: times RFC 3339, without what the read model keeps for itself."""
    return {
        name: rfc3339(value or None) if name.endswith("_at") else value
        for name, value in row.items()
        if name not in _OWN
    }


def jsonable(value: Any, name: str = "") -> Any:
    """A row for JSON: times RFC 3339, also inside; without what the read model keeps for itself."""
    if isinstance(value, Mapping):
        return {key: jsonable(each, key) for key, each in public(value).items()}
    if isinstance(value, list | tuple):
        return [jsonable(each) for each in value]
    return rfc3339(value) if name in _INSTANTS and isinstance(value, int) else value


def without(name: str, told: Any) -> Any:
    """Plain data with no field of that name, however deep."""
    match told:
        case Mapping():
            return {key: without(name, value) for key, value in told.items() if key != name}
        case list() | tuple():
            return [without(name, value) for value in told]
        case _:
            return told
