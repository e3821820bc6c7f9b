"""The report of an import for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sla_engine import words
from sla_engine.cli import output
from sla_engine.cli.output import Voice
from sla_engine.importing.report import ImportReport
from sla_engine.sla.assess import State

if TYPE_CHECKING:
    from rich.console import RenderableType


def render(report: ImportReport, voice: Voice) -> "Iterator[RenderableType]":
    """Counts, why things were refused, how the clocks stand, how the checks came out."""
    yield (
        f"行 rows {report.rows} · 记录 recorded {report.recorded} · 重复 repeated "
        f"{report.repeated} · 拒收 refused {report.refused} · 诉求 petitions {report.assessed}"
    )
    for name, count in report.reasons.most_common():
        yield f"  拒收 refused  {name}  {count}"
    for name, count in report.anomalies.most_common():
        yield f"  异常 anomaly  {name}  {count}"
    for name, count in report.imprecise.most_common():
        yield f"  时间只精确到 time known only to the {name}  {count}"
    states = [voice.word(words.STATES[state.value]) for state in State]
    table = output.table("", "条款 clause", *states, "按时率 on time")
    for figures in report.clauses.values():
        share = "—" if figures.on_time is None else f"{figures.on_time:.1%}"
        counts = (str(figures.states[state]) for state in State)
        table.add_row(voice.word(figures.clause.name), *counts, share)
    yield table
    for check in report.checks.values():
        yield (
            f"核对 check {check.name}：比较 compared {check.compared} · 相符 agreed "
            f"{check.agreed} · 缺一方 without {check.without}"
        )
        for each in check.differing:
            yield f"  {each.petition}: {each.claimed} ≠ {each.computed}"
