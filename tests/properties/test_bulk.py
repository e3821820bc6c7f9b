"""Whatever a petition has been through, the columns say of it what the scalar assessment says."""

from itertools import count

from hypothesis import event as noted
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.bulk.engine import Bulk
from sla_engine.bulk.gather import gather
from sla_engine.bulk.scalar import Asked
from sla_engine.dossier.events import (
    Carried,
    ExtensionGranted,
    ExtensionRequested,
    Resumed,
    StepDone,
    Suspended,
    Voided,
)
from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.petition.events import (
    Absorbed,
    Accepted,
    CallbackDone,
    Declined,
    Dispatched,
    Merged,
    Registered,
    Resolved,
    ReturnRequested,
    ReturnRuled,
    ReworkOrdered,
    Withdrawn,
)
from sla_engine.petition.kind import PETITION
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Event, Instant, Meta, Recorded
from sla_engine.replay.question import Question
from sla_engine.replay.rules import restated
from sla_engine.sla.cycle import stamp
from sla_engine.worktime import parse_instant
from tests.support.bulk import answered, in_columns, one_at_a_time, replayed
from tests.support.given import clause, pack_of, rules_of

HOUR = 3_600_000_000
BEGIN = parse_instant("2025-09-15T08:00:00+08:00")
_EXTENDED = """
[clause.extension]
max_count = 2
each_max = "5个工作日"
basis = ["测试"]
status = "default"
"""
_ASKED_EARLY = _EXTENDED.replace(
    "max_count = 2", 'max_count = 2\ntotal_max = "6个工作日"\nask_before = "1个工作日"'
)
_REWORKED = '["callback_unsatisfied", "rework_ordered"]'
_CITY = '{ assignment_level = ["city"] }'
_PAUSED = {"pauses": '["P-TEST", "P-HEAR"]'}


def _clauses(days: int, roll: str, rule: str) -> list[str]:
    laned = {"scope": '"assignment"', "start": '"dispatched"'}
    returned = {**laned, "start": '"return_requested"'}
    return [
        clause("solve", f"{days}个工作日", more=_EXTENDED, **_PAUSED),
        clause(
            "plain", f"{days}个工作日", more=rule, match='{ kind = ["建议"] }', stop=_or("told_two")
        ),
        clause("civil", "5日", stop=_or("told_one"), **_PAUSED),
        clause("rolled", "7日", roll=roll, start='["registered", "told_two"]', **_PAUSED),
        clause("month", "1个月", start='"registered"', stop=_or("told_one"), **_PAUSED),
        clause(
            "hours", "5小时", hours='"24x7"', start='"registered"', stop=_or("told_two"), **_PAUSED
        ),
        clause("office", "6个工作小时", stop=_or("accepted"), **_PAUSED),
        clause("half", "0.5个工作日", start='"registered"', stop='["dispatched", "declined"]'),
        clause("both", "2个工作日", stop="", more='stop_all = ["told_one", "told_two"]'),
        clause("sign", "1个工作日", stop='["accepted", "return_requested", "resolved"]', **laned),
        clause("part", "3个工作日", **laned, **_PAUSED),
        clause("ruled", "1个工作日", repeat="true", stop='"return_ruled"', **returned),
        clause("called", "1个工作日", repeat="true", start='"resolved"', stop='"callback_done"'),
        clause("again", "5个工作日", repeat="true", start=_REWORKED, **_PAUSED),
        clause("all-done", "4个工作日", stop='"all_resolved"', match=_CITY),
    ]


def _or(mark: str) -> str:
    return f'["resolved", "{mark}"]'


OLD = pack_of(*_clauses(10, "true", _ASKED_EARLY), edition="1")
NEW = pack_of(*_clauses(7, "false", _EXTENDED), edition="2", since="2025-10-13")
RULES: Rulebook = rules_of(OLD, NEW)

instants = st.integers(0, 100 * 24).map(lambda hours: BEGIN + hours * HOUR)
gaps = st.one_of(st.just(0), st.integers(1, 72), st.integers(72, 600)).map(
    lambda hours: hours * HOUR // 2
)
lanes = st.sampled_from(["A1", "A2", "A3"])
units = st.sampled_from(["U1", "U2"])
clauses = st.sampled_from(["solve", "plain", "civil"])
amounts = st.sampled_from(["2个工作日", "5个工作日", "6个工作日", "3日"])
requests = st.sampled_from(["E1", "E2"])
replaced, levels = st.sampled_from(["", "A1"]), st.sampled_from(["", "city"])
ANCHORS = (("registered", BEGIN), ("resolved", BEGIN + 90 * HOUR))
CARRIED = (
    Carried(
        "month",
        BEGIN,
        (("P-HEAR", BEGIN + HOUR, BEGIN + 70 * HOUR),),
        (("E9", "1个月", "负责人"), ("E8", "2个工作日", "负责人")),
    ),
    Carried("half"),
)

happenings: st.SearchStrategy[Event] = st.one_of(
    st.builds(Dispatched, units, lanes, st.booleans(), replaced, levels),
    st.builds(Accepted, st.sampled_from(["", "A1", "A9"])),
    st.builds(ReturnRequested, st.just("职责"), assignment=st.sampled_from(["", "A2"])),
    st.builds(ReturnRuled, st.booleans(), assignment=st.sampled_from(["", "A1"])),
    st.builds(StepDone, st.sampled_from(["told_one", "told_two"])),
    st.builds(Suspended, st.sampled_from(["P-TEST", "P-HEAR", "P-POSTPONE"])),
    st.builds(Resumed),
    st.builds(ExtensionRequested, requests, clauses, amounts),
    st.builds(ExtensionGranted, requests, st.just("负责人"), st.sampled_from(["", "4个工作日"])),
    st.builds(Resolved, assignment=st.sampled_from(["", "", "A2"])),
    st.builds(CallbackDone, st.booleans()),
    st.builds(ReworkOrdered, units, st.sampled_from(["A4", "A5"]), st.just("不满意")),
    st.builds(Voided, st.integers(2, 6).map("@{}".format), st.just("有误")),
)  # fmt: skip
endings: st.SearchStrategy[Event] = st.one_of(
    st.builds(Declined, st.just("不属受理范围")),
    st.builds(Withdrawn),
    st.builds(Merged, st.just("P9")),
    st.builds(Absorbed, st.just("P9"), st.just(ANCHORS), st.sampled_from([(), CARRIED])),
)  # fmt: skip


@st.composite
def petitions(draw: st.DrawFn) -> list[Recorded]:
    """A petition with whatever facts, in whatever order, stamped as they were recorded."""
    at: Instant = draw(instants)
    kind = draw(st.sampled_from(["投诉", "建议"]))
    opening = Registered("P1", "demo", kind, draw(st.sampled_from(["CN-3704", "CN-11"])))
    events: list[Event] = [opening, Dispatched("U1", "A1", level="city")]
    events += draw(st.lists(happenings, max_size=9))
    events += draw(st.lists(endings, max_size=1))
    dossier, versions = Dossier("petition/P1"), count(1)
    facts: list[Recorded] = []
    learned = at
    for event in events:
        if isinstance(event, Voided) and int(event.fact[1:]) > len(facts):
            continue  # A void names a fact that is there.
        learned = max(learned, at + draw(st.sampled_from([0, 0, 0, 30 * 24 * HOUR])))
        meta = Meta(occurred_at=at, recorded_at=learned)
        stamped = stamp(dossier, PETITION, Draft(meta, event), RULES)
        fact = Recorded(dossier.stream, next(versions), 0, stamped.meta, event)
        evolve(dossier, fact)
        facts.append(fact)
        at += draw(gaps)
    return facts


@given(facts=petitions(), at=instants.map(lambda at: at + 40 * 24 * HOUR))
def test_the_columns_agree_with_the_scalar_assessment(facts: list[Recorded], at: Instant) -> None:
    answer = answered([("petition/P1", facts)], Asked(RULES, at))
    noted("singly" if answer.singly else "in columns")
    assert in_columns(answer)["petition/P1"] == one_at_a_time(facts, RULES, at)


@given(many=st.lists(petitions(), min_size=2, max_size=8), at=instants)
def test_petitions_in_one_partition_do_not_disturb_each_other(
    many: list[list[Recorded]], at: Instant
) -> None:
    given_ = [(f"petition/{index}", facts) for index, facts in enumerate(many)]
    found = in_columns(answered(given_, Asked(RULES, at)))
    for stream, facts in given_:
        assert found[stream] == one_at_a_time(facts, RULES, at)


@given(
    facts=petitions(),
    known_at=instants,
    pack=st.sampled_from(["", "demo@1", "demo@2"]),
    calendar=st.sampled_from([BEGIN - 400 * 24 * HOUR, BEGIN, BEGIN + 60 * 24 * HOUR]),
)
def test_the_columns_agree_with_a_replay_under_any_rules(
    facts: list[Recorded], known_at: Instant, pack: str, calendar: Instant
) -> None:
    """As of one calendar: a replay would otherwise re-fix, and no engine has re-fixed these."""
    at = known_at + 20 * 24 * HOUR
    question = Question(known_at=known_at, at=at, pack=pack, calendar=calendar)
    rules = restated(RULES, question)
    asked = Asked(rules, at, known_at, anew=True)
    answer = Bulk(asked).answer(gather([("petition/P1", facts)]))
    assert in_columns(answer)["petition/P1"] == replayed(facts, RULES, question)
