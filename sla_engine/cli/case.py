"""A dossier as people and programs see it: card, clocks, timeline."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sla_engine import words
from sla_engine.cli import clocks, timeline
from sla_engine.cli.output import Voice, styled
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Text
from sla_engine.showing.case import Case
from sla_engine.showing.written import when

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sla_engine.cli.desk import Desk


_BASIS = Text("暂定依据", "provisional, resting on")
_CARD = (
    "kind", "subject", "channel", "region", "urgency", "matter", "list", "series", "period",
)  # fmt: skip


def tell(desk: "Desk", name: str, as_known: str) -> None:
    """One dossier, by its name or as KIND/NAME, as it stands or as it was known at a time: for
    people or for programs."""
    from sla_engine.cli.options import instant

    known_at = instant(as_known, "--as-known")
    with desk.engine() as engine:
        case = Case.open(engine, name, known_at)
        if desk.voice.json:
            desk.voice.document(case.document())
        else:
            desk.voice.show(*render(case, desk.voice))


def render(case: Case, voice: Voice) -> "Iterator[RenderableType]":
    """Card, clocks, timeline, one under the other."""
    yield from render_head(case, voice)
    yield timeline.render(case.entries, case.pack, voice)


def render_head(case: Case, voice: Voice) -> "Iterator[RenderableType]":
    """Card and clocks."""
    yield _panel(case, voice)
    readings = case.assessment.readings
    if readings:
        yield clocks.render(readings, voice)
    for basis in dict.fromkeys(reading.basis for reading in readings if reading.basis):
        yield styled((f"{voice.word(_BASIS)}：{basis}", "dim"))


def _panel(case: Case, voice: Voice) -> "RenderableType":
    from rich.panel import Panel
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    for label, value in _facts(case, voice):
        grid.add_row(styled((label, "dim")), value)
    now = voice.word(Text("截至", "as known at") if case.known_at else Text("现在", "now"))
    at = styled(f"{now} {when(case.assessment.at)} +08:00")
    return Panel(grid, title=styled(case.name), title_align="left", subtitle=at)


def _facts(case: Case, voice: Voice) -> Iterator[tuple[str, str]]:
    chronicle, kind = case.assessment.chronicle, kind_of(case.stream).name
    card = case.assessment.chronicle.traits
    current = chronicle.lanes.current
    yield "环节 phase", voice.word(words.phase(kind, chronicle.phase))
    yield "单位 unit", case.unit or "—"
    if current is not None and "tier" in current.traits:
        yield "级别 tier", current.traits["tier"]
    for name in _CARD:
        if card.get(name):
            yield f"{words.FIELDS[name].zh} {name}", card[name]
    if case.petitioner:
        yield "诉求人编号 petitioner", case.petitioner
    yield "政策包 pack", f"{voice.word(case.pack.title)} {case.pack.edition}"
    yield "登记 opened", when(case.dossier.opening.meta.occurred_at)
    if card.get("historic"):
        yield "历史导入 history", "只判定，不发 judged, never sent"
