"""A store with open terms, a notice that moves them, and what the log says of each term.

Run as a program it loads the notice into a store, and says after each batch how far it has come.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sla_engine.catalog import load_almanac
from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import TermRefixed
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.service.campaign import Campaign
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.store.application import open_store
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant, parse_instant

BEGAN = parse_instant("2025-06-03T09:00:00+08:00")
LOADED = parse_instant("2025-06-06T10:00:00+08:00")

PACK = """
[pack]
name = "demo"
edition = "1"
title = { zh = "测试包", en = "test pack" }
region = "CN-3704"
calendar = "cn"
effective_from = 2010-01-01
settle = "2小时"
basis = ["测试"]
status = "default"
[hours.office]
seasons = [["01-01", [["09:00", "12:00"], ["14:00", "18:00"]]]]
basis = ["测试"]
status = "default"
[[level]]
ordinal = 30
name = { zh = "红", en = "red" }
light = "red"
[[clause]]
id = "solve"
name = { zh = "办结", en = "solve" }
scope = "petition"
start = "dispatched"
stop = "resolved"
limit = "10个工作日"
basis = ["测试"]
[[clause.rung]]
id = "red"
at = "due"
level = 30
act = "red"
basis = "测试"
[[clause]]
id = "feedback"
name = { zh = "反馈", en = "feedback" }
scope = "assignment"
start = "dispatched"
stop = "accepted"
limit = "5个工作日"
basis = ["测试"]
"""
"""Two terms for each petition: one of the matter, one of whoever handles it."""

NOTICE = """
title = "演练通知：六月九日放假一天"
number = "演练〔2025〕9号"
region = "CN"
published = 2025-06-05
covers = []
verified = false
[[holiday]]
name = "演练"
off = ["2025-06-09"]
"""
"""It moves every term that was open on 6 June by a day."""

RULES = Rulebook({"cn": load_almanac("cn")}, [parse_pack(PACK, "demo/1.toml")])


@contextmanager
def opened(
    store: str | Path, at: Instant = LOADED, batch: int = 5, rules: Rulebook = RULES
) -> Iterator[Engine]:
    """An engine whose clock stands at `at`; `batch`: dossiers of one transaction."""
    log = open_store(store, wait=30)
    engine = Engine(log, VirtualClock(at), Settings(sweep_limit=batch), rules)
    try:
        yield engine
    finally:
        engine.close()


def dispatched(engine: Engine, *numbers: str, closed: bool = False) -> None:
    """Petitions of that number, dispatched now; `closed`: and done with."""
    facts = []
    for no in numbers:
        traits = {"pack": "demo", "region": "CN-3704", "kind": "投诉", "subject": "enterprise"}
        unit = {"unit": f"U{len(no) + ord(no[-1]) % 3}", "assignment": "A1"}
        facts += [fact(engine, no, "registered", traits), fact(engine, no, "dispatched", unit)]
        if closed:
            facts += [fact(engine, no, "accepted", {}), fact(engine, no, "resolved", {})]
    outcomes = engine.handler.take([parse(each) for each in facts], engine.clock.now())
    assert {each.status for each in outcomes} == {"recorded"}, outcomes


def fact(engine: Engine, no: str, kind: str, data: Mapping[str, object]) -> dict[str, object]:
    """A fact of now in the shape of intake."""
    at = format_instant(engine.clock.now())
    where = {"petition": no, "type": kind, "source": "test", "id": f"{no}-{kind}"}
    return {**where, "at": at, "data": data}


def numbers(count: int) -> list[str]:
    return [f"P{index:03d}" for index in range(count)]


def filled(store: str | Path, petitions: int = 23) -> None:
    """So many open petitions, and some that are closed."""
    with opened(store, BEGAN) as engine:
        dispatched(engine, *numbers(petitions))
        dispatched(engine, "X1", "X2", "X3", closed=True)


def refixed(engine: Engine) -> Counter[tuple[str, str]]:
    """How often each term was re-fixed, by its stream and its clause."""
    return Counter(
        (each.stream, each.event.clause)
        for each in engine.log.scan()
        if isinstance(each.event, TermRefixed)
    )


def every_term(*numbers: str) -> Counter[tuple[str, str]]:
    """Each term of these petitions, once."""
    return Counter((f"petition/{no}", name) for no in numbers for name in ("solve", "feedback"))


def _say(campaign: Campaign) -> None:
    print(campaign.done.dossiers, flush=True)


if __name__ == "__main__":
    with opened(sys.argv[1], batch=int(sys.argv[2])) as each:
        each.load_notice(NOTICE, _say)
