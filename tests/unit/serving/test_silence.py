"""Whatever fails, and however, nothing that was sent in gets into a line, a page or a figure."""

import io
import json
import logging
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import structlog

from projections.petition_card import PetitionCard
from sla_engine.clock import SystemClock
from sla_engine.errors import Fault, Refusal, register
from sla_engine.service.intake import parse
from sla_engine.service.reactor import Reactor
from sla_engine.service.writer import Writer
from sla_engine.serving import roles
from sla_engine.serving.health import Health
from sla_engine.serving.logs import configure
from sla_engine.serving.loop import Loop
from sla_engine.serving.metrics import Metrics
from sla_engine.serving.site import Shared
from sla_engine.settings import Settings
from sla_engine.worktime import format_instant
from tests.support.given import SHIPPED
from tests.support.served import until
from tests.support.shell import TRAITS, fact

NAME, PHONE, STORY = "欧阳锋刃", "13812345678", "我家住在某某小区三号楼"
SECRETS = (NAME, PHONE, STORY)
BROKEN = register("BROKEN_FOR_TEST", "坏了：{found}", "broken: {found}")
CLOCK = SystemClock()


def raising(*errors: Exception) -> Callable[..., NoReturn]:
    """Something that fails in one way after the other."""
    left = list(errors)

    def fails(*_: Any, **__: Any) -> NoReturn:
        raise left[0] if len(left) == 1 else left.pop(0)

    return fails


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    unraisable, stream = sys.unraisablehook, io.StringIO()
    configure("all", stream, CLOCK, logging.DEBUG)
    yield stream
    root.handlers[:], root.level, sys.excepthook, threading.excepthook = before
    sys.unraisablehook = unraisable
    logging.captureWarnings(False)
    logging.raiseExceptions = True
    structlog.reset_defaults()


@pytest.fixture
def shared(tmp_path: Path, out: io.StringIO) -> Iterator[Shared]:
    """A store with a petition whose warning is due, and processes in which everything is broken."""
    settings = Settings(store=str(tmp_path / "store.sqlite"))
    made = Shared(settings, SHIPPED, CLOCK, Metrics())
    at = format_instant(CLOCK.now() - 3_599_000_000)
    personal = {"name": NAME, "phone": PHONE, "story": STORY}
    facts = [
        {**fact("P1", "registered", "1", at, data=TRAITS), "personal": personal},
        fact("P1", "admitted", "2", at),
        fact("P1", "dispatched", "3", at, data={"unit": "U1", "assignment": "A1"}),
    ]
    outcomes = made.engine.handler.take([parse(each) for each in facts], CLOCK.now())
    assert [each.status for each in outcomes] == ["recorded"] * 3
    yield made
    made.close()


def test_nothing_personal_comes_out_when_everything_fails(
    shared: Shared, out: io.StringIO, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    key = sqlite3.IntegrityError(f"UNIQUE constraint failed: personal.fields = {STORY}")
    monkeypatch.setattr(Reactor, "handle", raising(ValueError(NAME), KeyError(PHONE)))
    monkeypatch.setattr(PetitionCard, "apply", raising(Refusal(Fault(BROKEN, "data", PHONE))))
    monkeypatch.setattr(type(shared.engine), "ready_made", raising(KeyError(STORY)))
    monkeypatch.setattr(type(shared.engine.handler), "touch_all", raising(TypeError(STORY)))
    until(lambda: (shared.engine.next_alarm() or 0) <= CLOCK.now(), "the alarm comes")
    metrics, health = shared.metrics, Health(CLOCK, shared.metrics)
    work = [roles.followers(shared), roles.scheduler(shared)]
    for role in work:
        role.start()
    loop = Loop("odd", raising(key, Refusal(Fault(BROKEN, "x", NAME))), "intake", metrics, CLOCK)
    loop.start()
    with Writer(raising(OSError(5, STORY), ValueError(PHONE))) as writer:
        sent = parse(fact("P1", "resolved", "9", "2025-06-03T10:00:00+08:00"))
        for _ in range(2):
            assert writer.submit([sent]).result()[0].status == "failed"
    thread = threading.Thread(target=raising(RuntimeError(NAME)))
    thread.start()
    thread.join()

    def letters(follower: str) -> int:
        return len(list(shared.engine.log.dead_letters(follower)))

    until(lambda: letters("reactor") and letters("projection/petition_card"), "events are buried")
    until(lambda: metrics.text().count(b'loop="odd"') >= 3, "the loop has failed in both ways")
    until(lambda: "cannot be swept" in out.getvalue(), "the sweep has failed")
    assert "the plan of petition/P1 cannot be read: KeyError" in out.getvalue()
    shared.probe.look()
    health.look({**shared.checks, **work[0].checks, **work[1].checks, "odd": raising(key)})
    loop.ask_to_stop()
    assert all([*(role.stop(CLOCK, 20) for role in work), loop.join(20)])

    pages = json.dumps([each.as_dict() for each in health.report()[1]], ensure_ascii=False)
    said = out.getvalue() + pages + metrics.text().decode() + "".join(capsys.readouterr())
    assert [secret for secret in SECRETS if secret in said] == []
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {"ValueError", "sqlite3.IntegrityError"} & {line.get("error") for line in lines}
    about = [line for line in lines if "P1" in json.dumps(line)]
    assert len(about) >= 4
    assert all("petition" in line or "streams" in line for line in about)
    assert all({"role", "process", "at", "level"} <= line.keys() for line in lines)
