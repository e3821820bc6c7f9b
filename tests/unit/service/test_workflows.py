"""What one dossier leads to in another: tallies of units, talks from them, rounds, items."""

from collections.abc import Iterator

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.dossier.chronicle import read
from sla_engine.item.kind import ITEM
from sla_engine.policy.clause import Pack
from sla_engine.round.kind import ROUND
from sla_engine.talk.decide import causes
from sla_engine.talk.kind import TALK
from sla_engine.wiring import Engine
from tests.support.given import (
    clause,
    engine,
    instant,
    pack_of,
    rules_of,
    send,
    shown,
    statuses,
    talks,
    to,
)

SOLVE = clause("solve", "5个工作日", rungs="yellow due-1个工作日 yellow 20; list due list 40")
TWO = """
[[trigger]]
id = "two-yellows"
name = { zh = "当月两张黄牌", en = "two yellow cards in a month" }
counts = ["act:yellow"]
at_least = 2
within = "month"
act = "talk"
tier = 1
level = 50
basis = ["测试"]
[[trigger]]
id = "black"
name = { zh = "黑榜", en = "black" }
counts = ["place:black"]
at_least = 1
within = "quarter"
act = "talk"
tier = 2
level = 60
basis = ["测试"]
[[list]]
id = "problem"
name = { zh = "问题清单", en = "problems" }
basis = ["测试"]
status = "default"
[[list]]
id = "improve"
name = { zh = "整改提升", en = "improvement" }
basis = ["测试"]
status = "default"
[[series]]
id = "board"
name = { zh = "榜", en = "board" }
form = "board"
cycle = "quarter"
basis = ["测试"]
status = "default"
[[series.place]]
id = "black"
name = { zh = "黑榜", en = "black" }
praise = false
below = 60
basis = "测试"
[[series]]
id = "five"
name = { zh = "五维", en = "five" }
form = "score"
cycle = ""
improve = "improve"
basis = ["测试"]
status = "default"
[series.dimensions]
skill = { zh = "业务水平", en = "skill" }
[series.floor]
skill = 60
"""
NEXT = clause(
    "cycle", "10个工作日", scope='"round"', start='"period_ended"', stop='"published"',
    match='{ series = ["board"] }', rungs="next start open_next 10",
)  # fmt: skip
RULES = rules_of(pack_of(SOLVE, NEXT, TWO, talks()))


@pytest.fixture
def running() -> Iterator[Engine]:
    with engine("2025-06-03 08:00", RULES) as each:
        yield each


def opened(no: str, unit: str = "U1", at: str = "2025-06-03") -> tuple[str, str]:
    return (
        f"{no}: {at} 09:00 registered",
        f"{no}: {at} 10:00 dispatched unit={unit} assignment={no}-1",
    )


def talks_in(each: Engine) -> list[tuple[str, str, int]]:
    """Unit, phase and number of standing causes of every talk."""
    found = [read(each.dossier(stream), TALK) for stream in each.log.streams("talk/")]
    return [(talk.traits["unit"], talk.phase, len(causes(talk))) for talk in found]


def test_two_yellow_cards_in_a_month_lead_to_one_talk(running: Engine) -> None:
    """Yellow on the 5th day of 4, 5, 6, 9, 10 June."""
    send(running, *opened("P1"), *opened("P2"), *opened("P3", "U2"))
    to(running, "2025-06-10 12:00")
    assert talks_in(running) == [("U1", "proposed", 1)]
    assert [each.split("/")[-1] for each in running.log.streams("unit/")] == ["U1", "U2"]


def test_one_yellow_card_does_not(running: Engine) -> None:
    send(running, *opened("P1"))
    to(running, "2025-06-10 12:00")
    assert talks_in(running) == []


def test_a_card_that_loses_its_ground_takes_the_talk_with_it(running: Engine) -> None:
    send(running, *opened("P1"), *opened("P2"))
    to(running, "2025-06-10 12:00")
    send(running, "P1: 2025-06-06 16:00 resolved known=2025-06-11T10:00")
    assert talks_in(running) == [("U1", "withdrawn", 0)]
    assert running.verify().identical


def test_a_third_card_keeps_the_talk_when_one_of_three_falls(running: Engine) -> None:
    send(running, *opened("P1"), *opened("P2"), *opened("P3"))
    to(running, "2025-06-10 12:00")
    send(running, "P1: 2025-06-06 16:00 resolved known=2025-06-11T10:00")
    assert [phase for _, phase, _ in talks_in(running)] == ["proposed"]


BOARD = (
    "round/Q: 2025-04-01 00:00 opened series=board period=2025Q2 known=2025-07-02T09:00",
    "round/Q: 2025-07-02 09:00 scored member=U1 scores={all:50}",
    "round/Q: 2025-07-02 09:00 scored member=U2 scores={all:80}",
    "round/Q: 2025-07-02 10:00 drafted",
)
PUBLISHED = "round/Q: 2025-07-10 10:00 published"


def test_a_place_counts_from_its_publication(running: Engine) -> None:
    send(running, *BOARD)
    assert talks_in(running) == []
    send(running, PUBLISHED)
    assert talks_in(running) == [("U1", "proposed", 1)]


def test_an_overturned_place_takes_its_talk_back(running: Engine) -> None:
    send(running, *BOARD, PUBLISHED)
    overturned = "round/Q: 2025-07-20 10:00 place_overturned member=U1 ground=x approver=y"
    send(running, overturned)
    assert talks_in(running) == [("U1", "withdrawn", 0)]
    assert running.verify().identical


def test_a_publication_that_was_false_takes_everything_back(running: Engine) -> None:
    send(running, *BOARD, PUBLISHED + " id=pub")
    send(running, "round/Q: 2025-07-11 10:00 voided fact=test:pub ground=误发")
    assert talks_in(running) == [("U1", "withdrawn", 0)]


def rounds(each: Engine) -> list[str]:
    return [stream.split("/", 1)[1] for stream in each.log.streams("round/")]


def test_the_next_round_opens_when_a_period_ends_with_the_members_of_then(running: Engine) -> None:
    send(
        running, BOARD[0], "round/Q: 2025-04-01 00:00 member_left member=U3 known=2025-07-02T09:00"
    )
    to(running, "2025-07-02 11:00")  # What is learned late waits for the settling time.
    assert rounds(running) == ["Q", "board.CN-3704.2025Q3"]
    after = read(running.dossier("round/board.CN-3704.2025Q3"), ROUND)
    assert (after.traits["period"], list(after.lanes.all)) == ("2025Q3", ["U1", "U2"])
    to(running, "2026-01-05 09:00")
    assert rounds(running)[-1] == "board.CN-3704.2026Q1"
    assert running.verify().identical


def test_a_round_closed_before_its_period_ends_is_the_last(running: Engine) -> None:
    send(
        running,
        "round/Q: 2025-04-01 00:00 opened series=board period=2025Q2 known=2025-06-03T09:00",
    )
    send(running, "round/Q: 2025-06-20 10:00 closed")
    to(running, "2025-07-05 09:00")
    assert rounds(running) == ["Q"]


def test_a_mean_below_its_floor_opens_an_item(running: Engine) -> None:
    send(
        running,
        "round/F: 2025-06-03 09:00 opened series=five period=第1轮",
        "round/F: 2025-06-04 09:00 scored member=U1 scores={skill:50} rater=甲",
        "round/F: 2025-06-04 09:00 scored member=U1 scores={skill:60} rater=乙",
        "round/F: 2025-06-04 09:00 scored member=U2 scores={skill:60} rater=甲",
        "round/F: 2025-06-05 09:00 closed",
    )
    assert list(running.log.streams("item/")) == ["item/F.U1.skill"]
    item = read(running.dossier("item/F.U1.skill"), ITEM)
    assert (item.traits["list"], item.traits["unit"]) == ("improve", "U1")


def test_an_act_may_put_the_matter_on_the_problem_list(running: Engine) -> None:
    send(running, *opened("P1"))
    to(running, "2025-06-11 00:01")
    (stream,) = running.log.streams("item/")
    assert running.dossier(stream).opening.event.petitions == ("P1",)
    send(running, "P1: 2025-06-09 16:00 resolved known=2025-06-11T10:00")
    assert read(running.dossier(stream), ITEM).phase == "cancelled"


def test_the_tally_of_a_unit_is_the_engines_own(running: Engine) -> None:
    send(running, *opened("P1"))
    to(running, "2025-06-10 12:00")
    assert all(each.meta.source == "engine" for each in running.events("unit/demo/U1"))


EXCLUSIONS = '[exclusions]\nX-MALICE = { zh = "恶意", en = "malicious" }\n'
QUESTIONS = '[questions]\nq1 = { zh = "是否顺畅", en = "smooth" }\n'
PARALLEL = clause("all", "10个工作日", stop='"all_resolved"')
FINAL = clause(
    "window", "30日", start='"told_one"', stop='"told_two"', more='late = "barred"\nfinal = true'
)
MORE = rules_of(pack_of(PARALLEL, FINAL, EXCLUSIONS, QUESTIONS, more='final = ["arrived"]'))


@pytest.fixture
def other() -> Iterator[Engine]:
    with engine("2025-06-03 08:00", MORE) as each:
        yield each


def test_an_exclusion_has_a_ground_and_can_be_lifted_once(other: Engine) -> None:
    send(other, *opened("P1"))
    excluded = "P1: 2025-06-04 10:00 excluded exclusion=X1 ground={} approver=审核组"
    lifted = "P1: 2025-06-05 10:00 exclusion_lifted exclusion=X1 approver=审核组 reason=申诉成立"
    assert statuses(send(other, excluded.format("X-BAD"))) == ["EXCLUSION_NOT_IN_PACK"]
    assert statuses(send(other, lifted)) == ["EXCLUSION_UNKNOWN"]
    assert statuses(send(other, excluded.format("X-MALICE"))) == ["recorded"]
    assert statuses(send(other, excluded.format("X-MALICE"))) == ["EXCLUSION_TAKEN"]
    assert statuses(send(other, lifted)) == ["recorded"]
    assert statuses(send(other, lifted)) == ["EXCLUSION_UNKNOWN"]


def test_callback_answers_are_those_of_the_pack(other: Engine) -> None:
    send(other, *opened("P1"), "P1: 2025-06-03 11:00 resolved")
    done = "P1: 2025-06-04 10:00 callback_done satisfied=true answers={%s}"
    assert statuses(send(other, done % "q2:yes")) == ["QUESTION_NOT_IN_PACK"]
    assert statuses(send(other, done % "q1:可以")) == ["ANSWER_UNKNOWN"]
    assert statuses(send(other, done % "q1:partly")) == ["recorded"]


def test_one_clock_stops_when_the_last_of_parallel_assignments_is_done(other: Engine) -> None:
    send(
        other,
        *opened("P1"),
        "P1: 2025-06-03 10:00 dispatched unit=U2 assignment=P1-2 lead=false",
        "P1: 2025-06-03 10:00 dispatched unit=U3 assignment=P1-3 lead=false",
    )
    for day, assignment, state in ((4, 2, "running"), (5, 1, "running"), (6, 3, "met")):
        send(other, f"P1: 2025-06-0{day} 10:00 resolved assignment=P1-{assignment}")
        reading = other.assess("petition/P1").reading("all")
        assert reading is not None
        assert reading.state.value == state


def test_a_matter_finally_closed_is_not_taken_again(other: Engine) -> None:
    send(other, *opened("P1"), "P1: 2025-06-04 10:00 step_done step=told_one")
    again = "P2: 2025-06-05 10:00 registered same_as=P1"
    assert statuses(send(other, again)) == ["recorded"]
    to(other, "2025-07-10 09:00")
    late = "P1: 2025-07-10 10:00 step_done step=told_two"
    assert statuses(send(other, late)) == ["TIME_BARRED"]
    assert statuses(send(other, "P3: 2025-07-11 10:00 registered same_as=P1")) == ["MATTER_FINAL"]
    send(other, *opened("P4"), "P4: 2025-07-11 10:00 step_done step=arrived")
    assert statuses(send(other, "P5: 2025-07-12 10:00 registered same_as=P4")) == ["MATTER_FINAL"]


REMINDED = clause(
    "cycle", "10个工作日", scope='"round"', start='"period_ended"', stop='"published"',
    match='{ series = ["board"] }', rungs="next start open_next 10; late due remind 20",
)  # fmt: skip
DAILY = TWO.replace('cycle = "quarter"', 'cycle = "day"')
OPENED_LATE = "round/Q: 2025-07-02 09:00 opened series=board period=2025Q2"
NEXT_ROUND = "board.CN-3704.2025Q3"


def wakes(each: Engine, when: str) -> None:
    """The engine was down until then, however many alarms there were."""
    clock = each.clock
    assert isinstance(clock, VirtualClock)
    clock.set(instant(when))
    assert not each.run_due().failed


def test_the_next_round_opens_although_the_engine_was_down_until_its_reminder_was_due() -> None:
    with engine("2025-06-03 08:00", rules_of(pack_of(SOLVE, REMINDED, TWO, talks()))) as each:
        send(each, "round/Q: 2025-06-03 08:00 opened series=board period=2025Q2")
        wakes(each, "2025-08-30 09:00")
        assert rounds(each) == ["Q", NEXT_ROUND]


def test_the_next_round_opens_although_this_one_is_published_at_once(running: Engine) -> None:
    published = "round/Q: 2025-07-02 09:30 published"
    drafted = "round/Q: 2025-07-02 09:20 drafted"
    to(running, "2025-07-02 09:00")
    send(running, OPENED_LATE, drafted, published)
    to(running, "2025-07-03 09:00")
    assert rounds(running) == ["Q", NEXT_ROUND]


def test_rounds_missed_in_a_downtime_are_opened_at_once_and_in_order() -> None:
    with engine("2025-06-03 08:00", rules_of(pack_of(SOLVE, NEXT, DAILY, talks()))) as each:
        send(each, "round/D: 2025-06-03 08:00 opened series=board period=2025-06-03")
        wakes(each, "2025-06-20 08:00")
        opened_ = [f"board.CN-3704.2025-06-{day:02}" for day in range(4, 21)]
        assert rounds(each) == ["D", *opened_]
        positions = [each.events(f"round/{name}")[0].position for name in opened_]
        assert positions == sorted(positions)
        assert each.verify().identical


def test_whoever_is_named_when_a_round_is_opened_late_took_part_from_its_beginning(
    running: Engine,
) -> None:
    send(running, OPENED_LATE)
    to(running, "2025-07-03 09:00")
    after = read(running.dossier(f"round/{NEXT_ROUND}"), ROUND)
    assert list(after.lanes.all) == ["U1", "U2", "U3"]


FIVE = (
    "round/F: 2025-06-03 09:00 opened series=five period=第1轮",
    "round/F: 2025-06-04 09:00 scored member=U1 scores={skill:50} rater=甲",
    "round/F: 2025-06-05 09:00 closed id=c",
)


def test_a_round_that_is_closed_anew_opens_what_is_still_missing(running: Engine) -> None:
    send(running, *FIVE)
    send(running, "round/F: 2025-06-05 10:00 voided fact=test:c ground=漏登")
    send(running, "round/F: 2025-06-05 11:00 scored member=U2 scores={skill:50} rater=甲")
    send(running, "round/F: 2025-06-05 12:00 closed")
    assert list(running.log.streams("item/")) == ["item/F.U1.skill", "item/F.U2.skill"]
    assert list(running.log.dead_letters("reactor")) == []


ENDING = rules_of(
    pack_of(
        clause("solve", "5个工作日", rungs="red due red 30"),
        TWO.replace("act:yellow", "act:red"), talks(), NEXT, more="effective_to = 2025-06-06",
    )
)  # fmt: skip


def test_what_is_finished_under_a_pack_that_has_ended_leaves_no_dead_letter() -> None:
    with engine("2025-06-03 08:00", ENDING) as each:
        send(each, *opened("P1"))
        to(each, "2025-06-12 09:00")
        assert list(each.log.dead_letters("reactor")) == []


def edition(number: str, since: str, counts: str) -> Pack:
    first = "[[trigger]]" + TWO.split("[[trigger]]")[1]
    listed = "[[list]]" + TWO.split("[[list]]")[1]
    return pack_of(
        SOLVE, first.replace("act:yellow", counts), listed, talks(), edition=number, since=since
    )


def test_what_an_earlier_edition_counted_is_taken_back_under_a_later_one() -> None:
    """Yellow on the 10th under the first edition, resolved in time as is learned on the 12th."""
    rules = rules_of(
        edition("1", "2010-01-01", "act:yellow"), edition("2", "2025-06-11", "act:list")
    )
    with engine("2025-06-03 08:00", rules) as each:
        send(each, *opened("P1"), *opened("P2"))
        to(each, "2025-06-12 12:00")
        assert talks_in(each) == [("U1", "proposed", 1)]
        send(each, "P1: 2025-06-06 16:00 resolved known=2025-06-12T13:00")
        assert talks_in(each) == [("U1", "withdrawn", 0)]
        assert each.verify().identical


def test_the_whole_is_not_done_while_the_lead_lies_with_the_dispatcher(other: Engine) -> None:
    send(
        other,
        *opened("P1"),
        "P1: 2025-06-03 10:00 dispatched unit=U2 assignment=P1-2 lead=false",
        "P1: 2025-06-04 09:00 return_requested reason=x assignment=P1-1",
        "P1: 2025-06-04 10:00 return_ruled granted=true assignment=P1-1",
        "P1: 2025-06-04 11:00 resolved assignment=P1-2",
        "P1: 2025-06-04 12:00 dispatched unit=U3 assignment=P1-3",
    )
    to(other, "2025-06-04 12:00")
    reading = other.assess("petition/P1").reading("all")
    assert reading is not None
    assert reading.state.value == "running"


def test_the_whole_is_done_when_the_last_unit_still_at_it_is_let_off(other: Engine) -> None:
    send(
        other,
        *opened("P1"),
        "P1: 2025-06-03 10:00 dispatched unit=U2 assignment=P1-2 lead=false",
        "P1: 2025-06-04 09:00 resolved assignment=P1-1",
        "P1: 2025-06-04 10:00 return_requested reason=x assignment=P1-2",
        "P1: 2025-06-05 10:00 return_ruled granted=true assignment=P1-2",
    )
    reading = other.assess("petition/P1").reading("all")
    assert reading is not None
    assert (reading.state.value, shown(reading.stopped_at)) == ("met", "2025-06-05 10:00")


def test_a_clock_may_start_when_the_whole_is_done() -> None:
    after = clause("call", "2个工作日", start='"all_resolved"', stop='"callback_done"')
    with engine("2025-06-03 08:00", rules_of(pack_of(after))) as each:
        send(each, *opened("P1"), "P1: 2025-06-04 09:00 resolved")
        reading = each.assess("petition/P1").reading("call")
        assert reading is not None
        assert shown(reading.due) == "2025-06-06 24:00"
