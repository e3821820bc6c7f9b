"""The forms of a talk: from its approval to its strike-off."""

from sla_engine.policy.clause import Text
from sla_engine.talk.decide import tier
from sla_engine.web.console.case import Case
from sla_engine.web.console.commands import APPROVER, REASON, Command, Field, me, yes_no


def _tiers(case: Case) -> list[tuple[str, Text]]:
    top = case.pack.talk.top_tier if case.pack.talk is not None else 3
    names = ("一级", "二级", "三级")
    return [
        (str(k), Text(names[k - 1] if k <= len(names) else str(k), f"tier {k}"))
        for k in range(tier(case.chronicle) + 1, top + 1)
    ]


_LINES = Text("每行一项", "one in a line")

TALK_COMMANDS: tuple[Command, ...] = (
    Command("approved", Text("批准约谈", "Approve"), (APPROVER,)),
    Command("refused", Text("不予批准", "Refuse"), (APPROVER, REASON), grave=True),
    Command(
        "notified",
        Text("送达约谈通知书", "Serve the notice"),
        (
            Field("number", Text("通知书文号", "number of the notice"), required=True),
            Field("scheduled_at", Text("约谈时间", "when"), "moment", required=True),
            Field("place", Text("地点", "place")),
            Field("person", Text("被约谈人（职务）", "who is to come, by post")),
            Field("materials", Text("应带材料", "materials to bring"), "lines", hint=_LINES),
        ),
    ),
    Command(
        "postponed",
        Text("改期", "Postpone"),
        (Field("scheduled_at", Text("改至", "until"), "moment", required=True), REASON),
    ),
    Command(
        "held",
        Text("登记约谈", "Record the talk"),
        (
            Field("attendees", Text("参加人（职务）", "attendees, by post"), "lines", hint=_LINES),
            Field(
                "delegated",
                Text("是否他人代为参加", "did a deputy come"),
                "yes",
                choices=yes_no(Text("代为参加", "a deputy came"), Text("本人到场", "in person")),
            ),
        ),
    ),
    Command("no_show", Text("登记缺席", "Nobody came"), (Field("note", Text("备注", "note")),)),
    Command("no_show_excused", Text("缺席有正当理由", "Excuse the absence"), (APPROVER, REASON)),
    Command(
        "minuted",
        Text("签署约谈记录", "Sign the minutes"),
        (
            Field("document", Text("记录文号", "number of the minutes"), required=True),
            Field("requirements", Text("整改要求", "requirements"), "lines", hint=_LINES),
        ),
    ),
    Command(
        "plan_filed",
        Text("提交整改清单", "File the rectification plan"),
        (
            Field("document", Text("清单文号", "number of the plan"), required=True),
            Field(
                "items",
                Text("整改事项", "items"),
                "lines",
                hint=Text(
                    "每行一项：事项；措施；责任人；期限；验收标准",
                    "one in a line: item; measure; owner; deadline; acceptance test",
                ),
            ),
        ),
    ),
    Command("plan_accepted", Text("认可整改清单", "Accept the plan"), (APPROVER,)),
    Command("plan_returned", Text("退回整改清单", "Send the plan back"), (REASON,)),
    Command(
        "rectification_reported",
        Text("报送整改反馈", "Report the rectification"),
        (
            Field("document", Text("反馈文号", "number of the report"), required=True),
            Field("signer", Text("签署人", "signer"), preset=me),
        ),
    ),
    Command(
        "rectification_verified",
        Text("核查通过", "Found put right"),
        (
            Field("verifier", Text("核查人", "verifier"), required=True, preset=me),
            Field(
                "method",
                Text("核查方式", "method"),
                hint=Text("阅卷、实地、回访", "file, on site, call"),
            ),
        ),
    ),
    Command(
        "rectification_rejected",
        Text("整改不到位", "Not put right"),
        (Field("verifier", Text("核查人", "verifier"), required=True, preset=me), REASON),
        grave=True,
    ),
    Command(
        "tier_raised",
        Text("提级约谈", "Raise the tier"),
        (
            Field("tier", Text("提至", "to"), "choice", required=True, choices=_tiers),
            REASON,
            APPROVER,
        ),
        also=lambda case: bool(_tiers(case)),
    ),
    Command(
        "struck_off",
        Text("销号", "Strike off"),
        (
            Field("document", Text("销号单文号", "number of the strike-off"), required=True),
            APPROVER,
        ),
    ),
    Command("rebounded", Text("反弹", "It came back"), (REASON,), grave=True),
    Command("withdrawn", Text("撤销约谈", "Withdraw the talk"), (REASON,), grave=True),
)
