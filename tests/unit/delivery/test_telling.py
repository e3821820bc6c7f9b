"""Which events are told to whom, in which words, and what can never be in a message."""

from typing import Any

import pytest

from sla_engine.delivery.message import Recipient
from sla_engine.delivery.telling import tell
from sla_engine.delivery.wording import Words, moment
from sla_engine.dossier.events import RungFired
from sla_engine.petition.subject import DeliveryNoted, SubjectErased
from sla_engine.record import EVENTS, Event, Recorded
from sla_engine.showing.officers import Officers
from tests.conformance.delivery.deeds import fired
from tests.golden.freeze import filled
from tests.support.given import (
    SHIPPED,
    Matter,
    a_list,
    clause,
    engine,
    instant,
    notice,
    pack_of,
    recorded,
    rules_of,
    send,
    series,
    talks,
    to,
)
from tests.unit.delivery.post import WORDS, addressees, lines, messages

RUNGS = """
[[clause.rung]]
id = "early"
at = "due-1日"
act = "warn"
level = 20
to = ["handler"]
basis = "测试"
[[clause.rung]]
id = "late"
at = "due"
act = "supervise"
level = 40
to = ["unit_lead", "supervisor"]
basis = "测试"
"""
ROLES = """
[roles]
handler = { zh = "承办人", en = "handler" }
unit_lead = { zh = "负责人", en = "lead" }
supervisor = { zh = "督查", en = "supervisor" }
"""
LADDER = clause("solve", "5日", more=f'pauses = ["P-HEAR"]\n{RUNGS}')
RULES = rules_of(pack_of(LADDER, more=ROLES))
OPENED = ("2025-06-03 09:00 registered", "2025-06-03 10:00 dispatched unit=U1 assignment=A1")


def petition(*more: str) -> Matter:
    return Matter(RULES, *OPENED, *more)


# ------------------------------------------------------------------------------------- acts


def test_an_act_goes_to_the_roles_it_names_with_the_term_it_speaks_of() -> None:
    matter = petition().touch("2025-06-07 12:00", "2025-06-09 12:00")
    assert lines(matter.log, RULES) == [
        "派单：P1（U1） → U1",
        "预警：P1 solve，期限2025-06-08 24:00（U1） → U1/handler",
        "督办单：P1 solve，期限2025-06-08 24:00（U1） → U1/unit_lead U1/supervisor",
    ]
    warning, order = messages(matter.log, RULES)[1:]
    assert (warning.level, warning.level_name, warning.documents) == (20, ("20", "20"), ())
    assert order.documents == ("supervise",)
    assert order.details == {
        "act": "supervise", "clause": "solve", "cycle": "1", "rung": "late", "unit": "U1",
    } | {"tier": 0}  # fmt: skip
    assert order.subject[1] == "supervision order: P1, solve, due 2025-06-08 24:00 (U1)"


def test_a_warning_overtaken_by_its_breach_is_not_sent() -> None:
    matter = petition().touch("2025-06-12 12:00")
    assert matter.acts("solve")[0].endswith("(superseded)")
    assert [each.details["act"] for each in messages(matter.log, RULES)[1:]] == ["supervise"]


@pytest.mark.parametrize("silent", ["history", "overturned", "superseded"])
def test_an_act_of_which_nobody_was_told_is_neither_sent_nor_recalled(silent: str) -> None:
    from sla_engine.dossier.events import RungWithdrawn

    log = [
        recorded(fired(silent=silent)),
        recorded(RungWithdrawn("reply", "1", 0, "r0", 1), version=2),
    ]
    assert messages(log) == []


def test_the_opening_of_the_next_round_is_told_to_nobody() -> None:
    assert messages([recorded(fired(act="open_next"), stream="round/R1")]) == []


def test_an_act_without_roles_goes_to_the_unit_and_one_without_both_to_nobody() -> None:
    assert addressees(messages([recorded(fired(to=()))])[0]) == "U1"
    assert messages([recorded(fired(to=(), unit=""))]) == []
    assert messages([recorded(fired(unit=""))])[0].to == (Recipient("", "unit_lead"),)


def test_what_was_sent_is_recalled_to_the_same_people_under_its_own_id() -> None:
    matter = (
        petition()
        .touch("2025-06-09 12:00")
        .take("2025-06-06 17:00 resolved known=2025-06-10T09:00")
    )
    sent, recall = messages(matter.log, RULES)[-2:]
    assert sent.details["rung"] == "late"
    assert recall.recalls == sent.id
    assert (recall.to, recall.level, recall.documents) == (sent.to, sent.level, ("recall",))
    assert recall.subject == (f"撤回：{sent.subject[0]}", f"recalled: {sent.subject[1]}")


def test_an_act_by_rules_that_are_gone_is_told_by_its_codes() -> None:
    matter = petition().touch("2025-06-09 12:00")
    order = messages(matter.log)[-1]
    assert order.subject[0] == "督办单：P1 solve（U1）"
    assert (order.due, order.level_name) == (None, ("", ""))


def test_a_trigger_reached_is_told_by_its_name() -> None:
    act = fired(act="circular", to=("supervisor",))
    told = messages([recorded(act, stream="unit/demo/U1")])[0]
    assert told.subject[0] == "通报：demo/U1 reply（U1）"


def test_a_term_that_a_new_calendar_moves_is_told_with_both_instants() -> None:
    solve = clause("solve", "5个工作日")
    rules = rules_of(pack_of(solve))
    later = rules.with_notice(
        notice("2025-06-04", "2025-06-04 09:00", off="2025-06-06", region="CN")
    )
    matter = Matter(rules, *OPENED).under(later).touch("2025-06-05 09:00")
    told = messages(matter.log, later)[-1]
    assert (told.topic, addressees(told)) == ("term", "U1")
    assert told.subject[0] == f"期限重定：P1 solve，期限{moment(told.due or 0)}"
    assert told.details["old_due"] < told.details["new_due"]


# ------------------------------------------------------------------------------------ facts


def test_a_redispatch_is_told_to_who_gets_the_petition_and_to_who_loses_it() -> None:
    matter = petition("2025-06-04 10:00 dispatched unit=U2 assignment=A2 replaces=A1")
    assert lines(matter.log, RULES)[1] == "派单：P1 → U2 U1"
    assert messages(matter.log, RULES)[1].details == {
        "unit": "U2", "assignment": "A2", "lead": True, "replaces": "A1",
    }  # fmt: skip


def test_rulings_and_pauses_are_told_to_every_unit_that_has_the_matter() -> None:
    matter = petition(
        "2025-06-03 11:00 dispatched unit=U2 assignment=A2 lead=false",
        "2025-06-03 12:00 return_requested reason=不属 assignment=A1",
        "2025-06-03 13:00 return_ruled granted=false reason=职责明确 assignment=A1",
        "2025-06-04 10:00 suspended ground=P-HEAR expected_until=2025-06-05T10:00",
        "2025-06-05 10:00 resumed",
    )
    assert lines(matter.log, RULES)[2:] == [
        "退单裁定：P1（U1） → U1",
        "中止：P1 → U1 U2",
        "恢复：P1 → U1 U2",
    ]
    suspended = messages(matter.log, RULES)[3]
    assert suspended.details == {
        "ground": "P-HEAR", "expected_until": "2025-06-05T10:00:00+08:00",
    }  # fmt: skip


def test_a_fact_that_turns_out_not_to_be_so_is_recalled_and_what_it_recalled_is_restored() -> None:
    matter = petition(
        "2025-06-04 10:00 dispatched unit=U2 assignment=A2 replaces=A1 id=wrong",
        "2025-06-04 11:00 voided fact=test:wrong ground=误派 id=undo",
        "2025-06-04 12:00 voided fact=test:undo ground=无误",
    )
    given, recall, restored = messages(matter.log, RULES)[1:]
    assert (recall.recalls, restored.recalls) == (given.id, recall.id)
    assert (recall.to, restored.to) == (given.to, given.to)
    assert [each.subject[0] for each in (recall, restored)] == [
        "撤回：派单：P1",
        "恢复：撤回：派单：P1",
    ]


def test_the_void_of_what_nobody_was_told_is_told_to_nobody() -> None:
    matter = petition(
        "2025-06-04 10:00 accepted id=early", "2025-06-04 11:00 voided fact=test:early ground=误"
    )
    assert len(lines(matter.log, RULES)) == 1


def test_a_talk_is_told_to_the_office_until_its_notice_and_then_to_the_unit() -> None:
    talk = Matter(
        rules_of(pack_of(talks())),
        "2025-06-03 09:00 proposed tier=1 causes=c1 petitions=P1",
        "2025-06-03 10:00 approved approver=王主任",
        "2025-06-03 11:00 notified number=约1 scheduled_at=2025-06-06T09:00 place=二楼 person=李某",
        "2025-06-06 10:00 held attendees=李某",
        "2025-06-06 12:00 minuted document=记1",
        "2025-06-07 12:00 plan_filed document=清1",
        "2025-06-08 12:00 withdrawn reason=有误",
        stream="talk/T1",
    )
    assert lines(talk.log, talk.rules) == [
        "提请约谈：T1（U1） → U1/approver",
        "批准约谈：T1（U1） → U1/convener",
        "约谈通知送达：T1（U1） → U1",
        "约谈记录已签：T1（U1） → U1",
        "整改清单提交：T1（U1） → U1/convener",
        "撤销约谈：T1（U1） → U1/convener U1",
    ]
    notified, withdrawn = messages(talk.log, talk.rules)[2], messages(talk.log, talk.rules)[-1]
    assert notified.documents == ("talk-notice",)
    assert notified.details == {
        "number": "约1", "scheduled_at": "2025-06-06T09:00:00+08:00", "place": "二楼",
    }  # fmt: skip
    assert withdrawn.documents == ("recall",)


def test_a_talk_called_off_before_its_notice_is_no_news_for_the_unit() -> None:
    talk = Matter(
        rules_of(pack_of(talks())),
        "2025-06-03 09:00 proposed tier=1 causes=c1",
        "2025-06-03 10:00 withdrawn reason=有误",
        stream="talk/T1",
    )
    assert lines(talk.log, talk.rules)[-1] == "撤销约谈：T1（U1） → U1/convener"


def test_an_item_is_told_to_who_owes_it_and_to_who_owed_it_before() -> None:
    item = Matter(
        rules_of(pack_of(LADDER, a_list("task"), more=ROLES)),
        "2025-06-03 09:00 listed list=task unit=U1 person=李某 title=张某的事",
        "2025-06-04 09:00 assigned unit=U2 person=王某",
        "2025-06-05 09:00 reported document=报1",
        "2025-06-06 09:00 rejected verifier=督查 reason=不实",
        stream="item/I1",
    )
    assert lines(item.log, RULES) == [
        "列入清单：I1（U1） → U1",
        "转由他人负责：I1 → U2 U1",
        "核验不通过：I1（U2） → U2",
    ]


def test_a_board_is_told_to_every_member_and_a_ruling_to_the_one() -> None:
    board = Matter(
        rules_of(
            pack_of(LADDER, series("board", "board", "quarter", "black bottom=1"), more=ROLES)
        ),
        "2025-04-01 09:00 opened series=board period=2025Q2 members=U1,U2",
        "2025-07-02 09:00 drafted",
        "2025-07-03 09:00 objected member=U2 ground=有误 signer=王某",
        "2025-07-04 09:00 objection_ruled member=U2 upheld=true reason=属实",
        "2025-07-05 09:00 published document=榜1",
        stream="round/R1",
    )
    assert lines(board.log, RULES) == [
        "初稿送达：R1 → U1 U2",
        "异议裁定：R1（U2） → U2",
        "发布：R1 → U1 U2",
    ]


@pytest.mark.parametrize(
    ("event", "stream"),
    [
        (DeliveryNoted("bus", ("petition/P1@1",)), "delivery/bus"),
        (SubjectErased("citizen-7"), "subject/citizen-7"),
        (filled(EVENTS["rules.notice_loaded/1"]), "rules/notices"),
        (fired(), "delivery/bus"),
    ],
)
def test_what_is_beside_the_dossiers_is_told_to_nobody(event: Event, stream: str) -> None:
    assert messages([recorded(event, stream=stream)]) == []


# ------------------------------------------------------------------------- no personal data

PERSONAL = frozenset(
    {
        "petitioner", "commitment", "reason", "note", "person", "signer", "attendees", "title",
        "approver", "verifier", "recalled", "requester", "evidence", "contact", "requirements",
        "items", "causes", "cause", "basis", "overturned_by", "fact", "raters", "rater",
    }
)  # fmt: skip
"""Fields in which a person is named, or that a person has written freely."""

STREAM_OF = {
    "petition": "petition/P1", "talk": "talk/T1", "item": "item/I1", "round": "round/R1",
    "dispute": "dispute/D1",
}  # fmt: skip


@pytest.mark.parametrize("wire", sorted(EVENTS))
def test_no_field_that_names_a_person_or_was_written_freely_reaches_a_message(wire: str) -> None:
    """Every event of the engine with every field set to a text of its own."""
    stream = STREAM_OF.get(wire.split(".", maxsplit=1)[0], "petition/P1")
    event = filled(EVENTS[wire])
    if isinstance(event, RungFired):
        event = fired()
    told = tell(
        recorded(event, version=9, stream=stream, **envelope()), lambda: before(stream), WORDS
    )
    text = "" if told is None else str(told)
    leaked = [name for name in PERSONAL & set(event.__struct_fields__) if f"{name}·" in text]
    assert leaked == []
    assert "envelope·" not in text


def envelope() -> dict[str, Any]:
    names = ("actor", "role", "unit", "source", "key", "cause", "anomaly", "body_digest")
    return {name: f"envelope·{name}" for name in names}


def before(stream: str) -> list[Recorded]:
    """A dossier of that kind with whatever makes its facts concern somebody."""
    opening = {
        "petition/P1": ("petition.registered/1", "petition.dispatched/1"),
        "talk/T1": ("talk.proposed/1", "talk.notified/1"),
        "item/I1": ("item.listed/1",),
        "round/R1": ("round.opened/1",),
        "dispute/D1": ("dispute.opened/1",),
    }[stream]
    return [
        recorded(filled(EVENTS[wire]), version=n, stream=stream)
        for n, wire in enumerate(opening, 1)
    ]


def test_most_facts_are_indeed_told_in_that_test() -> None:
    told = 0
    for wire in EVENTS:
        stream = STREAM_OF.get(wire.split(".")[0], "petition/P1")
        event = recorded(filled(EVENTS[wire]), version=9, stream=stream)
        told += tell(event, lambda stream=stream: before(stream), WORDS) is not None  # type: ignore[misc]
    assert told > 35


def test_a_midnight_that_ends_a_day_is_its_twenty_fourth_hour() -> None:
    assert moment(instant("2025-06-04 00:00")) == "2025-06-03 24:00"
    assert moment(instant("2025-06-04 17:30")) == "2025-06-04 17:30"


def test_words_are_those_of_the_rules_in_force_when_asked() -> None:
    known = [RULES]
    words = Words(lambda: known[-1])
    act = petition().touch("2025-06-09 12:00").log[-1]
    assert tell(act, list, words) is not None
    assert words.level(40, act.meta.pack) == ("40", "40")


# ------------------------------------------------------------------------------------ the centre


def test_whoever_convenes_a_talk_does_so_for_its_unit_also_where_they_are_late_themselves() -> None:
    with engine("2024-09-09 08:00") as there:
        send(
            there,
            "roster/CN-341182: 2024-09-09 08:10 appointed role=approver holder=王局 about=U1 id=r",
            "roster/CN-341182: 2024-09-09 08:10 appointed role=approver holder=值班领导 id=r2",
            "2024-09-09 09:00 registered pack=mingguang-three-tier region=CN-341182 id=a",
            "2024-09-09 09:00 dispatched unit=U1 assignment=A1 id=b",
        )
        to(there, "2024-10-16 10:00")
        (stream,) = there.log.streams("talk/")
        events = there.events(stream)
        warned = next(each for each in events if isinstance(each.event, RungFired))
        act = warned.event
        assert isinstance(act, RungFired)
        assert (act.clause, act.unit) == ("talk-approve", "")
        message = tell(warned, lambda: events, Words(lambda: SHIPPED))
        assert message is not None
        assert message.to == (Recipient("U1", "approver"),)
        officers = Officers.of(there, "CN-341182", events[0].event, None)
        assert officers.addressed(act) == {"approver": ("王局",)}
