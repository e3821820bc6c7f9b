"""Replays and their differences for people and programs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sla_engine import words
from sla_engine.cli import clocks, output
from sla_engine.cli.output import Voice, styled
from sla_engine.dossier.events import RungFired, TermRefixed
from sla_engine.dossier.fold import Act
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Pack, Text
from sla_engine.replay.causes import Cause, FactCause
from sla_engine.replay.diff import Change, Difference, What
from sla_engine.replay.replay import Replay
from sla_engine.showing.replays import INSTANTS, RULES, Causes, heading
from sla_engine.showing.written import deadline, duration, tight, when

if TYPE_CHECKING:
    from rich.console import RenderableType


_STATES = (What.VERDICT_FLIPPED, What.STATE_CHANGED, What.CLOCK_ADDED, What.CLOCK_GONE)


def render_replay(found: Replay, voice: Voice) -> "Iterator[RenderableType]":
    """The question, the clocks, the decisions, the digests."""
    yield heading(found.question, voice)
    yield clocks.render(found.assessment.readings, voice)
    yield _decisions(found, voice)
    yield styled(("输入 inputs  ", "dim"), found.inputs)
    yield styled(("结果 result  ", "dim"), found.result)


def _decisions(found: Replay, voice: Voice) -> "RenderableType":
    table = output.table(
        "应有动作 decisions", "何时 when", "动作 act", "条款 clause", "责任 unit", "对象 to"
    )
    packs = {each.clause.id: each.cycle.pack for each in found.assessment.readings}
    gone = {(*key, act.fired.version) for key, act in _acts(found) if not act.stands}
    for draft in found.decisions:
        event = draft.event
        if isinstance(event, RungFired):
            pack = packs.get(event.clause)
            key = (event.clause, event.cycle, event.rung, event.version)
            table.add_row(
                when(event.at),
                _act(event, key in gone, pack, voice),
                _clause(event.clause, event.cycle, pack, voice),
                voice.word(words.whose(event.unit)),
                voice.listed(_role(role, pack, voice) for role in event.to),
                style="strike dim" if key in gone else "",
            )
        elif isinstance(event, TermRefixed):
            moved = f"{deadline(event.old_due)} → {deadline(event.new_due)}"
            refixed = voice.word(Text("重定期限", "term re-fixed"))
            clause = _clause(event.clause, event.cycle, packs.get(event.clause), voice)
            table.add_row(when(draft.meta.occurred_at), refixed, clause, "", moved)
    return table


def _acts(found: Replay) -> Iterator[tuple[tuple[str, str, str], Act]]:
    for key, acts in found.dossier.acts.items():
        for act in acts:
            yield key, act


def _act(event: RungFired, gone: bool, pack: Pack | None, voice: Voice) -> str:
    """The act in words, with why nobody would be told of it, or that it would be taken back."""
    why = words.SILENCE.get(event.silent) or (Text("已撤", "withdrawn") if gone else None)
    return voice.word(words.act(event.act, pack)) + (f"（{voice.word(why)}）" if why else "")


def _role(role: str, pack: Pack | None, voice: Voice) -> str:
    return voice.word(pack.roles.get(role, Text(role, role))) if pack is not None else role


def _clause(clause: str, cycle: str, pack: Pack | None, voice: Voice) -> str:
    named = next((each for each in pack.clauses if each.id == clause), None) if pack else None
    name = tight(voice.word(named.name)) if named is not None else clause
    return name if cycle == "1" else f"{name} #{cycle}"


# ----------------------------------------------------------------------------------- differences


def render_difference(
    found: Difference, causes: Causes, voice: Voice
) -> "Iterator[RenderableType]":
    """Both questions, a table of differences, the first parting of each clock, the causes."""
    yield styled(("甲 A  ", "bold"), heading(found.before.question, voice))
    yield styled(("乙 B  ", "bold"), heading(found.after.question, voice))
    if not found.changes:
        yield voice.word(Text("两次重演结果相同", "both replays come to the same"))
        return
    yield _changes(found, voice)
    parted = {each.key: each for each in reversed(found.changes) if each.parting is not None}
    for change in reversed(parted.values()):
        yield from _parting(change, found, voice)
    for key, each in causes.items():
        yield from _causes(key, each, found, voice)


def _changes(found: Difference, voice: Voice) -> "RenderableType":
    table = output.table("差异 differences", "差异 what", "何处 where", "甲 A", "乙 B", "相差 by")
    packs = _packs(found)
    for change in found.changes:
        style = "bold red" if change.what is What.VERDICT_FLIPPED else ""
        table.add_row(
            styled((voice.word(words.DIFFERENCES[change.what.value]), style)),
            _where(change, packs, voice),
            _shown(change, change.before, found, voice),
            _shown(change, change.after, found, voice),
            _by(change, voice),
        )
    return table


def _packs(found: Difference) -> Mapping[str, Pack]:
    readings = (*found.before.assessment.readings, *found.after.assessment.readings)
    return {each.clause.id: each.cycle.pack for each in readings}


def _where(change: Change, packs: Mapping[str, Pack], voice: Voice) -> str:
    if change.what in (What.PLACE_CHANGED, What.PHASE_CHANGED):
        return "".join(change.key)
    clause, cycle, *rung = change.key
    return " ".join((_clause(clause, cycle, packs.get(clause), voice), *rung))


def _shown(change: Change, value: Any, found: Difference, voice: Voice) -> str:
    if value is None:
        return "—"
    if change.what in INSTANTS:
        return deadline(value)
    if change.what in _STATES:
        return voice.word(words.STATES[value])
    if change.what is What.PHASE_CHANGED:
        return voice.word(words.phase(kind_of(found.before.stream).name, value))
    return voice.listed(map(str, value)) if isinstance(value, tuple) else str(value)


def _by(change: Change, voice: Voice) -> str:
    if change.what not in (What.START_MOVED, What.DUE_MOVED, What.ACT_MOVED):
        return ""
    if not isinstance(change.before, int) or not isinstance(change.after, int):
        return ""
    sign = "+" if change.after > change.before else "−"
    return sign + duration(change.after - change.before, voice.lang)


def _parting(change: Change, found: Difference, voice: Voice) -> "Iterator[RenderableType]":
    parting = change.parting
    assert parting is not None, "asked only where there is one"
    where = _where(change, _packs(found), voice)
    first = Text(f"自第 {parting.number} 步起分歧", f"part at step {parting.number}")
    yield styled((f"{where}：{voice.word(first)}", "bold"))
    for side, told in (("甲 A", parting.before), ("乙 B", parting.after)):
        line = Text("（已结束）", "(at its end)") if told is None else told
        yield styled((f"  {side}  ", "dim"), voice.word(line))


def _causes(
    key: tuple[str, ...], found: Iterable[Cause], both: Difference, voice: Voice
) -> "Iterator[RenderableType]":
    clause, cycle = key[0], key[1]
    where = _clause(clause, cycle, _packs(both).get(clause), voice)
    said = Text("结论翻转，起决定作用的是", "the verdict flips because of")
    yield styled((f"{where}：{voice.word(said)}", "bold"))
    for cause in found:
        yield styled("  • ", _cause(cause, both, voice))


def _cause(cause: Cause, both: Difference, voice: Voice) -> str:
    if not isinstance(cause, FactCause):
        rule = voice.word(RULES[cause.what])
        return f"{rule}：{_told(cause.before)} → {_told(cause.after)}"
    fact = cause.after or cause.before
    assert fact is not None, "a cause has a side"
    packs = _packs(both)
    pack = next(iter(packs.values()), None)
    name = voice.word(words.fact(kind_of(fact.stream), fact.event, pack))
    source = f"{fact.meta.source}:{fact.meta.key}" if fact.meta.key else f"@{fact.version}"
    if cause.before is None:
        known = voice.word(Text("甲不知", "not known to A"))
    elif cause.after is None:
        known = voice.word(Text("乙不知", "not known to B"))
    else:
        known = f"{when(cause.before.meta.occurred_at)} → {when(cause.after.meta.occurred_at)}"
    return f"{name} {source}，{when(fact.meta.occurred_at)}（{known}）"


def _told(value: object) -> str:
    if isinstance(value, tuple):
        known, without = value
        return " ".join((when(known, "as known 当时所知"), *(f"−{each}" for each in without)))
    return when(value) if isinstance(value, int) else str(value) or "as known 当时所用"
