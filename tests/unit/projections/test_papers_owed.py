"""Papers that are to follow, by a pack that gives them a clock: the rows of items and the stewards'
ledger say at every stage what a recount of the raw facts says."""

from collections import Counter
from typing import Any

from sla_engine.service.intake import parse
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import engine_at, move_to
from tests.support.recount import Case
from tests.support.recount_rows import rows, sums

BEGIN = "2025-09-15T08:00:00+08:00"
TRAITS = {"pack": "zaozhuang-2110", "region": "CN-3704", "list": "procedure", "unit": "区住建局"}

Ledger = dict[str, Counter[str]]


def fact(item: str, type_: str, day: str, **data: Any) -> dict[str, Any]:
    at = f"2025-{day}T09:00:00+08:00"
    return {
        "item": item, "type": type_, "id": f"{item}-{type_}-{day}", "source": "office", "at": at,
        "data": data,
    }  # fmt: skip


def listed(item: str, title: str) -> dict[str, Any]:
    return fact(item, "listed", "09-15", **TRAITS, title=title, project="锂电项目")


STORY = [
    listed("A", "规划许可"),
    listed("B", "施工许可"),
    listed("C", ""),
    fact("A", "started", "09-16", owed=["净空函证"]),
    fact("B", "started", "09-16", owed=["不动产权证", "图审合格书"]),
    fact("C", "started", "09-16", owed=["环评"]),
    fact("A", "step_done", "09-18", step="letter_replied"),
    fact("B", "verified", "09-19", verifier="管家甲"),
    fact("C", "cancelled", "09-22", approver="管家甲", reason="重复"),
    fact("A", "verified", "09-23", verifier="管家甲"),
    fact("B", "rebounded", "09-25", reason="反弹"),
    fact("B", "step_done", "10-20", step="owed_delivered"),
]


def recounted(engine: Engine) -> tuple[dict[str, list[str]], Ledger]:
    owed: dict[str, list[str]] = {}
    ledger: Ledger = {}
    for stream in engine.log.streams("item/"):
        case = Case(stream, engine.events(stream), engine.rules, engine.clock.now())
        owed |= {key: row["owed"] for key, row in rows(case)["items"].items()}
        for key, counters in sums(case)["stewards.cells"].items():
            ledger.setdefault(key, Counter()).update(counters)
    return owed, ledger


def test_what_is_owed_is_at_every_stage_that_of_a_recount() -> None:
    seen, ledger = Counter[str](), Ledger()
    with engine_at(parse_instant(BEGIN)) as engine:
        for each in STORY:
            move_to(engine, parse_instant(each["at"]))
            assert [out.status for out in engine.take([parse(each)])] == ["recorded"], each
            owed, ledger = recounted(engine)
            assert {key: row["owed"] for key, row in engine.rows("items")} == owed, each
            assert dict(engine.rows("stewards.cells")) == ledger, each
            seen.update(name for cell in ledger.values() for name in cell)
    (last,) = ledger.values()
    assert seen["paper:区住建局|施工许可|不动产权证"] == 7, "also while B is struck off"
    assert seen["paper:区住建局|C|环评"] == 3, "until it is cancelled"
    assert not any(name.startswith("paper:") for name in last)
    assert last["owes:区住建局|施工许可"] == 1
