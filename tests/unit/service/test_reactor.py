"""The follower that turns acts into talks: effect, memory and position commit together."""

from collections.abc import Iterator

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.followers.runner import Runner
from sla_engine.service.reactor import Reactor
from sla_engine.talk.decide import causes, tier
from sla_engine.talk.events import TalkWithdrawn
from sla_engine.talk.kind import TALK
from sla_engine.wiring import Engine
from tests.support.given import clause, engine, instant, pack_of, rules_of, send, talks, to

RUNGS = "red due red 30; talk due+2个工作日 talk 50 tier=1; graver due+5个工作日 talk 60 tier=2"
CONVENE = clause(
    "convene",
    "7日",
    scope='"talk"',
    start='"approved"',
    stop='"held"',
    match="{ tier = [1, 2] }",
    rungs="next due+1个工作日 next_tier 60",
)
RULES = rules_of(pack_of(clause("solve", "5个工作日", rungs=RUNGS), CONVENE, talks()))
OPENED = (
    "P1: 2025-06-03 09:00 registered",
    "P1: 2025-06-03 10:00 dispatched unit=U1",
)
# Due on 10 June, talk on the morning of the 12th.
SECOND = (
    "P2: 2025-06-04 09:00 registered",
    "P2: 2025-06-04 10:00 dispatched unit=U1",
)


@pytest.fixture
def running() -> Iterator[Engine]:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *OPENED)
        yield each


def talks_of(each: Engine) -> list[Chronicle]:
    """Every talk in the order in which it was proposed."""
    streams = each.log.streams("talk/")
    found = [read(each.dossier(stream), TALK) for stream in streams]
    return sorted(found, key=lambda chronicle: chronicle.facts[0].position)


def test_a_breach_leads_to_a_talk_with_the_unit_that_was_answerable(running: Engine) -> None:
    to(running, "2025-06-12 10:00")
    (talk,) = talks_of(running)
    assert talk.traits["unit"] == "U1"
    assert causes(talk) == ["petition/P1|solve|1|0|talk"]
    assert talk.facts[0].meta.source == "engine"


def test_a_graver_breach_attaches_and_raises_the_tier(running: Engine) -> None:
    to(running, "2025-06-17 10:00")
    (talk,) = talks_of(running)
    assert (len(causes(talk)), tier(talk)) == (2, 2)


def test_a_second_petition_joins_the_talk_that_is_open(running: Engine) -> None:
    send(running, *SECOND)
    to(running, "2025-06-13 10:00")
    (talk,) = talks_of(running)
    assert [cause.split("|")[0] for cause in causes(talk)] == ["petition/P1", "petition/P2"]


def test_a_talk_that_is_not_convened_in_time_raises_itself(running: Engine) -> None:
    to(running, "2025-06-12 10:00")
    (stream,) = running.log.streams("talk/")
    send(running, f"{stream}: 2025-06-12 11:00 approved approver=L")
    to(running, "2025-06-16 10:00")
    assert tier(talks_of(running)[0]) == 1
    to(running, "2025-06-20 10:00")
    assert tier(talks_of(running)[0]) == 2


def test_a_talk_whose_cause_was_no_breach_is_withdrawn_and_recalled(running: Engine) -> None:
    to(running, "2025-06-12 10:00")
    (stream,) = running.log.streams("talk/")
    send(
        running,
        f"{stream}: 2025-06-12 11:00 approved approver=L",
        f"{stream}: 2025-06-12 12:00 notified number=1 scheduled_at=2025-06-16T09:00 person=甲",
    )
    send(running, "P1: 2025-06-10 16:00 resolved known=2025-06-13T10:00")
    (talk,) = talks_of(running)
    assert talk.phase == "withdrawn"
    last = talk.facts[-1].event
    assert isinstance(last, TalkWithdrawn)
    assert last.recalled == ("甲",)


def test_a_verdict_restored_proposes_a_new_talk(running: Engine) -> None:
    to(running, "2025-06-12 10:00")
    send(running, "P1: 2025-06-10 16:00 resolved id=r1 known=2025-06-13T10:00")
    send(running, "P1: 2025-06-13 11:00 voided fact=test:r1 ground=x")
    to(running, "2025-06-13 14:00")
    first, second = talks_of(running)
    assert (first.phase, second.phase) == ("withdrawn", "proposed")
    assert causes(second) == ["petition/P1|solve|1|1|talk"]


def test_a_cause_read_in_one_batch_with_the_fall_of_another_gets_a_talk_of_its_own(
    running: Engine,
) -> None:
    send(running, *SECOND)
    to(running, "2025-06-12 10:00")
    assert isinstance(running.clock, VirtualClock)
    # No sweep in between: the act against P2 is recorded by the touch before its own fact.
    running.clock.set(instant("2025-06-13 10:00"))
    send(
        running,
        "P1: 2025-06-10 16:00 resolved known=2025-06-13T10:00",
        "P2: 2025-06-13 09:59 accepted known=2025-06-13T10:00",
    )
    first, second = talks_of(running)
    assert (first.phase, second.phase) == ("withdrawn", "proposed")
    assert [cause.split("|")[0] for cause in causes(second)] == ["petition/P2"]


def test_a_clock_that_is_set_back_loses_no_talk(running: Engine) -> None:
    assert isinstance(running.clock, VirtualClock)
    running.clock.set(instant("2025-06-12 10:00"))
    with running.log.transact() as tx:
        running.handler.touch(tx, "petition/P1", instant("2025-06-12 10:00"))
    running.clock.set(instant("2025-06-12 09:30"))
    running.follow()
    assert len(talks_of(running)) == 1


def test_a_talk_that_cannot_be_proposed_is_put_aside_and_not_lost_from_sight() -> None:
    ended = pack_of(
        clause("solve", "5个工作日", rungs=RUNGS), talks(), more="effective_to = 2025-06-10"
    )
    with engine("2025-06-03 08:00", rules_of(ended)) as each:
        send(each, *OPENED)
        to(each, "2025-06-13 10:00")
        (letter,) = each.log.dead_letters("reactor")
        assert (letter.stream, letter.reason) == ("petition/P1", "POLICY_NOT_IN_FORCE")
        assert each.log.position("reactor") == each.log.head()


def test_a_command_that_comes_too_late_for_its_talk_is_no_failure(running: Engine) -> None:
    to(running, "2025-06-12 10:00")
    (stream,) = running.log.streams("talk/")
    send(running, f"{stream}: 2025-06-12 11:00 refused approver=L reason=x")
    send(running, "P1: 2025-06-10 16:00 resolved known=2025-06-13T10:00")
    assert talks_of(running)[0].phase == "refused"
    assert list(running.log.dead_letters("reactor")) == []


# ------------------------------------------------------------------------- memory and repetition


def reactor(each: Engine) -> Reactor:
    return Reactor(each.handler, lambda: each.rules, each.clock.now)


def busy(each: Engine) -> None:
    """Causes that lead, attach, fall and lead again."""
    send(each, *SECOND)
    to(each, "2025-06-18 10:00")
    send(each, "P1: 2025-06-10 16:00 resolved id=r1 known=2025-06-18T10:00")
    send(each, "P2: 2025-06-11 16:00 resolved known=2025-06-18T11:00")
    send(each, "P1: 2025-06-18 12:00 voided fact=test:r1 ground=x")
    to(each, "2025-06-30 10:00")


def test_reading_the_log_again_from_the_beginning_changes_nothing(running: Engine) -> None:
    busy(running)
    before = [recorded.position for recorded in running.log.scan()]
    memory = dict(running.log.memory("reactor"))
    with running.log.transact() as tx:
        tx.forget("reactor")
    Runner(running.log, reactor(running)).run()
    assert [recorded.position for recorded in running.log.scan()] == before
    assert running.log.memory("reactor") == memory
    assert memory


def test_how_the_log_is_cut_into_batches_makes_no_difference() -> None:
    found = []
    for size in (1, 500):
        with engine("2025-06-03 08:00", RULES) as each:
            each.runners[0] = Runner(each.log, reactor(each), batch=size)
            send(each, *OPENED)
            busy(each)
            found.append([(talk.traits["no"], talk.phase, causes(talk)) for talk in talks_of(each)])
    assert found[0] == found[1]
    assert found[0]


def test_what_concerns_no_talk_leaves_the_memory_untouched(running: Engine) -> None:
    to(running, "2025-06-11 10:00")
    assert running.log.memory("reactor") == {}
    assert running.log.position("reactor") == running.log.head()
