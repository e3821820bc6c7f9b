"""Documents (文书) as plain data."""

from collections.abc import Mapping
from typing import Any

from sla_engine.documents.form import Document, Moment
from sla_engine.showing.plain import both, rfc3339


def as_dict(document: Document) -> dict[str, Any]:
    """JSON-ready; `missing` are required fields that nobody has recorded."""
    return {
        "document": document.form.name,
        "title": both(document.form.title),
        "of": document.of,
        "at": rfc3339(document.at),
        "fields": _plain(document.fields),
        "missing": document.missing,
    }


def _plain(value: Any) -> Any:
    """Times as RFC 3339."""
    if isinstance(value, Moment):
        return rfc3339(value.at)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
