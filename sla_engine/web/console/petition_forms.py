"""The forms of a petition: what handlers and supervisors record about it."""

from collections.abc import Iterator, Mapping

from sla_engine import words
from sla_engine.petition.decide import ANSWERS, excluded
from sla_engine.policy.clause import Text
from sla_engine.web.console.case import Case
from sla_engine.web.console.commands import APPROVER, REASON, Command, Data, Field, yes_no
from sla_engine.web.gate import Visitor

# -------------------------------------------------------------------------------------- choices


def _named(found: Mapping[str, Text]) -> list[tuple[str, Text]]:
    return list(found.items())


def _lanes(case: Case) -> list[tuple[str, Text]]:
    lanes = case.chronicle.lanes.all.values()
    there = (lane for lane in lanes if lane.ended_at is None)
    return [(lane.name, Text(lane.unit, lane.unit)) for lane in there]


def _extendable(case: Case) -> list[tuple[str, Text]]:
    """Clauses whose clock runs and may be extended."""
    found = {
        each.clause.id: each.clause.name
        for each in case.readings
        if each.state.open and each.clause.extension is not None
    }
    return _named(found)


def _pending(case: Case) -> list[tuple[str, Text]]:
    """Extensions that were asked for and not yet answered."""
    chronicle = case.chronicle
    answered = {grant.event.request for grant in chronicle.grants}
    answered |= {str(getattr(each.event, "request", "")) for each in chronicle.denials}
    return [
        (name, _asked(case, request.event.clause, request.event.amount))
        for name, request in chronicle.requests.items()
        if name not in answered
    ]


def _asked(case: Case, clause: str, amount: str) -> Text:
    named = next((each.name for each in case.pack.clauses if each.id == clause), None)
    named = named or Text(clause, clause)
    return Text(f"{named.zh} {amount}", f"{named.en} {amount}")


def _exclusions(case: Case) -> list[tuple[str, Text]]:
    def told(ground: str) -> Text:
        return case.pack.exclusions.get(ground, Text(ground, ground))

    return [(name, told(each.ground)) for name, each in excluded(case.chronicle).items()]


def _facts(case: Case) -> list[tuple[str, Text]]:
    """The facts that may have been recorded by mistake; the first is what opened the dossier."""
    gone = case.assessment.dossier.voided()
    standing = (each for each in case.assessment.dossier.facts if each.version not in gone)
    return [
        (f"@{each.version}", _numbered(each.version, words.fact(case.kind, each.event, case.pack)))
        for each in standing
        if each.version > 1
    ]


def _numbered(version: int, text: Text) -> Text:
    return Text(f"第{version}条 {text.zh}", f"#{version} {text.en}")


def answers() -> Iterator[tuple[str, Text]]:
    """How a question of a callback may be answered."""
    told = (Text("是", "yes"), Text("部分", "partly"), Text("否", "no"))
    yield from zip(ANSWERS, told, strict=True)


# ---------------------------------------------------------------------------------------- forms


def _mine(case: Case, visitor: Visitor, _key: str) -> Data:
    """A handler speaks for their own unit's lane."""
    lane = case.lane_of(visitor)
    return {"assignment": lane.name} if lane is not None else {}


_GROUND = Text("事由", "ground")
_DOCUMENT = Field("document", Text("文书文号", "document number"))
_REQUEST = Field("request", Text("延期申请", "request"), "choice", required=True, choices=_pending)
_DAYS_HINT = Text("如：5个工作日，单位与原时限一致", "such as 5个工作日, in the unit of the term")
_VOID = Command(
    "voided",
    Text("撤销误录的记录", "Void a record"),
    (
        Field("fact", Text("所撤记录", "record"), "choice", required=True, choices=_facts),
        Field("ground", _GROUND, "text", required=True),
        _DOCUMENT,
    ),
    also=lambda case: bool(_facts(case)),
    grave=True,
)

PETITION_COMMANDS: tuple[Command, ...] = (
    Command("admitted", Text("受理", "Admit"), (_DOCUMENT,)),
    Command(
        "declined",
        Text("不予受理", "Decline"),
        (Field("ground", _GROUND, "text", required=True),),
        grave=True,
    ),
    Command(
        "dispatched",
        Text("派单 / 改派", "Dispatch or redispatch"),
        (
            Field(
                "unit",
                Text("承办单位", "unit"),
                hint=Text("留空按派单目录确定", "empty: by the routes of the pack"),
            ),
            Field("replaces", Text("改派自", "instead of"), "choice", choices=_lanes),
            Field(
                "lead",
                Text("承办方式", "capacity"),
                "yes",
                choices=yes_no(Text("主办", "lead"), Text("协办", "assists")),
            ),
        ),
    ),
    Command("accepted", Text("签收", "Accept"), given=_mine),
    Command(
        "return_requested",
        Text("申请退单", "Ask for a return"),
        (REASON, Field("basis", Text("依据", "basis"))),
        given=_mine,
    ),
    Command(
        "return_ruled",
        Text("退单裁定", "Rule on the return"),
        (
            Field(
                "granted",
                Text("裁定", "ruling"),
                "yes",
                required=True,
                choices=yes_no(Text("同意退单", "granted"), Text("不同意，继续办理", "refused")),
            ),
            Field("reason", Text("理由", "reason"), "text"),
        ),
    ),
    Command(
        "step_done",
        Text("登记进展", "Record a step"),
        (
            Field(
                "step",
                Text("环节", "step"),
                "choice",
                required=True,
                choices=lambda case: _named(case.pack.steps),
            ),
            Field("evidence", Text("凭证", "evidence")),
        ),
        also=lambda case: bool(case.pack.steps),
        given=_mine,
    ),
    Command(
        "extension_requested",
        Text("申请延期", "Ask for an extension"),
        (
            Field("clause", Text("条款", "clause"), "choice", required=True, choices=_extendable),
            Field("amount", Text("延长", "by"), required=True, hint=_DAYS_HINT),
            Field("ground", _GROUND, "text"),
        ),
        also=lambda case: bool(_extendable(case)),
        given=lambda _case, visitor, key: {"request": key, "requester": visitor.name},
    ),
    Command(
        "extension_granted",
        Text("批准延期", "Grant an extension"),
        (
            _REQUEST,
            APPROVER,
            Field(
                "amount",
                Text("批准时长", "granted"),
                hint=Text("留空按申请时长", "empty: as asked for"),
            ),
        ),
        also=lambda case: bool(_pending(case)),
    ),
    Command(
        "extension_denied",
        Text("不批准延期", "Deny an extension"),
        (_REQUEST, APPROVER, Field("reason", Text("理由", "reason"), "text")),
        also=lambda case: bool(_pending(case)),
    ),
    Command(
        "suspended",
        Text("中止计时", "Suspend"),
        (
            Field(
                "ground",
                _GROUND,
                "choice",
                required=True,
                choices=lambda case: _named(case.pack.grounds),
            ),
            _DOCUMENT,
            Field("expected_until", Text("预计恢复", "expected until"), "moment"),
        ),
        also=lambda case: bool(case.pack.grounds) and not case.chronicle.suspended,
    ),
    Command(
        "resumed",
        Text("恢复计时", "Resume"),
        also=lambda case: case.chronicle.suspended,
    ),
    Command(
        "resolved",
        Text("办结", "Resolve"),
        (
            Field(
                "outcome",
                Text("办理结果", "outcome"),
                "choice",
                choices=lambda _case: [
                    ("solved", Text("已解决", "solved")),
                    ("explained", Text("解释说明", "explained")),
                    ("unsolved", Text("未解决", "not solved")),
                ],
            ),
            _DOCUMENT,
        ),
        given=_mine,
    ),
    Command(
        "callback_done",
        Text("登记回访", "Record a callback"),
        (
            Field(
                "satisfied",
                Text("是否满意", "satisfied"),
                "yes",
                required=True,
                choices=yes_no(Text("满意", "satisfied"), Text("不满意", "not satisfied")),
            ),
            Field(
                "solved",
                Text("是否解决", "solved"),
                "yes",
                required=True,
                choices=yes_no(Text("已解决", "solved"), Text("未解决", "not solved")),
            ),
            Field("method", Text("回访方式", "method")),
            Field("answers", Text("回访问题", "questions"), "answers"),
        ),
    ),
    Command(
        "rework_ordered",
        Text("责令重办", "Order rework"),
        (
            Field("unit", Text("承办单位", "unit"), required=True, preset=lambda c, _v: c.unit),
            REASON,
        ),
    ),
    Command("closed", Text("归档", "Close"), (_DOCUMENT,)),
    Command(
        "merged",
        Text("并单", "Merge into another"),
        (Field("into", Text("并入编号", "into"), required=True),),
        grave=True,
    ),
    Command(
        "excluded",
        Text("剔除（不计入考核）", "Exclude from the statistics"),
        (
            Field(
                "ground",
                _GROUND,
                "choice",
                required=True,
                choices=lambda case: _named(case.pack.exclusions),
            ),
            APPROVER,
        ),
        also=lambda case: bool(case.pack.exclusions),
        given=lambda _case, _visitor, key: {"exclusion": key},
    ),
    Command(
        "exclusion_lifted",
        Text("恢复计入考核", "Lift an exclusion"),
        (
            Field(
                "exclusion", Text("剔除", "exclusion"), "choice", required=True, choices=_exclusions
            ),
            APPROVER,
            REASON,
        ),
        also=lambda case: bool(_exclusions(case)),
    ),
    Command(
        "withdrawn",
        Text("撤诉", "Withdraw"),
        (Field("reason", Text("理由", "reason"), "text"),),
        grave=True,
    ),
    _VOID,
)
