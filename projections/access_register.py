"""The register of access (审计): who read personal data, who changed what.

One row for each fact that a person recorded, for everything done to accounts, keys and rules, for
each reading of personal data and each list that was taken away. Rows stand in
`access_register.base` under their position in the log; `access_register` points to them, under
`who|PERSON|POSITION` and `about|STREAM|POSITION` (`position`, `who`, `what`). No row holds what was
read or what a fact says.
"""

from collections.abc import Mapping
from typing import Any

from projections.paging import Keep, Page, Way, place, walk
from sla_engine.projection import Columns, Shelf
from sla_engine.record import Event, Recorded

WATCHED = frozenset({"account", "key", "rules", "campaign", "subject", "export"})
"""Kinds of event that are entered whoever recorded them."""

_CONSOLE = "console:"
_TOLD = (
    "roles", "unit", "request", "scopes", "expires_at", "networks", "source", "until", "failures",
    "temporary", "method", "everywhere", "at_machine", "purpose", "petition", "fields",
    "what", "asked",
)  # fmt: skip
_NOBODYS = ""
"""Key of all that is not entered; no row is ever kept under it."""


class AccessRegister:
    """Key: the position, 16 digits. Columns: `position`, `at` (when it was recorded), `who` (""
    where a machine did it), `role`, `source`, `stream`, `version`, `what` (the event's type, as
    "subject.read"), `told`: what an event about access says of itself, and `about`: streams of the
    dossiers it concerns."""

    name = "access_register"

    def interested(self, event: Event) -> bool:
        return True

    def key(self, recorded: Recorded) -> str:
        return f"{recorded.position:016d}" if _enters(recorded) else _NOBODYS

    def apply(self, row: Columns | None, recorded: Recorded) -> Columns | None:
        return _row(recorded) if _enters(recorded) else None

    def spread(self, row: Columns) -> Mapping[str, Columns]:
        position = f"{row['position']:016d}"
        who = [place("who", row["who"])] if row["who"] else []
        about = [place("about", stream) for stream in row["about"]]
        pointer = {name: row[name] for name in ("position", "who", "what")}
        return {f"{prefix}{position}": pointer for prefix in (*who, *about)}


def _enters(recorded: Recorded) -> bool:
    return bool(_who(recorded)) or _kind(recorded.event) in WATCHED


def _who(recorded: Recorded) -> str:
    meta = recorded.meta
    if meta.actor or not meta.source.startswith(_CONSOLE):
        return meta.actor
    return meta.source.removeprefix(_CONSOLE)


def _kind(event: Event) -> str:
    return event.WIRE.split(".", 1)[0]


def _row(recorded: Recorded) -> Columns:
    meta, event = recorded.meta, recorded.event
    told: Columns = {}
    if _kind(event) in WATCHED:
        given = {name: getattr(event, name, None) for name in _TOLD}
        told = {name: _plain(value) for name, value in given.items() if value}
    petition = told.get("petition", "")
    also = [f"petition/{petition.removeprefix('petition/')}"] if petition else []
    return {
        "position": recorded.position,
        "at": meta.recorded_at,
        "who": _who(recorded),
        "role": meta.role,
        "source": meta.source,
        "stream": recorded.stream,
        "version": recorded.version,
        "what": event.WIRE.rsplit("/", 1)[0],
        "told": told,
        "about": [recorded.stream, *also],
    }


def _plain(value: Any) -> Any:
    """As JSON gives it back."""
    return list(value) if isinstance(value, tuple) else value


def page(
    shelf: Shelf,
    cursor: str = "",
    limit: int = 50,
    *,
    who: str = "",
    about: str = "",
    what: str = "",
) -> Page:
    """Entries, newest first: all, of one person, or about one stream ("petition/NO",
    "account/NAME", ...); of these, where `what` is not empty, those whose type begins so
    ("subject.read", "account."). Raises `CURSOR_WRONG`."""
    keep = _keep(who if about else "", what)
    if not who and not about:
        return walk(shelf, Way("access_register.base", "", descending=True), cursor, limit, keep)
    prefix = place("about", about) if about else place("who", who)
    found = walk(shelf, Way("access_register", prefix, descending=True), cursor, limit, keep)
    keys = [f"{row['position']:016d}" for row in found.rows]
    rows = shelf.rows_of("access_register.base", keys)
    return found._replace(rows=[rows[key] for key in keys])


def _keep(who: str, what: str) -> Keep | None:
    if not who and not what:
        return None
    return lambda row: (not who or row["who"] == who) and row["what"].startswith(what)
