"""What is kept of a dossier and moved on fact by fact is what is found of it anew."""

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.workload import DAY, Shape, city
from sla_engine.checker.__main__ import DATA
from sla_engine.dossier.chronicle import read
from sla_engine.dossier.events import Carried
from sla_engine.dossier.fold import Dossier, evolve, fold
from sla_engine.dossier.kind import Kind
from sla_engine.item.kind import ITEM
from sla_engine.petition.events import Absorbed
from sla_engine.petition.kind import PETITION
from sla_engine.record import Event, Recorded
from sla_engine.round.kind import ROUND
from sla_engine.service.shelf import Shelf
from sla_engine.sla.assess import Assessment, assess
from sla_engine.sla.standing import assess_on, settle
from sla_engine.talk.kind import TALK
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.properties.test_chronicle_reading import story
from tests.support.delivery import Upstream, engine_at, move_to
from tests.support.given import clause, pack_of, rules_of, talks
from tests.support.sizes import examples

HOUR = 3_600_000_000
BEGIN = parse_instant("2025-03-03T09:00:00+08:00")
RUNGS = "soon due-2个工作小时 yellow 20; late due red 30"
PACK = pack_of(
    clause("solve", "2个工作日", rungs=RUNGS, more='pauses = ["P-HEAR"]\n'
           '[clause.extension]\nmax_count = 2\neach_max = "5个工作日"\nbasis = ["测试"]'),
    clause("both", "6小时", start='["registered", "dispatched"]', stop="",
           more='stop_all = ["arrived", "resolved"]', rungs="half 50% yellow 10"),
    clause("each", "4小时", scope='"assignment"', rungs="begun start+1小时 yellow 10",
           stop='["resolved", "return_requested"]'),
    clause("again", "1日", start='["callback_unsatisfied", "resolved"]',
           stop='["rework_ordered", "callback_done"]', more="repeat = true"),
    clause("done", "3日", start='"all_resolved"', stop='"callback_done"'),
    talks(),
    clause("reply", "1日", scope='"talk"', start='"proposed"', stop='"struck_off"'),
    clause("fix", "3日", scope='"item"', start='"listed"', stop='"verified"',
           more="own_limit = true"),
    clause("hand-in", "2日", scope='"member"', start='["opened", "period_ended"]',
           stop='"reported"'),
    clause("rank", "2日", scope='"round"', start='"period_ended"', stop='"published"'),
)  # fmt: skip
RULES = rules_of(PACK)


def later(event: Event) -> Event:
    """An event whose own instants are hours since the beginning."""
    if isinstance(event, Absorbed):
        anchors = tuple((name, BEGIN + at * HOUR) for name, at in event.anchors)
        carried = tuple(map(_later, event.carried))
        return msgspec.structs.replace(event, anchors=anchors, carried=carried)
    named = {name: getattr(event, name, None) for name in ("scheduled_at", "begins", "ends")}
    instants = {name: BEGIN + at * HOUR for name, at in named.items() if at is not None}
    return msgspec.structs.replace(event, **instants)


def _later(carried: Carried) -> Carried:
    if carried.began is None:
        return carried
    pauses = tuple(
        (ground, BEGIN + begin * HOUR, BEGIN + end * HOUR) for ground, begin, end in carried.pauses
    )
    return msgspec.structs.replace(carried, began=BEGIN + carried.began * HOUR, pauses=pauses)


def told(kind: Kind, rng: Random, count: int) -> list[Recorded]:
    """A story of a kind, one or two facts an hour, some of them late, each stamped."""
    pace = rng.choice([1, 2])
    return [
        fact._replace(
            event=later(fact.event),
            meta=msgspec.structs.replace(
                fact.meta,
                occurred_at=BEGIN + min(fact.meta.occurred_at, fact.version // pace) * HOUR,
                recorded_at=BEGIN + fact.version * HOUR,
                pack=PACK.digest,
            ),
        )
        for fact in story(kind, rng, count)
    ]


def seen(assessment: Assessment) -> object:
    """All that is said of the clocks, but for the instant of looking."""
    every = (*assessment.readings, *assessment.coming)
    return [(each.schedule, each.state, each.unit, each.level) for each in every]


@pytest.mark.parametrize("kind", [PETITION, TALK, ITEM, ROUND], ids=lambda kind: kind.name)
@given(seed=st.integers(0, 10**9), count=st.integers(1, 25))
@examples(40)
def test_clocks_moved_on_are_clocks_found_anew(kind: Kind, seed: int, count: int) -> None:
    rng = Random(seed)
    arrivals = told(kind, rng, count)
    dossier, now = Dossier(arrivals[0].stream), BEGIN
    for number, arrival in enumerate(arrivals, 1):
        evolve(dossier, arrival)
        if rng.random() < 0.3:
            continue  # Several are learned at once.
        now = max(now, arrival.meta.recorded_at) + rng.choice([0, 0, 1, HOUR, 20 * HOUR])
        anew = assess(fold(dossier.stream, arrivals[:number]), kind, RULES, now)
        assert seen(assess(dossier, kind, RULES, now)) == seen(anew)
        moved = assess_on(dossier, kind, RULES, now)
        assert seen(moved) == seen(anew)
        assert read(dossier, kind) is moved.chronicle
        if rng.random() < 0.8:
            settle(moved)


LIVELY = Shape(units=2, returned=0.4, suspended=0.3, extended=0.4, reworked=0.3, voided=0.3,
               merged=0.2, slow=0.5, late_arrival=0.2)  # fmt: skip


EDITION = (DATA / "policies/zaozhuang-2110/2025-01.toml").read_text("utf-8")
LATER = {
    "zaozhuang-2110/2025-03.toml": EDITION.partition("[[case]]")[0]
    .replace('edition = "2025-01"', 'edition = "2025-03"')
    .replace("effective_from = 2025-01-01", "effective_from = 2025-03-12")
    .replace('limit = "10个工作日"', 'limit = "6个工作日"')
    .replace('limit = "1个工作日"', 'limit = "4个工作小时"')
}
NOTICE = """
title = "演练通知：三月十四日、十七日放假"
number = "演练〔2025〕3号"
region = "CN"
published = 2025-03-10
covers = []
verified = false
[[holiday]]
name = "演练"
off = ["2025-03-14", "2025-03-17"]
"""


def change_the_rules(engine: Engine, arrived: int, notice_at: int, edition_at: int) -> None:
    """Load what is to be loaded once so many facts have arrived; open terms are re-fixed."""
    now = engine.clock.now()
    if arrived >= notice_at and now >= parse_instant("2025-03-10T09:00:00+08:00"):
        engine.load_notice(NOTICE)
    if arrived >= edition_at:
        engine.load_packs(LATER)


@given(
    seed=st.integers(0, 10**6),
    size=st.integers(1, 12),
    notice_at=st.integers(0, 50),
    edition_at=st.integers(0, 50),
)
@examples(5, 100)
def test_processes_that_keep_their_dossiers_record_what_one_does_that_never_does(
    seed: int, size: int, notice_at: int, edition_at: int
) -> None:
    rng, processes = Random(seed), (Shelf(), Shelf())
    arrivals = city(seed, 4, BEGIN, BEGIN + 50 * DAY, LIVELY)
    with engine_at(BEGIN) as keeping, engine_at(BEGIN) as forgetting:
        senders = (Upstream(keeping), Upstream(forgetting))
        for start in range(0, len(arrivals), size):
            batch = arrivals[start : start + size]
            keeping.handler.shelf, forgetting.handler.shelf = rng.choice(processes), Shelf()
            for sender in senders:
                move_to(sender.engine, batch[-1].at)
                change_the_rules(sender.engine, start, notice_at, edition_at)
                sender.send([dict(arrival.fact) for arrival in batch])
        assert list(keeping.log.scan()) == list(forgetting.log.scan())
        assert list(keeping.log.alarms()) == list(forgetting.log.alarms())
