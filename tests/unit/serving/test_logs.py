"""Lines of the log carry what they are about, and nothing that was sent in."""

import io
import json
import logging
import sqlite3
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from sla_engine.clock import VirtualClock
from sla_engine.errors import Fault, Refusal, refuse, register
from sla_engine.serving.logs import configure, described

NAME, PHONE = "欧阳锋刃", "13812345678"
ODD = register("ODD_FOR_TEST", "不对：{found}", "odd: {found}")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook, sys.unraisablehook)
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
    logging.raiseExceptions = True
    structlog.reset_defaults()


@pytest.fixture
def out() -> io.StringIO:
    stream = io.StringIO()
    configure("followers", stream, VirtualClock(1_757_000_000_000_000))
    return stream


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def told(out: io.StringIO) -> dict[str, Any]:
    (line,) = lines(out)
    return line


def failing(error: Exception) -> Exception:
    """The error as it is once it has been raised."""
    try:
        raise error
    except type(error) as raised:
        return raised


# ------------------------------------------------------------------------------ what a line carries


def test_a_line_says_when_who_and_which_process(out: io.StringIO) -> None:
    structlog.stdlib.get_logger("sla_engine.serving").info("loop goes on", loop="reactor")
    line = told(out)
    assert list(line)[:4] == ["at", "level", "role", "event"]
    assert (line["at"], line["role"]) == ("2025-09-04T23:33:20+08:00", "followers")
    assert (line["event"], line["loop"], line["level"]) == ("loop goes on", "reactor", "info")
    assert line["process"] > 0


def test_a_line_about_a_dossier_names_the_petition(out: io.StringIO) -> None:
    more = {"stream": "petition/P1", "version": 3, "position": 17}
    logging.getLogger("sla_engine.followers.runner").error("cannot be taken", extra=more)
    line = told(out)
    assert {key: line[key] for key in ("petition", *more)} == {"petition": "P1", **more}


def test_a_dossier_that_is_only_named_in_a_sentence_is_found_too(out: io.StringIO) -> None:
    logger = logging.getLogger("sla_engine.followers.runner")
    logger.error("follower %s cannot take %s@%d: %s", "reactor", "talk/U1/ab", 4, "KeyError")
    logger.error("%d cannot be swept: %s", 2, {"petition/P1": "KeyError", "item/I1": "KeyError"})
    one, several = lines(out)
    assert (one["stream"], one["version"]) == ("talk/U1/ab", 4)
    assert several["streams"] == ["petition/P1", "item/I1"]


def test_a_thread_may_have_a_role_of_its_own(out: io.StringIO) -> None:
    with bound_contextvars(role="scheduler"):
        logging.getLogger("sla_engine.scheduler").warning("held")
    assert told(out)["role"] == "scheduler"


def test_lines_for_people_are_pairs_on_one_line() -> None:
    out = Terminal()
    configure("delivery", out, VirtualClock(0))
    error = failing(refuse(ODD, found=NAME))
    logging.getLogger("sla_engine.x").error("two\nlines", extra={"error": error})
    (line,) = out.getvalue().splitlines()
    assert "role=delivery" in line
    assert r"event=two\nlines" in line
    assert f'error="sla_engine.errors.Refusal {ODD}"' in line
    assert NAME not in line


def test_what_was_sent_gives_no_commands_to_a_terminal() -> None:
    out = Terminal()
    configure("delivery", out, VirtualClock(0))
    logging.getLogger("sla_engine.x").error("odd", extra={"stream": "petition/\x1b[2J"})
    assert "\x1b" not in out.getvalue()


def test_chatter_of_libraries_is_left_out_and_their_warnings_are_not(out: io.StringIO) -> None:
    logging.getLogger("apscheduler.scheduler").info("Added job")
    logging.getLogger("apscheduler.scheduler").warning("Run time of %d jobs was missed", 3)
    assert told(out)["event"] == "Run time of 3 jobs was missed"


# -------------------------------------------------------------------------- what a line leaves out


def test_of_an_error_the_type_the_code_and_the_places_are_told(out: io.StringIO) -> None:
    try:
        try:
            raise sqlite3.IntegrityError(f"UNIQUE failed: {PHONE}")
        except sqlite3.IntegrityError as cause:
            raise Refusal(Fault(ODD, "data", NAME)) from cause
    except Refusal:
        logging.getLogger("sla_engine.store").exception("no room for %s", "petition/P1")
    line = told(out)
    assert line["error"] == "sla_engine.errors.Refusal"
    assert line["code"] == ODD
    assert line["causes"] == ["sqlite3.IntegrityError"]
    assert line["places"][0].endswith("test_of_an_error_the_type_the_code_and_the_places_are_told")
    assert NAME not in out.getvalue()
    assert PHONE not in out.getvalue()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FileNotFoundError(2, "gone", NAME), "ENOENT"),
        (refuse(ODD, found=NAME), ODD),
        (ValueError(NAME), None),
    ],
)
def test_an_error_is_described_by_its_own_code(error: Exception, code: str | None) -> None:
    said = described(failing(error))
    assert said.get("code") == code
    assert NAME not in repr(said)


@pytest.mark.parametrize("way", ["argument", "message", "value", "extra", "mapping"])
def test_the_text_of_an_error_gets_through_in_no_way(out: io.StringIO, way: str) -> None:
    error, logger = failing(ValueError(NAME)), logging.getLogger("sla_engine.x")
    match way:
        case "argument":
            logger.error("it failed: %s", error)
        case "message":
            logger.error(error)
        case "value":
            structlog.stdlib.get_logger("sla_engine.x").error("it failed", why=error)
        case "extra":
            logger.error("it failed", extra={"why": error})
        case _:
            logger.error("it failed: %(why)s", {"why": error})
    assert NAME not in out.getvalue()
    assert "ValueError" in out.getvalue()


def test_texts_that_libraries_put_into_their_lines_are_left_out(out: io.StringIO) -> None:
    logging.getLogger("library.pool").warning("error in %r after %d s: %s", PHONE, 3, NAME)
    assert told(out)["event"] == "error in '…' after 3 s: …"


def test_a_line_that_cannot_be_formatted_is_not_printed_whole(
    out: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    wanting_two = "%d of %d"
    logging.getLogger("sla_engine.x").error(wanting_two, NAME)
    assert told(out)["event"] == "%d of %d"
    assert NAME not in "".join(capsys.readouterr())


def test_what_a_thread_did_not_catch_is_a_line_without_its_text(
    out: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise ValueError(NAME)

    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    assert (told(out)["event"], told(out)["error"]) == ("uncaught", "ValueError")
    assert NAME not in "".join(capsys.readouterr())
