"""The words a pack may use: marks, traits and acts known to the code, with their names for people.

A pack adds milestones of its own (`[steps]`) to the marks; it cannot add acts, because an act is
something the engine does.
"""

from collections.abc import Mapping
from typing import Literal

from sla_engine.policy.clause import Scope, Text

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
    "callback_done": Text("回访", "callback done"),
    "callback_unsatisfied": Text("回访不满意", "callback unsatisfied"),
    "rework_ordered": Text("重办", "rework ordered"),
    "closed": Text("归档", "closed"),
    "merged": Text("并单", "merged"),
    "absorbed": Text("并入重复件", "duplicate absorbed"),
    "withdrawn": Text("撤诉", "withdrawn"),
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

_OPENING_MARKS: Mapping[Scope, frozenset[str]] = {
    Scope.PETITION: frozenset({"registered"}),
    Scope.ASSIGNMENT: frozenset(
        {"registered", "admitted", "declined", "dispatched", "rework_ordered"}
    ),
    Scope.TALK: frozenset({"proposed", "tier_raised", "rebounded"}),
}

_PETITION_TRAITS = frozenset(
    {
        "kind",
        "subject",
        "urgency",
        "matter",
        "channel",
        "region",
        "assignment_level",
        "assignment_lead",
    }
)
_TALK_TRAITS = frozenset({"tier", "unit", "region"})

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
}

PETITION_ACTS = frozenset(ACTS) - {"next_tier"}
TALK_ACTS = frozenset(ACTS) - {"talk", "deem_accepted"}

Light = Literal["none", "grey", "blue", "yellow", "orange", "red", "purple", "black"]


def marks_of(scope: Scope | None) -> Mapping[str, Text]:
    """Structural marks a clause of `scope` may name; all of them when the scope is not known."""
    if scope is None:
        return {**PETITION_MARKS, **TALK_MARKS}
    return TALK_MARKS if scope is Scope.TALK else PETITION_MARKS


def traits_of(scope: Scope | None) -> frozenset[str]:
    """Traits a clause of `scope` may match on."""
    if scope is None:
        return _PETITION_TRAITS | _TALK_TRAITS
    return _TALK_TRAITS if scope is Scope.TALK else _PETITION_TRAITS


def acts_of(scope: Scope | None) -> frozenset[str]:
    """Acts a rung of a clause of `scope` may name."""
    if scope is None:
        return frozenset(ACTS)
    return TALK_ACTS if scope is Scope.TALK else PETITION_ACTS


def opening_marks(scope: Scope) -> frozenset[str]:
    """Marks that open a petition, an assignment or a round: no clock inside can wait for them."""
    return _OPENING_MARKS[scope]
