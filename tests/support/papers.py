"""Sources of documents made by hand: a petition, a talk, an item, a month, a week, a project."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sla_engine.catalog import load_almanac
from sla_engine.documents.form import Days, Source
from sla_engine.dossier.events import RungFired, RungWithdrawn, StepDone
from sla_engine.dossier.fold import fold
from sla_engine.escalation.kinds import kind_of
from sla_engine.item.events import ItemListed, ItemRebounded, ItemReported, ItemVerified
from sla_engine.petition.events import (
    Accepted,
    CallbackDone,
    Dispatched,
    Registered,
    Resolved,
    ReturnRequested,
    ReturnRuled,
)
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Event, Meta, Recorded
from sla_engine.roster.events import Appointed
from sla_engine.round.events import RoundOpened, StatementSigned
from sla_engine.sla.assess import assess
from sla_engine.talk.events import (
    CauseOverturned,
    PlanAccepted,
    PlanFiled,
    RectificationReported,
    RectificationVerified,
    StruckOff,
    TalkApproved,
    TalkHeld,
    TalkMinuted,
    TalkNotified,
    TalkProposed,
    TalkWithdrawn,
)
from tests.support.given import instant

PACK = parse_pack(
    Path(__file__).parents[1].joinpath("golden/documents/pack.toml").read_text(encoding="utf-8")
)
RULES = Rulebook({"cn": load_almanac("cn")}, [PACK])
REGION = "CN-3704"
UNIT = "示例市住建局"
CAUSE = "petition/SL2024050001|solve|1|0|talk-1"

Told = tuple[str, Event]


class Counted(NamedTuple):
    """One rate as a scorecard gives it."""

    measure: str
    group: str
    numerator: int
    denominator: int
    excluded: int = 0
    packs: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()


def told(stream: str, *events: Told, actor: str = "督查室") -> list[Recorded]:
    """Events of one stream, each recorded when it happened."""
    found = []
    for version, (when, event) in enumerate(events, 1):
        at = instant(when)
        meta = Meta(
            occurred_at=at, recorded_at=at, actor=actor, source="s", key=str(version),
            pack=PACK.digest,
        )  # fmt: skip
        found.append(Recorded(stream, version, version, meta, event))
    return found


def source(stream: str, at: str, *events: Told, **more: Any) -> Source:
    """A source about one dossier; without events, about no dossier."""
    log, moment = told(stream, *events), instant(at)
    case = assess(fold(stream, log), kind_of(stream), RULES, moment) if log else None
    return Source(moment, RULES, PACK, REGION, case, log, **more)


def linked(*sources: Source) -> dict[str, Any]:
    """Dossiers that another one names."""
    return {each.assessment.dossier.stream: each.assessment for each in sources}


# --------------------------------------------------------------------------------- a petition

NO = "SL2024050001"
OPENED: tuple[Told, ...] = (
    (
        "2024-05-06 09:00",
        Registered(
            NO, PACK.name, "投诉", REGION, channel="12345", subject="enterprise", matter="施工许可"
        ),
    ),
    ("2024-05-06 10:00", Dispatched(UNIT, "A1")),
)


def fired(rung: str, act: str, when: str, level: int, *to: str) -> Told:
    """An act of the solving clause, told when it was due. Due: 10 working days from 6 May."""
    at = instant(when)
    return when, RungFired("solve", "1", 0, rung, level, act, at, at, 0, to, UNIT)


ACTED: tuple[Told, ...] = (
    *OPENED,
    fired("urge", "urge", "2024-05-21 08:30", 30, "handler", "unit_lead"),
    fired("supervise", "supervise", "2024-05-23 08:30", 40, "unit_lead", "supervisor"),
)
CALLED: Told = ("2024-05-29 10:00", CallbackDone(satisfied=True, solved=True))
RESOLVED: Told = ("2024-05-28 16:00", Resolved("办结", "A1"))


def petition(*events: Told, at: str = "2024-05-24 10:00", **more: Any) -> Source:
    return source(f"petition/{NO}", at, *(events or ACTED), **more)


def supervised() -> Source:
    row = {
        "stream": f"petition/{NO}",
        "act": "supervise",
        "number": 4,
    }
    return petition(rows={"supervision": [row]})


def recalled() -> Source:
    """Resolved in time, learned after the urging."""
    resolved = ("2024-05-17 17:00", Resolved("办结", "A1"))
    withdrawn = RungWithdrawn("solve", "1", 0, "urge", overturned_by=4, reason="met")
    return petition(*ACTED[:3], resolved, ("2024-05-24 09:00", withdrawn), at="2024-05-24 10:00")


def served() -> Source:
    """A petition resolved and rated, in a place with a roster."""
    roster = source(
        f"roster/{REGION}",
        "2024-05-30 10:00",
        ("2024-01-02 09:00", Appointed("steward", "副市长甲", UNIT, "市政府")),
        ("2024-01-02 09:00", Appointed("handler", "审批科科长", UNIT, UNIT)),
    )
    return petition(*OPENED, RESOLVED, CALLED, at="2024-05-30 10:00", linked=linked(roster))


def under_way() -> Source:
    """A petition with an assisting unit and a return that was refused, urged, not yet resolved."""
    inside: tuple[Told, ...] = (
        ("2024-05-06 10:10", Dispatched("示例市消防支队", "A2", lead=False)),
        ("2024-05-06 10:30", Accepted("A1")),
        ("2024-05-06 10:40", Accepted("A2")),
        ("2024-05-06 16:00", ReturnRequested("不属本单位", assignment="A1")),
        ("2024-05-07 09:00", ReturnRuled(granted=False, assignment="A1")),
        ("2024-05-14 15:00", StepDone("survey", "A1")),
    )
    return petition(*OPENED, *inside, *ACTED[len(OPENED) :])


# ------------------------------------------------------------------------------------- a talk

TALK = f"talk/{UNIT}/7b11c4519cf0"
NOTIFIED: tuple[Told, ...] = (
    (
        "2024-05-27 08:30",
        TalkProposed(TALK[5:], PACK.name, REGION, UNIT, 1, (CAUSE, "多次推诿"), (NO,)),
    ),
    ("2024-05-27 15:00", TalkApproved("督查室主任")),
    (
        "2024-05-28 09:00",
        TalkNotified(
            "2024-2-001",
            instant("2024-05-30 09:00"),
            "市政府 3 楼会议室",
            "副局长（分管审批）",
            ("情况说明", "办理台账"),
        ),
    ),
)
MINUTED: tuple[Told, ...] = (
    *NOTIFIED,
    ("2024-05-30 09:00", TalkHeld(("督查室主任", "副局长（分管审批）", "审批科科长"))),
    ("2024-05-31 10:00", TalkMinuted("约谈记录2024-2-001", ("一周内办结", "完善首问负责"))),
)
PLANNED: tuple[Told, ...] = (
    *MINUTED,
    (
        "2024-06-04 10:00",
        PlanFiled(
            "整改清单2024-2-001",
            (
                "办结本件｜补齐材料并发证｜审批科科长｜2024-06-14｜发证回执",
                "压缩审批环节｜合并两道初审｜副局长（分管审批）｜10个工作日｜抽查 10 件",
            ),
        ),
    ),
    ("2024-06-05 09:00", PlanAccepted("督查室主任")),
)
STRUCK: tuple[Told, ...] = (
    *PLANNED,
    ("2024-06-17 10:00", RectificationReported("整改报告2024-2-001", "局长")),
    ("2024-06-20 10:00", RectificationVerified("市优化营商环境办公室", "阅卷、回访")),
    ("2024-06-21 10:00", StruckOff("销号单2024-2-001", "督查室主任")),
)
WITHDRAWN: tuple[Told, ...] = (
    *NOTIFIED,
    ("2024-05-29 09:00", CauseOverturned(CAUSE)),
    ("2024-05-29 09:00", CauseOverturned("多次推诿")),
    ("2024-05-29 09:05", TalkWithdrawn("事由全部被推翻", ("副局长（分管审批）",))),
)


def talk(*events: Told, at: str = "2024-06-21 11:00") -> Source:
    return source(TALK, at, *events, linked=linked(petition(at="2024-05-27 09:00")))


# ------------------------------------------------------------------------------------ an item

LISTED: tuple[Told, ...] = (
    (
        "2024-05-06 09:00",
        ItemListed(
            "P-17", PACK.name, REGION, "problem", UNIT, "审批科科长", "施工许可办理慢",
            limit="15个工作日", petitions=(NO,),
        ),
    ),
    ("2024-05-16 09:00", StepDone("class_fixed")),
)  # fmt: skip
DONE: tuple[Told, ...] = (
    *LISTED,
    ("2024-05-20 09:00", ItemReported("整改报告P-17", "审批科科长")),
    ("2024-05-22 09:00", ItemVerified("督查室核查组", "实地", "销〔2024〕17号")),
)


def item(*events: Told, at: str = "2024-05-23 10:00") -> Source:
    return source("item/P-17", at, *(events or DONE))


REBOUNDED: tuple[Told, ...] = (*DONE, ("2024-06-03 09:00", ItemRebounded("同类投诉再次出现")))


def step(name: str, title: str, unit: str, phase: str, *after: str, **more: Any) -> dict[str, Any]:
    """A row of the read model `items`."""
    due = more.pop("due", "2024-06-28 24:00")
    done = instant("2024-05-20 16:00") if phase == "struck_off" else None
    return {
        "item": name, "title": title, "unit": unit, "person": "项目专员", "phase": phase,
        "after": list(after), "due": instant(due), "struck_off_at": done, "owed": [],
        "open": phase != "struck_off", **more,
    }  # fmt: skip


STEPS: Sequence[Mapping[str, Any]] = (
    step(
        "S1",
        "立项备案",
        "市发改局",
        "struck_off",
        contact="备案窗口",
        materials=["备案表", "用地预审"],
    ),
    step("S2", "用地规划许可", "市自然资源局", "struck_off", "S1"),
    step("S3", "环评", "市生态环境局", "working", "S1"),
    step("S4", "施工图审查", "市住建局", "working", "S2", owed=["消防设计文件"]),
    step("S5", "施工许可", "市住建局", "listed", "S2", "S3", "S4"),
    step("S6", "竣工联合验收", "市住建局", "listed", "S5", due="2024-12-31 24:00"),
)


def project() -> Source:
    return source("item/S1", "2024-05-30 10:00", rows={"items": STEPS}, project="示例新材料项目")


# --------------------------------------------------------------------------- months and weeks


def signed(side: str, signer: str, *balance: int) -> StatementSigned:
    return StatementSigned(UNIT, side, signer, *balance)


def month() -> Source:
    """A month that both sides signed; the office counts one more as overdue."""
    counted = {
        "unit": UNIT, "list": "problem", "month": "2024-05", "opening": 4, "new": 3,
        "struck_off": 2, "carried_over": 5, "overdue": 2,
    }  # fmt: skip
    return source(
        "round/statement.CN-3704.2024-05",
        "2024-06-03 10:00",
        (
            "2024-05-01 00:00",
            RoundOpened(
                "statement.CN-3704.2024-05", PACK.name, REGION, "statement", "2024-05", "督查室",
                (UNIT,),
            ),
        ),
        ("2024-06-01 10:00", signed("unit", "局长", 4, 3, 2, 5, 1)),
        ("2024-06-03 09:00", signed("office", "督查室主任", 4, 3, 2, 5, 2)),
        rows={"reconciliation": [counted]},
    )  # fmt: skip


def _handled(no: int, registered: str, resolved: str) -> dict[str, Any]:
    return {
        "no": f"SL{no:05}", "unit": UNIT, "kind": "投诉", "closed_at": None,
        "registered_at": instant(f"{registered} 09:00"),
        "resolved_at": instant(f"{resolved} 16:00") if resolved else None,
    }  # fmt: skip


HANDLED = [
    *(_handled(n, f"2024-0{1 + n % 6}-1{n % 9}", f"2024-0{1 + n % 6}-2{n % 8}") for n in range(40)),
    _handled(40, "2023-12-20", "2024-01-05"),
    _handled(41, "2024-06-25", ""),
    _handled(42, "2023-11-01", "2023-12-01"),
]
ORDER = {
    "stream": f"petition/{NO}", "unit": UNIT, "act": "supervise", "clause": "solve",
    "recorded_at": instant("2024-05-23 08:30"), "stands": True,
    "settled_at": instant("2024-05-28 16:00"),
}  # fmt: skip
TALKED = {
    "talk": TALK[5:], "unit": UNIT, "tier": 1, "phase": "struck_off", "causes": ["a", "b"],
    "proposed_at": instant("2024-05-21 08:30"), "held_at": instant("2024-05-30 09:00"),
    "struck_off_at": instant("2024-06-21 10:00"),
}  # fmt: skip
BOARD = {
    "series": "board", "period": "2024Q1", "overturned": ["市丁局"],
    "published_at": instant("2024-04-15 09:00"),
    "places": [
        {"member": "市甲局", "place": "red", "rank": 1, "score": 9800},
        {"member": "市乙局", "place": "red", "rank": 2, "score": 9700},
        {"member": "市丁局", "place": "black", "rank": 9, "score": 6000},
    ],
}  # fmt: skip
BALANCES = [
    {"unit": UNIT, "list": "problem", "month": "2024-01", "opening": 0, "new": 6,
     "struck_off": 2, "carried_over": 4, "overdue": 0},
    {"unit": UNIT, "list": "problem", "month": "2024-02", "opening": 4, "new": 1,
     "struck_off": 3, "carried_over": 2, "overdue": 1},
]  # fmt: skip


def period(word: str, at: str) -> Source:
    rates = (
        Counted("on_time", "", 5786, 5805),
        Counted("once", "", 5725, 5805, 3, exclusions=("SL1|1|X-MALICE|once",)),
        Counted("satisfied", "", 0, 0),
    )
    kinds = (Counted("on_time", "投诉", 40, 41), Counted("on_time", "建议", 12, 12))
    return source(
        "petition/none",
        at,
        rows={
            "petition_card": HANDLED,
            "supervision": [ORDER],
            "talk_register": [TALKED],
            "board": [BOARD],
            "reconciliation": BALANCES,
        },
        rates={word: rates, f"{word}|kind": kinds},
        days=Days.of(word),
    )


def callbacks() -> Source:
    rows = [
        {"no": NO, "unit": UNIT, "kind": "投诉", "resolved_at": instant("2024-05-28 16:00")},
        {"no": "SL2024050002", "unit": "市场监管局", "kind": "建议",
         "resolved_at": instant("2024-05-27 11:00")},
    ]  # fmt: skip
    return source("petition/none", "2024-05-30 10:00", rows={"callbacks": rows})


SOURCES: Mapping[str, tuple[str, str, Source]] = {
    "urge": ("urge", NO, petition()),
    "supervise": ("supervise", NO, supervised()),
    "talk-notice": ("talk-notice", TALK[5:], talk(*NOTIFIED, at="2024-05-28 10:00")),
    "talk-minutes": ("talk-minutes", TALK[5:], talk(*MINUTED, at="2024-05-31 11:00")),
    "rectification-plan": ("rectification-plan", TALK[5:], talk(*PLANNED, at="2024-06-05 10:00")),
    "strike-off-talk": ("strike-off", TALK[5:], talk(*STRUCK)),
    "strike-off-item": ("strike-off", "P-17", item(*REBOUNDED, at="2024-06-03 10:00")),
    "recall-petition": ("recall", NO, recalled()),
    "recall-talk": ("recall", TALK[5:], talk(*WITHDRAWN, at="2024-05-29 10:00")),
    "circular": ("circular", "2024-W21", period("2024-W21", "2024-05-27 09:00")),
    "half-year": ("half-year", "2024H1", period("2024H1", "2024-07-02 09:00")),
    "service-card": ("service-card", NO, served()),
    "progress": ("progress", NO, under_way()),
    "statement": ("statement", "statement.CN-3704.2024-05", month()),
    "callback-list": ("callback-list", "sample", callbacks()),
    "procedure-map": ("procedure-map", "示例新材料项目", project()),
}
"""By the name of the golden file: the document, what it is about, and what it is drawn from."""
