"""Open clocks from the alarm index, joined with what the read models know of their dossiers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sla_engine import words
from sla_engine.cli import output
from sla_engine.cli.output import Voice
from sla_engine.cli.registers import Levels
from sla_engine.policy.clause import Text
from sla_engine.record import Instant
from sla_engine.showing.duties import Duty, Wanted, as_dict, belongs, duties
from sla_engine.showing.names import Names
from sla_engine.showing.written import deadline, duration, tight

if TYPE_CHECKING:
    from rich.text import Text as Styled

    from sla_engine.wiring import Engine


_FAR = 3 * 86_400_000_000
_DEFAULT = Text("* 期限为默认值", "* the limit is a default")


def render(engine: "Engine", voice: Voice, wanted: Wanted, limit: int) -> None:
    """The worklist as a table, or as JSON lines."""
    now = engine.clock.now()
    found, levels, names = duties(engine, wanted, now), Levels(engine), Names(engine)
    if voice.json:
        for duty in found[:limit]:
            voice.line(as_dict(duty, levels, names))
        return
    table = output.table(
        "待办 worklist", "件 no", "条款 clause", "状态 state", "等级 level", "到期 due",
        "余量 left", "单位 unit", "环节 phase",
    )  # fmt: skip
    for duty in found[:limit]:
        table.add_row(*_cells(duty, levels, names, now, voice))
    voice.show(table)
    if any(duty.is_default for duty in found[:limit]):
        voice.show(output.styled((voice.word(_DEFAULT), "dim")))
    if len(found) > limit:
        voice.note(f"共 {len(found)} 项，只列 {limit} 项 · {limit} of {len(found)} shown")
    elif not found:
        voice.note("没有待办 · nothing is due")


def _cells(
    duty: Duty, levels: Levels, names: Names, now: Instant, voice: Voice
) -> "Iterator[str | Styled]":
    from rich.text import Text as Styled

    kind, name = duty.stream.split("/", 1)
    clock, style = duty.clock, words.STATE_STYLES[duty.state]
    about = belongs(kind, duty.about, names)
    shown = name.rsplit("/", 1)[-1] if kind == "talk" else name
    yield f"{voice.word(about)} {shown}" if about is not None else shown
    yield _name(duty, voice)
    yield Styled(voice.word(words.STATES[duty.state]), style=style)
    yield levels.text(duty.about.get("pack", ""), clock.level, voice)
    yield deadline(clock.due)
    yield Styled(_left(clock.due, now, voice), style=style)
    yield voice.word(words.whose(clock.unit, kind))
    yield voice.word(words.phase(kind, duty.about.get("phase", "")))


def _left(due: Instant | None, now: Instant, voice: Voice) -> str:
    """Clock time, for a list is read at a glance; the petition itself shows working days."""
    if due is None:
        return "—"
    sign = Text("超 ", "over by ") if now > due else Text("剩 ", "left ")
    units = 1 if abs(due - now) >= _FAR else 2
    return voice.word(sign) + duration(due - now, voice.lang, units)


def _name(duty: Duty, voice: Voice) -> str:
    """The clause in words, with a star where its limit is a default."""
    if duty.clause is None:
        return duty.clock.clause
    return tight(voice.word(duty.clause.name)) + ("*" if duty.is_default else "")
