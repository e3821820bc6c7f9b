"""Small mappings and files for the import tests."""

import io
from collections.abc import Iterable

from sla_engine.importing.load import BoundMapping, read_mapping
from sla_engine.importing.mapping import LogMapping
from sla_engine.importing.matter import Matter, Refused
from sla_engine.importing.rows import read_csv

CSV = """
[log]
name = "letters"
title = { zh = "来信", en = "letters" }
source = "letters"
format = "csv"
zone = "Asia/Shanghai"
pack = "letters"

[times.asked]
column = "asked"
forms = ["rfc3339", "%Y-%m-%d %H:%M", "%Y-%m-%d"]

[times.replied]
column = "replied"
forms = ["rfc3339", "%Y-%m-%d"]
day_at = "end"

[petition]
no = { column = "no" }
prefix = "L-"
at = "asked"
kind = { column = "kind", words = { complaint = "投诉", question = "咨询" } }
region = "CN"
petitioner = { column = "who" }
[petition.personal]
phone = "phone"

[[fact]]
name = "replied"
type = "step_done"
at = "replied"
data = { step = "replied" }
"""

EVENTS = """
[log]
name = "steps"
title = { zh = "环节", en = "steps" }
source = "steps"
format = "csv"
rows = "event"
zone = "Asia/Shanghai"
pack = "letters"

[times.at]
column = "at"

[petition]
no = { column = "case" }
at = "at"
kind = "投诉"
region = "CN"

[[fact]]
name = "step"
each = "event"
type = "step_done"
at = "at"
when = { column = "what", is = ["arrived", "replied"] }
data = { step = { column = "what" } }
"""

HEADER = "no,asked,replied,kind,who,phone"


def mapping(text: str = CSV, *edits: tuple[str, str]) -> LogMapping:
    """A mapping from a text, some of it replaced."""
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return read_mapping(text, "m.toml")


def bound(text: str = CSV, *edits: tuple[str, str]) -> BoundMapping:
    """The same, bound to a pack of the engine's own."""
    return BoundMapping(mapping(text, *edits))


def read(data: bytes | str, of: LogMapping | None = None) -> list[Matter | Refused]:
    """What the CSV reader makes of a file."""
    raw = data.encode() if isinstance(data, str) else data
    return list(read_csv(io.BytesIO(raw), of or mapping()))


def numbers(read: Iterable[Matter | Refused], column: str = "no") -> list[str]:
    """Numbers of the good rows, in order."""
    return [each.row.cells[column] for each in read if isinstance(each, Matter)]


def complaints(read: Iterable[Matter | Refused]) -> list[tuple[int, str]]:
    """Line and first code of what was refused, in order."""
    return [(each.line, each.faults[0].code) for each in read if isinstance(each, Refused)]
