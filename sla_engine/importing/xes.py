"""XES (IEEE 1849): one trace at a time, straight from the parser, with no tree built.

Memory is bounded: a trace, a tag and the depth have limits. A document type, and with it every
entity, is refused. Attributes nested in attributes are passed over.
"""

from collections import deque
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from sla_engine.errors import Fault, refuse, register
from sla_engine.importing.matter import Matter, Refused, Row
from sla_engine.importing.rows import FILE_EMPTY

XES_BROKEN = register(
    "IMPORT_XES_BROKEN",
    "不是合法的 XML（{found}），其后内容未读",
    "not well-formed XML ({found}); what follows was not read",
)
XES_DOCTYPE = register(
    "IMPORT_XES_DOCTYPE",
    "文件带有 DOCTYPE（可声明实体），不予读取",
    "the file has a DOCTYPE, which may declare entities, and is not read",
    "去掉 DOCTYPE 后重试",
    "remove the DOCTYPE and try again",
)
XES_NOT_A_LOG = register(
    "IMPORT_XES_NOT_A_LOG",
    "根元素是“{found}”，应为“{allowed}”",
    "the root element is {found!r}, it should be {allowed!r}",
)
XES_TOO_LARGE = register(
    "IMPORT_XES_TOO_LARGE",
    "“{found}”超过大小上限（{allowed}）",
    "{found!r} is larger than allowed ({allowed})",
)

CHUNK = 65_536
TAG_LIMIT = 1_048_576
TRACE_LIMIT = 16 * 1_048_576
DEPTH_LIMIT = 64
_PER_ATTRIBUTE = 128


def read_xes(file: IO[bytes]) -> Iterator[Matter | Refused]:
    """Traces of an XES file in file order; a file that breaks off ends with a `Refused`.

    Raises `Refusal` IMPORT_FILE_EMPTY, IMPORT_XES_DOCTYPE or IMPORT_XES_NOT_A_LOG.
    """
    traces, fed = _Traces(), 0
    while chunk := file.read(CHUNK):
        fed += len(chunk)
        yield from traces.feed(chunk)
        if traces.broken:
            return
        if fed - traces.consumed > TAG_LIMIT:
            yield Refused(traces.line, (Fault(XES_TOO_LARGE, "", "< … >", str(TAG_LIMIT)),))
            return
    if not fed:
        raise refuse(FILE_EMPTY)
    yield from traces.feed(b"", last=True)


class _Open:
    """A trace or event whose end tag is still to come."""

    def __init__(self, line: int, order: int) -> None:
        self.line = line
        self.order = order
        self.cells: dict[str, str] = {}

    def row(self) -> Row:
        return Row(self.line, self.order, self.cells)


class _Traces:
    """Collects traces as the parser comes past their tags."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._ready: deque[Matter | Refused] = deque()
        self._depth = 0
        self._traces = 0
        self._size = 0
        self._trace: _Open | None = None
        self._event: _Open | None = None
        self._events: list[Row] = []
        self.broken = False

    @property
    def line(self) -> int:
        return self._parser.CurrentLineNumber

    @property
    def consumed(self) -> int:
        """Bytes up to the tag the parser is at."""
        return self._parser.CurrentByteIndex

    def feed(self, chunk: bytes, last: bool = False) -> Iterator[Matter | Refused]:
        """Traces that `chunk` completes."""
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            self.broken = True
            fault = Fault(XES_BROKEN, "", expat.ErrorString(error.code) or str(error.code))
            self._ready.append(Refused(error.lineno, (fault,)))
        while self._ready:
            yield self._ready.popleft()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        name = tag.rpartition(":")[2]
        if self._depth == 1 and name != "log":
            raise refuse(XES_NOT_A_LOG, "", name, "log")
        if self._depth > DEPTH_LIMIT:
            raise refuse(XES_TOO_LARGE, "", "< < < …", str(DEPTH_LIMIT))
        if self._depth == 2 and name == "trace":
            self._traces += 1
            self._trace, self._events, self._size = _Open(self.line, self._traces), [], 0
        elif self._depth == 3 and self._trace is not None and name == "event":
            self._event = _Open(self.line, len(self._events) + 1)
        elif "key" in attributes:
            self._attribute(attributes["key"], attributes.get("value", ""))

    def _attribute(self, key: str, value: str) -> None:
        owner, depth = (self._trace, 3) if self._event is None else (self._event, 4)
        if owner is None or self._depth != depth:
            return
        self._size += _PER_ATTRIBUTE + len(key) + len(value)
        if self._size <= TRACE_LIMIT:
            owner.cells.setdefault(key, value)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if self._depth == 2 and self._event is not None:
            self._size += _PER_ATTRIBUTE
            if self._size <= TRACE_LIMIT:
                self._events.append(self._event.row())
            self._event = None
        elif self._depth == 1 and self._trace is not None:
            self._ready.append(self._finished(self._trace))
            self._trace = None

    def _finished(self, trace: _Open) -> Matter | Refused:
        if self._size > TRACE_LIMIT:
            fault = Fault(XES_TOO_LARGE, "", "trace", str(TRACE_LIMIT))
            return Refused(trace.line, (fault,))
        return Matter(trace.row(), tuple(self._events))

    def _doctype(self, *_declared: object) -> None:
        raise refuse(XES_DOCTYPE)
