"""A policy pack for people and programs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sla_engine import words
from sla_engine.cli import output
from sla_engine.cli.output import Voice, styled
from sla_engine.policy.annex_lines import annex
from sla_engine.policy.clause import Clause, Pack, Rung, Text
from sla_engine.policy.vocabulary import marks_of
from sla_engine.policy.when import say_when
from sla_engine.policy.wording import NOTHING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def render_list(packs: Sequence[Pack], voice: Voice) -> "Table":
    """Packs, one to a line."""
    table = output.table("", "名称 name", "版本 edition", "标题 title", "地区 region", "生效 from")
    for pack in packs:
        title, begin = voice.word(pack.title), pack.effective[0].isoformat()
        table.add_row(pack.name, pack.edition, title, pack.region, begin)
    return table


def render(pack: Pack, voice: Voice) -> "Iterator[RenderableType]":
    """Title and basis, then a block for each clause and for each table beside them."""
    heading = (voice.word(pack.title), "bold")
    yield styled(heading, f"  {pack.name} {pack.edition}  {pack.region}")
    yield from (styled((f"  {basis}", "dim")) for basis in pack.basis)
    for clause in pack.clauses:
        yield ""
        yield from _block(pack, clause, voice)
    for entry in annex(pack):
        yield ""
        yield styled((voice.word(entry.label), "bold"))
        for key, zh, en, value in entry.told:
            if value != NOTHING and key != "name":
                said = "" if value.zh.startswith(zh) else f"{voice.word(Text(zh, en))} "
                yield styled((f"  {said}", "dim"), voice.word(value))


def _block(pack: Pack, clause: Clause, voice: Voice) -> "Iterator[RenderableType]":
    marks = {**marks_of(clause.scope), **pack.steps}
    amount = clause.term.amount
    limit = amount.en() if voice.lang == "en" else str(amount)
    stops = _names(clause.stop_any, marks, voice, " / ")
    stops = stops or _names(clause.stop_all, marks, voice, " + ")
    flag = f" {voice.word(words.DEFAULT)}" if clause.status == "default" else ""
    yield styled(
        (voice.word(clause.name), "bold"),
        (f" {clause.id}", "dim"),
        f"  {limit}",
        (flag, "yellow"),
        f"  {_names(clause.start, marks, voice, ' / ')} → {stops}",
    )
    yield from (styled((f"  {basis}", "dim")) for basis in clause.basis)
    if clause.rungs:
        yield _ladder(pack, clause.rungs, voice)


def _ladder(pack: Pack, rungs: Sequence[Rung], voice: Voice) -> "Table":
    from rich.text import Text as Styled

    table = output.table("", "时点 when", "动作 act", "级别 level", "送达 to", "依据 basis")
    for rung in rungs:
        level = pack.level(rung.level)
        name = voice.word(level.name) if level is not None else str(rung.level)
        table.add_row(
            voice.word(say_when(rung.when)),
            voice.word(words.act(rung.act, pack)),
            Styled(f"● {name}", style=output.light(level.light if level is not None else "")),
            _names(rung.to, pack.roles, voice, "、"),
            rung.basis,
        )
    return table


def _names(names: Sequence[str], texts: Mapping[str, Text], voice: Voice, between: str) -> str:
    return between.join(voice.word(texts[name]) if name in texts else name for name in names)
