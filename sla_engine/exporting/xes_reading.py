"""Our own XES read back, one event at a time, straight from the parser."""

from collections import deque
from collections.abc import Iterator
from typing import IO, NamedTuple
from xml.parsers import expat

from sla_engine.errors import refuse
from sla_engine.exporting.files import CUT
from sla_engine.exporting.line import DAMAGED, hear
from sla_engine.exporting.manifest import UNREADABLE, Manifest, manifest_of
from sla_engine.exporting.xes import MANIFEST, Attribute, Said, of_trace, parse, render
from sla_engine.serving.archive import Row

_CHUNK = 1 << 16
_INCOMPLETE = frozenset(
    expat.errors.codes[text]
    for text in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
_LOG, _TRACE, _EVENT = 1, 2, 3


def read(file: IO[bytes], name: str) -> tuple[Manifest, Iterator[tuple[str, Row]]]:
    """The manifest, and each event with its place in the file.

    Raises `EXPORT_UNREADABLE`, `EXPORT_CUT`, `EXPORT_DAMAGED` and what `manifest_of` does.
    """
    log = _Log(file, name)
    return log.manifest(), log.events()


class _Found(NamedTuple):
    """An event with the line it begins on; the first of a trace with the trace's attributes."""

    line: int
    trace: list[Attribute] | None
    said: Said


class _Log:
    """Collects events as the parser comes past their tags."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._depth = 0
        self._trace: list[Attribute] = []
        self._event: list[Attribute] | None = None
        self._first = True
        self._line = 0
        self._ready: deque[_Found] = deque()
        self._manifest: str | None = None
        self._ended = False

    def manifest(self) -> Manifest:
        while self._manifest is None and not self._ready and not self._ended:
            self._feed()
        if self._manifest is None:
            raise refuse(UNREADABLE, self._name, "XES")
        return manifest_of(self._manifest, self._name)

    def events(self) -> Iterator[tuple[str, Row]]:
        while self._ready or not self._ended:
            while self._ready:
                found = self._ready.popleft()
                where = f"{self._name}:{found.line}"
                row = hear(found.said, render, parse, where)
                if found.trace is not None and found.trace != [*of_trace(found.said, row[1] == 1)]:
                    raise refuse(DAMAGED, where, "trace")
                yield where, row
            if not self._ended:
                self._feed()

    def _feed(self) -> None:
        chunk = self._file.read(_CHUNK)
        self._ended = not chunk
        try:
            self._parser.Parse(chunk, self._ended)
        except expat.ExpatError as error:
            code = CUT if self._ended and error.code in _INCOMPLETE else DAMAGED
            where = f"{self._name}:{error.lineno}"
            raise refuse(code, where, expat.ErrorString(error.code)) from error

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == _LOG and tag != "log":
            raise refuse(UNREADABLE, self._name, tag)
        if self._depth == _TRACE and tag == "trace":
            self._trace, self._first = [], True
        elif self._depth == _EVENT and tag == "event":
            self._event, self._line = [], self._parser.CurrentLineNumber
        elif "key" in attributes:
            self._attribute((tag, attributes["key"], attributes.get("value", "")))

    def _attribute(self, attribute: Attribute) -> None:
        if self._depth == _LOG + 1 and attribute[1] == MANIFEST:
            self._manifest = attribute[2]
        elif self._depth == _TRACE + 1:
            self._trace.append(attribute)
        elif self._depth == _EVENT + 1 and self._event is not None:
            self._event.append(attribute)

    def _end(self, tag: str) -> None:
        if self._depth == _EVENT and self._event is not None:
            # The attributes of a trace come before its events, its name before all.
            name = self._trace[0][2] if self._trace else ""
            trace = self._trace if self._first else None
            self._ready.append(_Found(self._line, trace, Said(name, tuple(self._event))))
            self._event, self._first = None, False
        self._depth -= 1

    def _doctype(self, *_declared: object) -> None:
        raise refuse(UNREADABLE, self._name, "DOCTYPE")
