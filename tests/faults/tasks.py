"""What children of the nursery do. A child says what it has to say in lines of JSON."""

import json
import os
import signal
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from scenarios.workload import DAY
from sla_engine.clock import SystemClock, VirtualClock
from sla_engine.delivery.wording import Words
from sla_engine.errors import Conflict, Unavailable
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission, parse
from sla_engine.serving import logs
from sla_engine.serving import roles as roles_of_serve
from sla_engine.serving.metrics import Metrics
from sla_engine.serving.process import Process
from sla_engine.serving.roles import asked_for, opener
from sla_engine.settings import Settings
from sla_engine.store.application import open_postgres, open_store
from sla_engine.streams.intake import Terms
from sla_engine.wiring import Engine
from tests.faults.nursery import Task
from tests.faults.script import BEGIN, END, NEWS, NOTICE, Play, facts
from tests.support.delivery import RULES, engine_at
from tests.support.faults import COMMIT, Moment, faulty_log
from tests.support.history import flaws

KILLED = 9
"""Exit status of a child that was told to end at a step."""


def say(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def play(
    store: str,
    redis: str,
    mailbox: str,
    *,
    step: str = "",
    moment: str = "",
    passes: int = 0,
) -> None:
    """Play the script; at the pass numbered `passes` of a step, end as if killed. Whoever comes to
    its end says how often each step was passed, in the order in which they were first met, and what
    is wrong with the log."""
    log = open_store(store)
    counts = Counter[str]()

    def hook(name: str, at: Moment) -> None:
        if at is Moment.BEFORE:
            counts[name] += 1
        if (name, at) == (step, moment) and counts[name] == passes:
            os._exit(KILLED)

    def answered(submissions: Sequence[Submission], outcomes: Sequence[Outcome]) -> None:
        for submission, outcome in zip(submissions, outcomes, strict=True):
            say(
                [submission.source, submission.key, outcome.status, outcome.stream, outcome.version]
            )

    script = Play(log, redis, Path(mailbox), hook, answered)
    script.run()
    say({"passes": counts, "flaws": list(_flaws(script))})
    log.close()


def _flaws(script: Play) -> list[str]:
    plain = script.plain
    words = Words(lambda: script.engine.rules)
    return [
        *flaws(script.engine, {}),
        *script.witness.flaws(plain),
        *script.mailbox.flaws(plain, words),
    ]


def serve(roles: Sequence[str], **settings: object) -> None:
    """What `sla-engine serve` does once Python has started and the packs are read. Only here what a
    killed consumer has left is taken over after a second and not after a minute."""
    setattr(roles_of_serve, "Terms", partial(Terms, idle_s=1.0))  # noqa: B010  # not exported
    configured = Settings(**settings)  # type: ignore[arg-type]
    names = asked_for(roles, configured)
    logs.configure("+".join(names))
    clock, metrics = SystemClock(), Metrics()
    process = Process(names, clock, metrics, configured.probe_s, configured.stop_s)
    process.run(opener(configured, names, RULES, clock, metrics), "127.0.0.1", None)


def freeze(store: str, work: str, at: int) -> None:
    """Stand still before the first commit of some work, and say what became of it afterwards."""
    log = open_postgres(store, idle=1.0)

    def hook(name: str, moment: Moment) -> None:
        if (name, moment) == (COMMIT, Moment.BEFORE) and not waited:
            waited.append(True)
            say(["holding"])
            os.kill(os.getpid(), signal.SIGSTOP)

    waited: list[bool] = []
    engine = Engine(faulty_log(log, hook), VirtualClock(at), Settings(tolerance_s=0), RULES)
    try:
        match work:
            case "take":
                engine.take([parse(NEWS)])
            case "sweep":
                engine.run_due()
            case _:
                engine.follow()
        say(["done"])
    except (Unavailable, Conflict) as refusal:
        say(["refused", refusal.code])
    log.close()


def warm_up() -> None:
    """Go once through what every child will do, so that none has to work out the calendars."""
    with engine_at(BEGIN + DAY) as engine:
        engine.take([parse(fact) for fact in facts("P1", BEGIN, "U1")])
        engine.load_notice(NOTICE)
        assert isinstance(engine.clock, VirtualClock)
        engine.clock.set(END)
        engine.run_due()
        engine.verify()


TASKS: dict[str, Task] = {"play": play, "serve": serve, "freeze": freeze}
