"""What the processes say: one line for each thing, JSON for programs, key=value for people.

Nothing that was sent in, and no text of an error, ever reaches a line: texts of errors quote what
could not be read, statements that failed, rows that clashed. Of an error a line tells its type, its
code and the places in the program; whoever needs more repeats the case. Lines of libraries keep
their wording and their numbers; the texts that they put into it are left out.
"""

import errno
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from sla_engine.clock import Clock, SystemClock
from sla_engine.errors import Refusal, shorten
from sla_engine.escalation.kinds import KINDS
from sla_engine.worktime import format_instant

OURS = ("sla_engine", "projections", "scenarios")
WITHHELD = "…"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ORDER = ("at", "level", "role", "event", "petition", "stream", "version", "position", "code")
_FRAMES, _CAUSES = 8, 4
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_META = ("_record", "_from_structlog", "positional_args", "exc_info", "stack_info", "stack")


def configure(
    role: str,
    out: TextIO | None = None,
    clock: Clock | None = None,
    level: int = logging.INFO,
) -> None:
    """Send every line of this process, whoever says it, to `out` (standard error).

    `role` stands on each line unless the thread that speaks has bound another. Lines are JSON
    unless `out` is a terminal. May be called again.
    """
    out = out or sys.stderr
    render: Processor = _terminal if out.isatty() else _json
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            _worded,
            merge_contextvars,
            _stamped(clock or SystemClock(), role),
            _without_error_texts,
            _of_dossier,
            render,
        ],
        use_get_message=False,
        pass_foreign_args=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    # What cannot be formatted would be printed whole, arguments and all.
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    _hook()


def described(error: BaseException) -> dict[str, Any]:
    """An error without its text: `error` (type), `code` where it has one, `places` in the program
    from the outermost in, `causes` ("type code") from the nearest on."""
    found: dict[str, Any] = {"error": _type_of(error)}
    if code := code_of(error):
        found["code"] = code
    if places := list(_places(error.__traceback__)):
        found["places"] = places
    if causes := [f"{_type_of(each)} {code_of(each)}".rstrip() for each in _causes(error)]:
        found["causes"] = causes
    return found


def code_of(error: BaseException) -> str:
    """The code an error has of its own: a refusal's, a database's, the system's."""
    if isinstance(error, Refusal):
        return error.code
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, str(error.errno))
    for name in ("sqlite_errorname", "sqlstate"):
        if isinstance(code := getattr(error, name, None), str):
            return code
    return ""


# ------------------------------------------------------------------------------------ processors


def _worded(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """The words of a line that came by way of `logging`, and what it carries beside them."""
    record: logging.LogRecord = line["_record"]
    line["level"], line["logger"] = record.levelname.lower(), record.name
    if line["_from_structlog"]:
        return line
    ours = record.name.split(".", 1)[0] in OURS
    line["event"] = _sentence(record.msg, line.get("positional_args"), ours)
    if ours:
        line.update(_named(line.get("positional_args")))
        more = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line.update(more)
    return line


def _named(args: Any) -> dict[str, Any]:
    """The dossier that a sentence names, with the version behind it; or the several it names."""
    found: dict[str, Any] = {}
    for before, value in pairwise((None, *(args if isinstance(args, tuple) else (args,)))):
        if isinstance(value, str) and value.partition("/")[0] in KINDS:
            found.setdefault("stream", value)
        elif isinstance(value, int) and before is not None and before == found.get("stream"):
            found.setdefault("version", value)
        elif isinstance(value, Mapping) and all(isinstance(each, str) for each in value):
            found["streams"] = [each for each in value if each.partition("/")[0] in KINDS]
    return found


def _sentence(words: object, args: Any, ours: bool) -> str:
    if isinstance(words, BaseException):
        return _type_of(words)
    text = shorten(str(words), 500)
    if not args:
        return text
    try:
        if isinstance(args, Mapping):
            return text % {key: _bare(value, ours) for key, value in args.items()}
        return text % tuple(_bare(value, ours) for value in args)
    except (TypeError, ValueError):
        return text


def _bare(value: object, ours: bool) -> object:
    """What may stand in a sentence."""
    if isinstance(value, BaseException):
        return f"{_type_of(value)} {code_of(value)}".rstrip()
    if isinstance(value, int | float) or value is None:
        return value
    return shorten(value, 200) if ours else WITHHELD


def _stamped(clock: Clock, role: str) -> Processor:
    process = os.getpid()

    def stamp(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
        line["at"] = format_instant(clock.now())
        line.setdefault("role", role)
        line["process"] = process
        return line

    return stamp


def _without_error_texts(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    info = line.get("exc_info")
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    for name in _META:
        line.pop(name, None)
    if isinstance(error, BaseException):
        line = {**described(error), **line}
    return {
        key: _bare(value, True) if isinstance(value, BaseException) else value
        for key, value in line.items()
    }


def _of_dossier(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    kind, _slash, name = str(line.get("stream", "")).partition("/")
    if kind == "petition":
        line.setdefault("petition", name)
    return line


def _json(_: WrappedLogger, __: str, line: EventDict) -> str:
    return msgspec.json.encode(_ordered(line), enc_hook=lambda value: type(value).__name__).decode()


_logfmt = structlog.processors.LogfmtRenderer(bool_as_flag=False)


def _terminal(logger: WrappedLogger, name: str, line: EventDict) -> str:
    flat = {
        key: " < ".join(map(str, value)) if isinstance(value, list) else value
        for key, value in _ordered(line).items()
    }
    # A number that somebody sent must not give commands to the terminal.
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(_logfmt(logger, name, flat)))


def _ordered(line: EventDict) -> dict[str, Any]:
    first = {key: line[key] for key in _ORDER if key in line}
    return first | dict(line)


# ----------------------------------------------------------------------------------------- errors


def _type_of(error: BaseException) -> str:
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _places(traceback: TracebackType | None) -> Iterator[str]:
    found = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        found.append(f"{_short(code.co_filename)}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    yield from found[-_FRAMES:]


def _short(file: str) -> str:
    """A file from its package on: where it is installed says nothing."""
    parts = Path(file).parts
    for index, part in enumerate(parts):
        if part in (*OURS, "site-packages"):
            return "/".join(parts[index + (part == "site-packages") :])
    return "/".join(parts[-2:])


def _causes(error: BaseException) -> Iterator[BaseException]:
    for _ in range(_CAUSES):
        following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if following is None:
            return
        yield following
        error = following


def _hook() -> None:
    """What nobody caught is a line like any other, not a traceback that quotes its text."""
    log = logging.getLogger("sla_engine.serving")

    def of_main(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("uncaught", exc_info=error)

    def of_thread(args: threading.ExceptHookArgs) -> None:
        log.critical("uncaught", exc_info=args.exc_value)

    sys.excepthook = of_main
    threading.excepthook = of_thread
    sys.unraisablehook = lambda args: log.error("unraisable", exc_info=args.exc_value)
