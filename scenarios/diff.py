"""Departures as a clerk can read them: which step, which clock, expected, found, and why."""

from collections.abc import Iterable, Iterator

from scenarios.findings import Departure
from sla_engine.policy.clause import Text
from sla_engine.worktime import format_instant

FIELDS = {
    "state": Text("状态", "state"),
    "due": Text("到期时刻", "due"),
    "due_date": Text("到期日", "due date"),
    "level": Text("级别", "level"),
    "provisional": Text("暂定", "provisional"),
    "unit": Text("责任单位", "unit"),
    "stopped": Text("停止时刻", "stopped"),
    "clock": Text("有此时钟", "clock exists"),
    "act": Text("动作", "act"),
    "at": Text("动作时刻", "act at"),
    "recorded": Text("记录时刻", "recorded"),
    "tier": Text("约谈层级", "tier"),
    "withdrawn": Text("已撤回", "withdrawn"),
    "withdrawn_by": Text("因何撤回", "withdrawn by"),
    "silent": Text("未外发原因", "silent because"),
    "phase": Text("环节", "phase"),
    "causes": Text("现存事由数", "causes standing"),
    "recalled": Text("撤销通知对象", "recalled"),
    "exists": Text("案卷存在", "dossier exists"),
    "outcome": Text("受理结果", "outcome"),
    "row": Text("有此行", "row exists"),
    "places": Text("上榜", "places"),
    "placed": Text("上榜数", "how many are placed"),
    "counted": Text("现存计次", "counted"),
    "numerator": Text("分子", "numerator"),
    "denominator": Text("分母", "denominator"),
    "excluded": Text("剔除", "excluded"),
    "percent": Text("百分率", "percent"),
    "opening": Text("期初", "opening"),
    "new": Text("新增", "new"),
    "struck_off": Text("销号", "struck off"),
    "carried_over": Text("结转", "carried over"),
    "overdue": Text("逾期", "overdue"),
    "contains": Text("应载明", "must hold"),
    "lacks": Text("不应载明", "must not hold"),
    "document": Text("有此文书", "document exists"),
    "follower": Text("未能处理", "put aside"),
    "replay": Text("重放摘要", "replay digest"),
}
_ANY = "数值"


def lines(departures: Iterable[Departure]) -> Iterator[str]:
    """Text lines of all departures, numbered, Chinese first."""
    for number, departure in enumerate(departures, 1):
        yield from _one(number, departure)


def _one(number: int, departure: Departure) -> Iterator[str]:
    name = FIELDS.get(departure.field, Text(_ANY, departure.field))
    yield f"[{number}] {departure.where} · {format_instant(departure.at)}"
    yield f"    {departure.about} · {name.zh} {name.en}"
    yield f"      应为 expected  {departure.expected}"
    yield f"      实为 found     {departure.found}"
    if departure.zh:
        yield "      推算 derivation"
        for chinese, english in zip(departure.zh, departure.en, strict=True):
            yield f"        {chinese}"
            yield f"          {english}"
