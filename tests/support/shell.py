"""The program as a user runs it: a process of its own, on a store of its own."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import typer.main

from sla_engine import catalog
from sla_engine.catalog import load_almanac
from sla_engine.cli.main import main
from sla_engine.clock import VirtualClock
from sla_engine.record import type_name
from sla_engine.service.intake import parse
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "sla_engine.cli.main")

PACK = "zaozhuang-2110"
TRAITS = {"pack": PACK, "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}

_COMMANDS, _ALMANAC = cache(typer.main.get_command), cache(load_almanac)
"""The tree of commands and the calendars that ship: the same at each call of one process, and they
take longer to make than most commands to run."""


@dataclass(frozen=True)
class Answer:
    """How a process ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """JSON lines on standard output."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def codes(self) -> list[str]:
        """Codes of the error document on standard error."""
        return [fault["code"] for fault in json.loads(self.err)["error"]["faults"]]


class Shell:
    """Runs the program on one store."""

    def __init__(self, store: Path, **environment: str) -> None:
        self.store = store
        strange = ("SLA_ENGINE_", "PYTHONUNBUFFERED")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(strange)}
        own = {"SLA_ENGINE_STORE": str(store), "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
        self.environment = {**inherited, **own, **environment}

    def __call__(self, *words: str | Path, stdin: bytes = b"") -> Answer:
        """One call in this process: the same program without the second it takes to begin."""
        out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
        with (
            patch.dict(os.environ, self.environment, clear=True),
            patch.object(sys, "argv", ["sla-engine", *map(str, words)]),
            patch.object(typer.main, "get_command", _COMMANDS),
            patch.object(catalog, "load_almanac", _ALMANAC),
            patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8")),
            chdir(self.store.parent),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
                status = 0
            except SystemExit as ended:
                status = int(ended.code or 0)
        return self._answer(Answer(status, *map(_written, (out, err))), words)

    def process(self, *words: str | Path, stdin: bytes = b"") -> Answer:
        """One call as a process of its own."""
        done = subprocess.run(
            [*PROGRAM, *map(str, words)],
            input=stdin,
            capture_output=True,
            check=False,
            cwd=self.store.parent,
            env=self.environment,
            timeout=300,
        )
        return self._answer(
            Answer(done.returncode, done.stdout.decode(), done.stderr.decode()), words
        )

    def _answer(self, answer: Answer, words: Sequence[str | Path]) -> Answer:
        assert "Traceback" not in answer.err or "--debug" in words, answer.err
        return answer

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """A process that goes on by itself; whoever starts it ends it."""
        return subprocess.Popen(
            [*PROGRAM, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.store.parent,
            env=self.environment,
        )


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


def fact(no: str, kind: str, key: str, at: str, **more: Any) -> dict[str, Any]:
    """One submission about a petition, as an upstream system sends it."""
    return {"petition": no, "type": kind, "id": key, "source": "hotline", "at": at, **more}


def jsonl(facts: Iterable[Mapping[str, Any]]) -> bytes:
    """JSON Lines in UTF-8."""
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in facts)


def life(no: str = "ZZ1") -> list[dict[str, Any]]:
    """A petition from registration to a late resolution, in order."""
    return [
        fact(no, "registered", f"{no}-1", "2024-09-13T08:50:00+08:00", data=TRAITS),
        fact(no, "admitted", f"{no}-2", "2024-09-13T08:55:00+08:00"),
        fact(
            no, "dispatched", f"{no}-3", "2024-09-13T09:00:00+08:00",
            data={"unit": "市城乡水务局", "assignment": "A1"},
        ),
        fact(no, "accepted", f"{no}-4", "2024-09-13T09:20:00+08:00"),
        fact(no, "resolved", f"{no}-5", "2024-10-10T16:00:00+08:00"),
    ]  # fmt: skip


def play(store: Path, story: Iterable[tuple[str, Sequence[Mapping[str, Any]]]]) -> None:
    """Make a store on virtual time: facts arrive when the story says, and every act goes out when
    it is due until the last of them."""
    moments = [(parse_instant(at), facts) for at, facts in story]
    clock = VirtualClock(moments[0][0])
    with Engine.open(store, clock) as engine:
        for at, facts in moments:
            while (alarm := engine.next_alarm()) is not None and alarm <= at:
                clock.set(max(alarm, clock.now()))
                engine.run_due()
            clock.set(at)
            outcomes = engine.take([parse(each) for each in facts])
            assert [each.status for each in outcomes] == ["recorded"] * len(outcomes), outcomes


def types_of(store: Path, no: str) -> list[str]:
    """Types of everything the log holds about a petition, in the order of recording."""
    with Engine.open(store) as engine:
        return [type_name(each.event) for each in engine.events(f"petition/{no}")]
