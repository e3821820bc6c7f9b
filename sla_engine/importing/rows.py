"""CSV: rows of a file, each good one whatever the others are like.

Memory is bounded: a line, a row and a run of event rows each have a limit. A row that is broken
is reported with the line it begins on; if it swallowed following lines (a quote that is never
closed), these are read again on their own.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from typing import IO, TextIO

from sla_engine.errors import Fault, Refusal, refuse, register, shorten
from sla_engine.importing.mapping import BY_EVENT, LogMapping
from sla_engine.importing.matter import Matter, Refused, Row
from sla_engine.importing.value import cell
from sla_engine.policy.faults import nearest

FILE_EMPTY = register("IMPORT_FILE_EMPTY", "文件是空的", "the file is empty")
COLUMN_MISSING = register(
    "IMPORT_COLUMN_MISSING",
    "文件没有映射要用的列“{found}”；现有：{allowed}",
    "the file lacks the column {found!r} that the mapping reads; it has: {allowed}",
)
COLUMN_TWICE = register(
    "IMPORT_COLUMN_TWICE",
    "列“{found}”出现两次，不知该读哪一列",
    "the column {found!r} comes twice, so it is not certain which one is meant",
)
ROW_COLUMNS = register(
    "IMPORT_ROW_COLUMNS",
    "本行有 {found} 列，表头有 {allowed} 列",
    "this row has {found} columns, the header has {allowed}",
    "检查分隔符和引号",
    "check delimiters and quotes",
)
ROW_QUOTES = register(
    "IMPORT_ROW_QUOTES",
    "引号不成对（{found}）",
    "the quotes do not match ({found})",
)
ROW_TOO_LONG = register(
    "IMPORT_ROW_TOO_LONG",
    "本行或其中一栏超过长度上限（{allowed} 个字符）",
    "this row, or a field in it, is longer than allowed ({allowed} characters)",
)
ROW_NUL = register(
    "IMPORT_ROW_NUL",
    "本行含有 NUL 字节",
    "this row has a NUL byte",
    "文件可能已损坏，或不是文本文件",
    "the file may be damaged, or is not text",
)
ROW_ENCODING = register(
    "IMPORT_ROW_ENCODING",
    "本行有不属于 {allowed} 编码的字节",
    "this row has bytes that are not {allowed}",
    "核对映射里的 encoding",
    "check the encoding in the mapping",
)

ROW_LIMIT = 1_048_576
RUN_LIMIT = 1_000
_HEADER_SHOWN = 300
_UNDECODED = re.compile("[\udc80-\udcff]")


def read_csv(file: IO[bytes], mapping: LogMapping) -> Iterator[Matter | Refused]:
    """Matters of a CSV file and the rows that cannot be read, in file order.

    Raises `Refusal` IMPORT_FILE_EMPTY, or IMPORT_COLUMN_* naming every column that is wrong.
    """
    log = mapping.log
    encoding = "utf-8-sig" if log.encoding == "utf-8" else log.encoding
    text = io.TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="")
    rows = _Rows(text, log.delimiter, log.encoding)
    header = next(rows, None)
    if isinstance(header, Refused):
        raise Refusal(header.faults)
    if header is None:
        raise refuse(FILE_EMPTY)
    names = [name.strip() for name in header[1]]
    _check_header(names, mapping)
    read = rows.under(names)
    return _runs(read, mapping) if log.rows == BY_EVENT else _single(read)


def _check_header(names: list[str], mapping: LogMapping) -> None:
    faults = []
    # A file without a header begins with somebody's data, which is not to be shown.
    known = set(names).intersection(mapping.columns)
    has = shorten(", ".join(names), _HEADER_SHOWN) if known else "-"
    for column in mapping.columns:
        if column not in names:
            faults.append(Fault(COLUMN_MISSING, "", column, has, nearest(column, names)))
        elif names.count(column) > 1:
            faults.append(Fault(COLUMN_TWICE, "", column))
    if faults:
        raise Refusal(faults)


def _single(rows: Iterator[Row | Refused]) -> Iterator[Matter | Refused]:
    for row in rows:
        yield row if isinstance(row, Refused) else Matter(row, ())


def _runs(rows: Iterator[Row | Refused], mapping: LogMapping) -> Iterator[Matter | Refused]:
    """Neighbouring event rows of one petition as one matter; a very long run in several."""
    run: list[Row] = []
    column = mapping.petition.no.column
    for row in rows:
        if isinstance(row, Refused):
            yield row
            continue
        if run and (_differs(column, run[0], row) or len(run) == RUN_LIMIT):
            yield Matter(run[0], tuple(run))
            run = []
        run.append(row)
    if run:
        yield Matter(run[0], tuple(run))


def _differs(column: str, a: Row, b: Row) -> bool:
    return cell(column, a.cells) != cell(column, b.cells)


class _TooLong(Exception):
    """A line or row beyond the limit."""


class _Lines:
    """Physical lines with their numbers. `retry` puts back all lines of a row but its first."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._again: deque[tuple[int, str]] = deque()
        self._row: list[tuple[int, str]] = []
        self._read = 0
        self._size = 0

    def begin(self) -> None:
        self._row.clear()
        self._size = 0

    @property
    def first(self) -> int:
        """Number of the line on which the row began."""
        return self._row[0][0] if self._row else self._read

    def retry(self) -> None:
        self._again.extendleft(reversed(self._row[1:]))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        number, line = self._again.popleft() if self._again else self._next()
        self._row.append((number, line))
        self._size += len(line)
        if self._size >= ROW_LIMIT:
            raise _TooLong
        return line

    def _next(self) -> tuple[int, str]:
        """The next line, cut off at the limit; the rest of an over-long line is passed over."""
        line = self._text.readline(ROW_LIMIT)
        if not line:
            raise StopIteration
        self._read += 1
        rest = line
        while len(rest) == ROW_LIMIT and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(ROW_LIMIT)
        return self._read, line


class _Rows:
    """Rows of cells with the line each begins on; blank lines are passed over."""

    def __init__(self, text: TextIO, delimiter: str, encoding: str) -> None:
        self._lines = _Lines(text)
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)
        self._encoding = encoding

    def __iter__(self) -> Iterator[tuple[int, list[str]] | Refused]:
        return self

    def __next__(self) -> tuple[int, list[str]] | Refused:
        while True:
            self._lines.begin()
            try:
                cells = next(self._reader)
            except csv.Error as error:
                return self._broken(error)
            except _TooLong:
                return self._refused(ROW_TOO_LONG, allowed=str(ROW_LIMIT), again=True)
            if cells:
                return self._sound(cells)

    def under(self, names: list[str]) -> Iterator[Row | Refused]:
        """The remaining rows, their cells by column name."""
        for order, row in enumerate(self, 1):
            if isinstance(row, Refused):
                yield row
            elif len(row[1]) != len(names):
                found, allowed = str(len(row[1])), str(len(names))
                yield self._refused(ROW_COLUMNS, found, allowed, again=True)
            else:
                yield Row(row[0], order, dict(zip(names, row[1], strict=True)))

    def _sound(self, cells: list[str]) -> tuple[int, list[str]] | Refused:
        if any("\0" in text for text in cells):
            return self._refused(ROW_NUL)
        if any(_UNDECODED.search(text) for text in cells):
            return self._refused(ROW_ENCODING, allowed=self._encoding)
        return self._lines.first, cells

    def _broken(self, error: csv.Error) -> Refused:
        if "field limit" in str(error):
            return self._refused(ROW_TOO_LONG, allowed=str(csv.field_size_limit()), again=True)
        return self._refused(ROW_QUOTES, str(error), again=True)

    def _refused(
        self, code: str, found: str = "", allowed: str = "", again: bool = False
    ) -> Refused:
        if again:
            self._lines.retry()
        return Refused(self._lines.first, (Fault(code, "", found, allowed),))
