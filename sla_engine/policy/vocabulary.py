"""The words a pack may use: marks, traits and acts known to the code, with their names for people.

A pack adds milestones of its own (`[steps]`) to the marks; it cannot add acts, because an act is
something the engine does.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from sla_engine.policy.clause import Liable, Scope, Text

_COMMON_MARKS = {
    "suspended": Text("中止", "suspended"),
    "resumed": Text("恢复", "resumed"),
    "extension_requested": Text("申请延期", "extension requested"),
    "extension_granted": Text("批准延期", "extension granted"),
    "extension_denied": Text("不予延期", "extension denied"),
}

PETITION_MARKS: Mapping[str, Text] = {
    "registered": Text("登记", "registered"),
    "admitted": Text("受理", "admitted"),
    "declined": Text("不予受理", "declined"),
    "dispatched": Text("派单", "dispatched"),
    "accepted": Text("签收", "accepted"),
    "return_requested": Text("申请退单", "return requested"),
    "return_ruled": Text("退单裁定", "return ruled"),
    "resolved": Text("办结", "resolved"),
    "all_resolved": Text("主办协办均办结", "resolved by every unit"),
    "callback_done": Text("回访", "callback done"),
    "callback_unsatisfied": Text("回访不满意", "callback unsatisfied"),
    "rework_ordered": Text("重办", "rework ordered"),
    "closed": Text("归档", "closed"),
    "merged": Text("并单", "merged"),
    "absorbed": Text("并入重复件", "duplicate absorbed"),
    "withdrawn": Text("撤诉", "withdrawn"),
    "excluded": Text("剔除", "excluded from the measures"),
    "exclusion_lifted": Text("撤销剔除", "exclusion lifted"),
    "rated": Text("评价", "rated"),
    **_COMMON_MARKS,
}

TALK_MARKS: Mapping[str, Text] = {
    "proposed": Text("提请约谈", "talk proposed"),
    "cause_attached": Text("并入事由", "cause attached"),
    "cause_overturned": Text("事由被推翻", "cause overturned"),
    "tier_raised": Text("升级", "tier raised"),
    "approved": Text("批准约谈", "talk approved"),
    "refused": Text("不予批准", "talk refused"),
    "notified": Text("约谈通知送达", "talk notified"),
    "postponed": Text("约谈改期", "talk postponed"),
    "held": Text("约谈实施", "talk held"),
    "no_show": Text("缺席", "no-show"),
    "no_show_excused": Text("缺席有正当理由", "no-show excused"),
    "minuted": Text("约谈记录已签", "minutes signed"),
    "plan_filed": Text("整改清单提交", "rectification plan filed"),
    "plan_accepted": Text("整改清单认可", "rectification plan accepted"),
    "plan_returned": Text("整改清单退回", "rectification plan returned"),
    "reported": Text("整改反馈", "rectification reported"),
    "verified": Text("核查通过", "rectification verified"),
    "rejected": Text("整改不到位", "rectification rejected"),
    "struck_off": Text("销号", "struck off"),
    "rebounded": Text("反弹", "rebounded"),
    "withdrawn": Text("撤销约谈", "talk withdrawn"),
    **_COMMON_MARKS,
}

ITEM_MARKS: Mapping[str, Text] = {
    "listed": Text("列入清单", "listed"),
    "assigned": Text("转由他人负责", "assigned"),
    "started": Text("开始办理", "started"),
    "owed": Text("容缺开始", "started with papers owed"),
    "linked": Text("关联诉求件", "petition linked"),
    "reported": Text("报告完成", "reported"),
    "verified": Text("核验销号", "verified and struck off"),
    "rejected": Text("核验不通过", "rejected"),
    "rebounded": Text("反弹", "rebounded"),
    "cancelled": Text("撤销事项", "cancelled"),
    **_COMMON_MARKS,
}

ROUND_MARKS: Mapping[str, Text] = {
    "opened": Text("开启一轮", "round opened"),
    "period_begun": Text("周期开始", "period begun"),
    "period_ended": Text("周期结束", "period ended"),
    "drafted": Text("初稿送达", "drafted"),
    "published": Text("发布", "published"),
    "closed": Text("本轮结束", "round closed"),
    **_COMMON_MARKS,
}

MEMBER_MARKS: Mapping[str, Text] = {
    **ROUND_MARKS,
    "member_joined": Text("增加成员", "member joined"),
    "member_left": Text("成员退出", "member left"),
    "reported": Text("上报", "reported"),
    "scored": Text("打分", "scored"),
    "signed_unit": Text("单位签字", "signed by the unit"),
    "signed_office": Text("主管部门签字", "signed by the office"),
    "objected": Text("提出异议", "objected"),
    "objection_ruled": Text("异议裁定", "objection ruled"),
    "place_overturned": Text("撤销上榜", "place overturned"),
}

DISPUTE_MARKS: Mapping[str, Text] = {
    "told": Text("知悉结论", "verdict told"),
    "disputed": Text("提出争议", "dispute opened"),
    "admitted": Text("受理", "admitted"),
    "refused": Text("不予受理", "refused"),
    "evidence_filed": Text("提交证据", "evidence filed"),
    "replay_run": Text("复算", "replay run"),
    "ruled": Text("裁定", "ruled"),
    "withdrawn": Text("撤回争议", "dispute withdrawn"),
    **_COMMON_MARKS,
}

_MARKS: Mapping[Scope, Mapping[str, Text]] = {
    Scope.PETITION: PETITION_MARKS,
    Scope.ASSIGNMENT: PETITION_MARKS,
    Scope.TALK: TALK_MARKS,
    Scope.ITEM: ITEM_MARKS,
    Scope.ROUND: ROUND_MARKS,
    Scope.MEMBER: MEMBER_MARKS,
    Scope.DISPUTE: DISPUTE_MARKS,
}

_OPENING_MARKS: Mapping[Scope, frozenset[str]] = {
    Scope.PETITION: frozenset({"registered"}),
    Scope.ASSIGNMENT: frozenset(
        {"registered", "admitted", "declined", "dispatched", "rework_ordered"}
    ),
    Scope.TALK: frozenset({"proposed", "tier_raised", "rebounded"}),
    Scope.ITEM: frozenset({"listed"}),
    Scope.ROUND: frozenset({"opened"}),
    Scope.MEMBER: frozenset({"opened", "member_joined"}),
    Scope.DISPUTE: frozenset({"told"}),
}

ROUTE_TRAITS = frozenset({"kind", "subject", "urgency", "matter", "channel", "region"})
_PETITION_TRAITS = ROUTE_TRAITS | {"assignment_level", "assignment_lead"}

_TRAITS: Mapping[Scope, frozenset[str]] = {
    Scope.PETITION: _PETITION_TRAITS,
    Scope.ASSIGNMENT: _PETITION_TRAITS,
    Scope.TALK: frozenset({"tier", "unit", "region"}),
    Scope.ITEM: frozenset({"list", "matter", "region", "unit"}),
    Scope.ROUND: frozenset({"series", "region"}),
    Scope.MEMBER: frozenset({"series", "region", "member"}),
    Scope.DISPUTE: frozenset({"kind", "about", "claim", "region"}),
}

ACTS: Mapping[str, Text] = {
    "warn": Text("预警", "warning"),
    "remind": Text("催办", "reminder"),
    "yellow": Text("黄牌", "yellow card"),
    "red": Text("红牌", "red card"),
    "urge": Text("催办通知书", "written urging"),
    "supervise": Text("督办单", "supervision order"),
    "talk": Text("提请约谈", "talk proposed"),
    "next_tier": Text("提请上一级约谈", "next tier proposed"),
    "circular": Text("通报", "circular"),
    "transfer": Text("移送问责", "transfer for accountability"),
    "task": Text("生成任务", "task"),
    "deem_accepted": Text("视为签收", "deemed accepted"),
    "list": Text("列入问题清单", "put on the list of problems"),
    "open_next": Text("开启下一轮", "next round opened"),
}

_PETITION_ACTS = frozenset(ACTS) - {"next_tier", "open_next"}
_MATTER_ACTS = _PETITION_ACTS - {"deem_accepted"}

_ACTS: Mapping[Scope, frozenset[str]] = {
    Scope.PETITION: _PETITION_ACTS,
    Scope.ASSIGNMENT: _PETITION_ACTS,
    Scope.TALK: frozenset(ACTS) - {"talk", "deem_accepted", "list", "open_next"},
    Scope.ITEM: _MATTER_ACTS,
    Scope.ROUND: _MATTER_ACTS | {"open_next"},
    Scope.MEMBER: _MATTER_ACTS,
    Scope.DISPUTE: _MATTER_ACTS - {"talk", "list"},
}

TRIGGER_ACTS = _MATTER_ACTS

AGAINST_THE_UNIT = frozenset(
    {
        "yellow",
        "red",
        "urge",
        "supervise",
        "talk",
        "next_tier",
        "circular",
        "transfer",
        "list",
    }
)
"""Acts that charge a unit with being late: there is no such charge once a right has lapsed."""

RIGHTS = frozenset(
    {
        "return_requested",
        "extension_requested",
        "objected",
        "rated",
        "excluded",
        "no_show_excused",
        "disputed",
    }
)
"""Marks by which somebody uses a right. All others are duties, which do not lapse."""

OF_THE_CENTRE = frozenset(
    {
        "admitted",
        "declined",
        "dispatched",
        "return_ruled",
        "callback_done",
        "rework_ordered",
        "approved",
        "refused",
        "notified",
        "held",
        "no_show",
        "minuted",
        "plan_accepted",
        "plan_returned",
        "rejected",
        "objection_ruled",
        "extension_granted",
        "extension_denied",
    }
)
"""Marks that only the centre makes: whoever receives, dispatches, calls back, talks or rules."""

OF_THE_UNIT = frozenset(
    {"accepted", "return_requested", "resolved", "plan_filed", "started", "reported"}
)
"""Marks that only the unit makes. All others may be either's, e.g. the local ones of a pack."""

LIABLE: Mapping[Liable, Text] = {
    "unit": Text("承办单位", "the unit"),
    "centre": Text("受理中心", "the centre"),
}

OPEN_NEXT = "open_next"
"""The act that opens the next round. It tells nobody anything, so nothing can overtake it."""

PROBLEMS = "problem"
"""The list that the act `list` opens its items in."""

BASE_COUNTERS: Mapping[str, Text] = {
    "registered": Text("登记件", "registered"),
    "dispatched": Text("派单", "dispatched"),
    "accepted": Text("签收", "accepted"),
    "returned": Text("退单", "returned"),
    "resolved": Text("办结", "resolved"),
    "once": Text("一次办结", "resolved without rework"),
    "reworked": Text("重办", "reworked"),
    "callbacks": Text("回访", "callbacks"),
    "callbacks_satisfied": Text("回访满意", "callbacks satisfied"),
    "callbacks_solved": Text("回访已解决", "callbacks solved"),
    "callbacks_confirmed": Text("回访核实", "callbacks that confirm the closure"),
    "ratings": Text("评价", "ratings"),
    "ratings_satisfied": Text("评价满意", "ratings satisfied"),
    "excluded": Text("剔除", "excluded"),
}
"""What the scorecard counts of every petition (projections/scorecard.py)."""

CLAUSE_COUNTERS = ("judged", "met", "late", "cancelled")
"""What the scorecard counts of every clock, as `CLAUSE.met`."""

Light = Literal["none", "grey", "blue", "yellow", "orange", "red", "purple", "black"]


def liable_by(scope: Scope, stops: Iterable[str]) -> Liable:
    """Who answers for a clock that these marks stop: nobody is late by what another has to do. The
    unit of a dispute is the office that rules on it."""
    marks = frozenset(stops) if scope is not Scope.DISPUTE else frozenset[str]()
    return "centre" if marks & OF_THE_CENTRE and not marks & OF_THE_UNIT else "unit"


def marks_of(scope: Scope | None) -> Mapping[str, Text]:
    """Structural marks a clause of `scope` may name; all of them when the scope is not known."""
    if scope is None:
        return {name: text for each in _MARKS.values() for name, text in each.items()}
    return _MARKS[scope]


def traits_of(scope: Scope | None) -> frozenset[str]:
    """Traits a clause of `scope` may match on."""
    if scope is None:
        return frozenset(trait for each in _TRAITS.values() for trait in each)
    return _TRAITS[scope]


def acts_of(scope: Scope | None) -> frozenset[str]:
    """Acts a rung of a clause of `scope` may name."""
    return frozenset(ACTS) if scope is None else _ACTS[scope]


def opening_marks(scope: Scope) -> frozenset[str]:
    """Marks that open a dossier or a lane of it: no clock inside can wait for them."""
    return _OPENING_MARKS[scope]
