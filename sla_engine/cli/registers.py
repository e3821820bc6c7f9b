"""Registers: rows of the read models as tables and as JSON lines."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from sla_engine import words
from sla_engine.cli import output
from sla_engine.cli.output import Voice
from sla_engine.showing import names
from sla_engine.showing.plain import public
from sla_engine.showing.written import when

if TYPE_CHECKING:
    from rich.text import Text as Styled

    from sla_engine.wiring import Engine

Row = Mapping[str, Any]


def petitions(engine: "Engine", voice: Voice, phase: str, unit: str, limit: int) -> None:
    """Petitions by number, at most `limit`."""
    found = [
        row
        for _, row in engine.rows("petition_card")
        if phase in ("", row["phase"]) and unit in ("", row["unit"])
    ]
    if voice.json:
        _lines(found, limit, voice)
        return
    table = output.table(
        "诉求 petitions",
        "编号 no",
        "类别 kind",
        "单位 unit",
        "环节 phase",
        "最高等级 level",
        "登记 opened",
    )
    levels = Levels(engine)
    for row in islice(found, limit):
        table.add_row(
            row["no"],
            row["kind"],
            row["unit"] or "—",
            voice.word(words.phase("petition", row["phase"])),
            levels.text(row["pack"], row["level"], voice),
            when(row["registered_at"]),
        )
    voice.show(table)
    _more(len(found), limit, voice)


def talks(engine: "Engine", voice: Voice, only_open: bool, unit: str, limit: int) -> None:
    """The register of talks, those still open first, at most `limit`."""
    found = [
        row
        for _, row in engine.rows("talk_register")
        if (row["open"] or not only_open) and unit in ("", row["unit"])
    ]
    found.sort(key=lambda row: (not row["open"], -row["tier"], row["proposed_at"]))
    if voice.json:
        _lines(found, limit, voice)
        return
    table = output.table(
        "约谈台账 talks", "编号 talk", "单位 unit", "级别 tier", "环节 phase", "约谈时间 when",
        "事由 causes", "涉及诉求 petitions", "提请 proposed",
    )  # fmt: skip
    for row in islice(found, limit):
        table.add_row(
            row["talk"],
            row["unit"],
            str(row["tier"]),
            voice.word(words.phase("talk", row["phase"])),
            when(row["scheduled_at"] or None),
            str(len(row["causes"])),
            "\n".join(row["petitions"]),
            when(row["proposed_at"]),
        )
    voice.show(table)
    _more(len(found), limit, voice)


class Levels(names.Levels):
    """Levels as a terminal shows them."""

    def text(self, pack: str, ordinal: int, voice: Voice) -> "Styled":
        """The level's name in its light."""
        from rich.text import Text as Styled

        level = self.level(pack, ordinal)
        if level is None:
            return Styled("—" if ordinal == 0 else str(ordinal))
        return Styled(f"● {voice.word(level.name)}", style=output.light(level.light))


def _lines(found: Iterable[Row], limit: int, voice: Voice) -> None:
    for row in islice(found, limit):
        voice.line(public(row))


def _more(count: int, limit: int, voice: Voice) -> None:
    if count == 0:
        voice.note("没有 · none")
    elif count > limit:
        voice.note(f"共 {count} 件，只列 {limit} 件，用 --limit 多看 · {limit} of {count} shown")
