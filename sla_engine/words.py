"""Words for what the engine knows by codes: states of clocks, phases, facts, kinds of day."""

from collections.abc import Mapping

from sla_engine.dossier.kind import Kind
from sla_engine.policy.clause import Pack, Text
from sla_engine.policy.vocabulary import (
    ACTS,
    DISPUTE_MARKS,
    ITEM_MARKS,
    LIABLE,
    MEMBER_MARKS,
    PETITION_MARKS,
    ROUND_MARKS,
    TALK_MARKS,
)
from sla_engine.record import Event, type_name
from sla_engine.sla.assess import State
from sla_engine.worktime import DayKind

CENTRE = LIABLE["centre"]
_CENTRES: Mapping[str, Text] = {
    "talk": Text("约谈方", "whoever talks to it"),
    "item": Text("核验方", "whoever verifies it"),
}
"""By kind of dossier, who answers for what no unit answers for, where it is not the centre."""


def whose(unit: str, kind: str = "petition") -> Text:
    """Who answers for something in such a dossier: a unit, or where it is none, who else."""
    return Text(unit, unit) if unit else _CENTRES.get(kind, CENTRE)


STATES: Mapping[str, Text] = {
    State.RUNNING.value: Text("计时中", "running"),
    State.PAUSED.value: Text("中止", "paused"),
    State.OVERDUE.value: Text("已超时", "overdue"),
    State.LAPSED.value: Text("逾期未行使", "lapsed"),
    State.MET.value: Text("按时", "on time"),
    State.LATE.value: Text("超时办结", "late"),
    State.CANCELLED.value: Text("已撤", "cancelled"),
}

STATE_STYLES: Mapping[str, str] = {
    State.RUNNING.value: "",
    State.PAUSED.value: "cyan",
    State.OVERDUE.value: "bold red",
    State.MET.value: "green",
    State.LATE.value: "red",
    State.LAPSED.value: "dim",
    State.CANCELLED.value: "dim",
}

PETITION_PHASES: Mapping[str, Text] = {
    "new": Text("未登记", "new"),
    "registered": Text("已登记", "registered"),
    "admitted": Text("已受理", "admitted"),
    "dispatched": Text("已派单", "dispatched"),
    "in_progress": Text("办理中", "in progress"),
    "return_requested": Text("申请退单", "return requested"),
    "returned": Text("已退单", "returned"),
    "resolved": Text("已办结", "resolved"),
    "closed": Text("已归档", "closed"),
    "declined": Text("不予受理", "declined"),
    "merged": Text("已并单", "merged"),
    "withdrawn": Text("已撤诉", "withdrawn"),
}

TALK_PHASES: Mapping[str, Text] = {
    "new": Text("未提请", "new"),
    "proposed": Text("已提请", "proposed"),
    "approved": Text("已批准", "approved"),
    "notified": Text("已通知", "notified"),
    "missed": Text("缺席", "missed"),
    "held": Text("已约谈", "held"),
    "minuted": Text("已记录", "minuted"),
    "plan_filed": Text("清单已交", "plan filed"),
    "rectifying": Text("整改中", "rectifying"),
    "reported": Text("已反馈", "reported"),
    "verified": Text("已核查", "verified"),
    "rejected": Text("整改不到位", "rejected"),
    "struck_off": Text("已销号", "struck off"),
    "refused": Text("不予批准", "refused"),
    "withdrawn": Text("已撤销", "withdrawn"),
}

ITEM_PHASES: Mapping[str, Text] = {
    "new": Text("未列入", "new"),
    "listed": Text("已列入", "listed"),
    "working": Text("办理中", "in hand"),
    "reported": Text("已报完成", "reported"),
    "struck_off": Text("已销号", "struck off"),
    "cancelled": Text("已撤销", "cancelled"),
}

ROUND_PHASES: Mapping[str, Text] = {
    "new": Text("未开启", "new"),
    "open": Text("进行中", "open"),
    "drafted": Text("初稿", "drafted"),
    "published": Text("已发布", "published"),
    "closed": Text("已结束", "closed"),
}

DISPUTE_PHASES: Mapping[str, Text] = {
    "new": Text("未提出", "new"),
    "opened": Text("已提出", "opened"),
    "admitted": Text("已受理", "admitted"),
    "ruled": Text("已裁定", "ruled"),
    "refused": Text("不予受理", "refused"),
    "withdrawn": Text("已撤回", "withdrawn"),
}

DISPUTES: Mapping[str, Text] = {
    "objection": Text("异议", "objection"),
    "review": Text("复核", "review"),
    "appeal": Text("申诉", "appeal"),
}

CLAIMS: Mapping[str, Text] = {
    "not_late": Text("未超时", "not late"),
    "other_unit": Text("责任在他单位", "another unit is answerable"),
    "wrong_calendar": Text("日历有误", "wrong calendar"),
    "fact_wrong": Text("事实有误", "a fact is wrong"),
    "exclude": Text("应予剔除", "to be left out"),
}

OUTCOMES: Mapping[str, Text] = {
    "upheld": Text("支持", "upheld"),
    "partly": Text("部分支持", "upheld in part"),
    "rejected": Text("不予支持", "rejected"),
}

VERDICTS: Mapping[str, Text] = {
    "met": Text("按时", "on time"),
    "late": Text("超时", "late"),
    "excluded": Text("剔除", "left out"),
}

_PHASES: Mapping[str, Mapping[str, Text]] = {
    "petition": PETITION_PHASES,
    "talk": TALK_PHASES,
    "item": ITEM_PHASES,
    "round": ROUND_PHASES,
    "dispute": DISPUTE_PHASES,
    "roster": {"kept": Text("有效", "kept")},
}

_MARKS: Mapping[str, Mapping[str, Text]] = {
    "petition": PETITION_MARKS,
    "talk": TALK_MARKS,
    "item": ITEM_MARKS,
    "round": {**ROUND_MARKS, **MEMBER_MARKS},
    "dispute": {**DISPUTE_MARKS, "opened": DISPUTE_MARKS["disputed"]},
}

_OTHER_FACTS: Mapping[str, Text] = {
    "voided": Text("撤销事实", "fact voided"),
    "verdict_superseded": Text("改判", "verdict superseded"),
    "statement_signed": Text("对账签字", "statement signed"),
    "member_left": Text("成员退出", "member left"),
    "appointed": Text("任命", "appointed"),
    "relieved": Text("免除", "relieved"),
    "rectification_reported": TALK_MARKS["reported"],
    "rectification_verified": TALK_MARKS["verified"],
    "rectification_rejected": TALK_MARKS["rejected"],
}

SILENCE: Mapping[str, Text] = {
    "history": Text("历史导入，不发", "history, not sent"),
    "overturned": Text("随即撤回，不发", "overturned at once, not sent"),
    "superseded": Text("已被超时取代，不发", "overtaken by the breach, not sent"),
}


def phase(kind: str, name: str) -> Text:
    """The phase of a dossier in words."""
    return _PHASES.get(kind, {}).get(name, Text(name, name))


def fact(kind: Kind, event: Event, pack: Pack | None) -> Text:
    """A fact in words: the pack's own step, or the mark the field uses."""
    step = getattr(event, "step", "")
    if step and pack is not None and step in pack.steps:
        return pack.steps[step]
    return mark(kind.name, type_name(event), step)


def mark(kind: str, name: str, step: str = "") -> Text:
    """A fact in words by the names of its kind and type; a step as it is named where the field has
    no word for it."""
    marks = _MARKS.get(kind, {})
    return marks.get(name) or _OTHER_FACTS.get(name) or Text(step or name, step or name)


def act(code: str, pack: Pack | None) -> Text:
    """What an act is called: in the pack, else in the field."""
    if pack is not None and code in pack.acts:
        return pack.acts[code]
    return ACTS.get(code, Text(code, code))


FIELDS: Mapping[str, Text] = {
    "by": Text("经办", "by"),
    "due": Text("到期", "due"),
    "unit": Text("单位", "unit"),
    "kind": Text("类别", "kind"),
    "region": Text("地区", "region"),
    "channel": Text("渠道", "channel"),
    "subject": Text("主体", "subject"),
    "urgency": Text("紧急程度", "urgency"),
    "matter": Text("事项", "matter"),
    "assignment": Text("承办编号", "assignment"),
    "lead": Text("主办", "lead"),
    "replaces": Text("替代", "replaces"),
    "level": Text("层级", "level"),
    "document": Text("文书", "document"),
    "ground": Text("事由", "ground"),
    "expected_until": Text("预计至", "expected until"),
    "request": Text("申请编号", "request"),
    "clause": Text("条款", "clause"),
    "amount": Text("时长", "amount"),
    "requester": Text("申请人", "requester"),
    "approver": Text("批准人", "approver"),
    "reason": Text("理由", "reason"),
    "basis": Text("依据", "basis"),
    "granted": Text("同意", "granted"),
    "outcome": Text("结果", "outcome"),
    "satisfied": Text("满意", "satisfied"),
    "solved": Text("解决", "solved"),
    "method": Text("方式", "method"),
    "linked": Text("关联件", "linked"),
    "into": Text("并入", "into"),
    "duplicate": Text("重复件", "duplicate"),
    "anchors": Text("继承时点", "anchors"),
    "fact": Text("所指事实", "fact"),
    "evidence": Text("凭证", "evidence"),
    "tier": Text("级别", "tier"),
    "causes": Text("事由", "causes"),
    "cause": Text("事由", "cause"),
    "petitions": Text("涉及诉求", "petitions"),
    "petition": Text("诉求", "petition"),
    "number": Text("文号", "number"),
    "scheduled_at": Text("约谈时间", "scheduled"),
    "place": Text("地点", "place"),
    "person": Text("被约谈人", "person"),
    "materials": Text("材料", "materials"),
    "attendees": Text("参加人", "attendees"),
    "delegated": Text("代为参加", "delegated"),
    "note": Text("备注", "note"),
    "requirements": Text("要求", "requirements"),
    "items": Text("整改事项", "items"),
    "signer": Text("签署人", "signer"),
    "verifier": Text("核查人", "verifier"),
    "recalled": Text("撤回通知对象", "recalled"),
    "list": Text("清单", "list"),
    "title": Text("名称", "title"),
    "limit": Text("时限", "limit"),
    "after": Text("前置事项", "after"),
    "project": Text("企业（项目）", "project"),
    "round": Text("轮次", "round"),
    "contact": Text("联系方式", "contact"),
    "source": Text("来源", "source"),
    "despite": Text("容缺事由", "despite"),
    "owed": Text("待补材料", "owed"),
    "series": Text("系列", "series"),
    "period": Text("期间", "period"),
    "members": Text("成员", "members"),
    "member": Text("成员", "member"),
    "figures": Text("上报数", "figures"),
    "scores": Text("得分", "scores"),
    "rater": Text("打分方", "rater"),
    "side": Text("签字方", "side"),
    "opening": Text("期初", "opening"),
    "new": Text("新增", "new"),
    "struck_off": Text("销号", "struck off"),
    "carried_over": Text("结转", "carried over"),
    "overdue": Text("超期", "overdue"),
    "places": Text("名次", "places"),
    "upheld": Text("支持异议", "upheld"),
    "begins": Text("起", "begins"),
    "ends": Text("止", "ends"),
    "role": Text("职务", "role"),
    "about": Text("所及", "about"),
    "holder": Text("任职人", "holder"),
    "exclusion": Text("剔除编号", "exclusion"),
    "measures": Text("所涉指标", "measures"),
    "answers": Text("回访回答", "answers"),
    "dispute": Text("争议", "dispute"),
    "claim": Text("主张", "claim"),
    "claimant": Text("提出单位", "claimant"),
    "remedy": Text("请求", "remedy"),
    "office": Text("裁定机关", "office"),
    "appeals": Text("所诉争议", "appeals"),
    "told_at": Text("知悉时间", "told"),
    "cycle": Text("周期", "cycle"),
    "rung": Text("阶梯", "rung"),
    "act": Text("动作序号", "act"),
    "question": Text("问题", "question"),
    "inputs": Text("输入摘要", "inputs"),
    "result": Text("结果摘要", "result"),
    "finding": Text("复算结论", "finding"),
    "ruler": Text("裁定人", "ruler"),
    "verdict": Text("结论", "verdict"),
    "digest": Text("摘要", "digest"),
}

DEFAULT = Text("默认值", "default")
"""Beside a limit or rule that no publication gives."""

DAY_KINDS: Mapping[str, Text] = {
    DayKind.WORKDAY.value: Text("工作日", "working day"),
    DayKind.WEEKEND.value: Text("周末", "weekend"),
    DayKind.STATUTORY_HOLIDAY.value: Text("法定节假日", "statutory holiday"),
    DayKind.ADJUSTED_REST_DAY.value: Text("调休放假", "adjusted rest day"),
    DayKind.MAKEUP_WORKDAY.value: Text("调休上班", "make-up working day"),
    DayKind.SPECIAL_HOLIDAY.value: Text("一次性放假", "special holiday"),
    DayKind.REGIONAL_HOLIDAY.value: Text("地方放假", "regional holiday"),
}

DIFFERENCES: Mapping[str, Text] = {
    "clock_added": Text("多出时钟", "clock added"),
    "clock_gone": Text("时钟消失", "clock gone"),
    "start_moved": Text("起算变动", "start moved"),
    "due_moved": Text("到期变动", "due moved"),
    "verdict_flipped": Text("结论翻转", "verdict flipped"),
    "state_changed": Text("状态变动", "state changed"),
    "ruling_changed": Text("裁定变动", "ruling changed"),
    "unit_changed": Text("责任单位变动", "unit changed"),
    "act_added": Text("多出动作", "act added"),
    "act_gone": Text("动作消失", "act gone"),
    "act_moved": Text("动作变动", "act moved"),
    "recipient_changed": Text("对象变动", "recipient changed"),
    "place_changed": Text("榜位变动", "place changed"),
    "phase_changed": Text("环节变动", "phase changed"),
}
"""Kinds of difference between two replays (`replay.diff.What`)."""

PROPOSALS: Mapping[str, Text] = {
    "proposed": Text("待审批", "waits for approval"),
    "approved": Text("已批准，待启用", "approved, to be activated"),
    "refused": Text("未通过", "refused"),
    "withdrawn": Text("已撤回", "withdrawn"),
    "activated": Text("已启用", "activated"),
}
"""States of a proposal to load a notice or an edition."""

REFUSALS: Mapping[str, Text] = {
    "late": Text("逾期提出", "too late"),
    "not_entitled": Text("无权提出", "not entitled"),
    "no_subject": Text("对象不存在", "nothing to dispute"),
    "ruled_before": Text("已有裁定", "ruled on before"),
    "incomplete": Text("材料不全", "incomplete"),
}
"""Why a dispute is not admitted."""
