"""Replays and their differences for people and programs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from sla_engine import words
from sla_engine.cli import clocks, output
from sla_engine.cli.output import Voice, deadline, duration, rfc3339, styled, when
from sla_engine.dossier.events import RungFired, TermRefixed
from sla_engine.dossier.fold import Act
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Pack, Text
from sla_engine.record import Draft, Recorded
from sla_engine.replay.causes import Cause, FactCause
from sla_engine.replay.diff import Change, Difference, Parting, Telling, What, summary
from sla_engine.replay.question import Added, Edit, Moved, Question
from sla_engine.replay.replay import Replay
from sla_engine.worktime.derivation import plain as plain_step

if TYPE_CHECKING:
    from rich.console import RenderableType

Causes = Mapping[tuple[str, ...], Sequence[Cause]]

WHAT: Mapping[What, Text] = {
    What.CLOCK_ADDED: Text("多出时钟", "clock added"),
    What.CLOCK_GONE: Text("时钟消失", "clock gone"),
    What.START_MOVED: Text("起算变动", "start moved"),
    What.DUE_MOVED: Text("到期变动", "due moved"),
    What.VERDICT_FLIPPED: Text("结论翻转", "verdict flipped"),
    What.STATE_CHANGED: Text("状态变动", "state changed"),
    What.RULING_CHANGED: Text("裁定变动", "ruling changed"),
    What.UNIT_CHANGED: Text("责任单位变动", "unit changed"),
    What.ACT_ADDED: Text("多出动作", "act added"),
    What.ACT_GONE: Text("动作消失", "act gone"),
    What.ACT_MOVED: Text("动作变动", "act moved"),
    What.RECIPIENT_CHANGED: Text("对象变动", "recipient changed"),
    What.PLACE_CHANGED: Text("榜位变动", "place changed"),
    What.PHASE_CHANGED: Text("环节变动", "phase changed"),
}
_INSTANTS = (What.START_MOVED, What.DUE_MOVED, What.ACT_ADDED, What.ACT_GONE, What.ACT_MOVED)
_STATES = (What.VERDICT_FLIPPED, What.STATE_CHANGED, What.CLOCK_ADDED, What.CLOCK_GONE)
_RULES = {
    "pack": Text("政策版本", "the pack"),
    "calendar": Text("日历", "the calendar"),
    "at": Text("判断时刻", "the instant judged"),
}


def replay_dict(found: Replay) -> dict[str, Any]:
    """JSON-ready; times RFC 3339."""
    return {
        "stream": found.stream,
        "question": question_dict(found.question),
        "phase": found.assessment.chronicle.phase,
        "clocks": [clocks.as_dict(reading) for reading in found.assessment.readings],
        "decisions": [_decision_dict(draft) for draft in found.decisions],
        "inputs": found.inputs,
        "result": found.result,
    }


def question_dict(question: Question) -> dict[str, Any]:
    """JSON-ready; `exact` is the question as it can be asked again."""
    return {
        "known_at": rfc3339(question.known_at),
        "at": rfc3339(question.judged_at),
        "pack": question.pack or None,
        "calendar": rfc3339(question.calendar),
        "without": list(question.without),
        "edits": [_edit_text(edit) for edit in question.edits],
        "exact": msgspec.to_builtins(question),
    }


def _edit_text(edit: Edit) -> str:
    if isinstance(edit, Moved):
        return f"move {edit.fact} to {rfc3339(edit.to)}"
    if isinstance(edit, Added):
        return f"add {edit.wire} at {rfc3339(edit.at)}"
    return f"remove {edit.fact}"


def _decision_dict(draft: Draft) -> dict[str, Any]:
    event = draft.event
    at = rfc3339(draft.meta.occurred_at)
    if isinstance(event, RungFired):
        return {
            "act": event.act,
            "clause": event.clause,
            "cycle": event.cycle,
            "rung": event.rung,
            "at": at,
            "due": rfc3339(event.due),
            "unit": event.unit,
            "to": list(event.to),
            "silent": event.silent,
        }
    return {"act": event.NAME, "at": at, **msgspec.to_builtins(msgspec.structs.asdict(event))}


def render_replay(found: Replay, voice: Voice) -> "Iterator[RenderableType]":
    """The question, the clocks, the decisions, the digests."""
    yield heading(found.question, voice)
    yield clocks.render(found.assessment.readings, voice)
    yield _decisions(found, voice)
    yield styled(("输入 inputs  ", "dim"), found.inputs)
    yield styled(("结果 result  ", "dim"), found.result)


def heading(question: Question, voice: Voice) -> str:
    """A question in one line."""
    parts = [f"{voice.word(Text('截至', 'as known at'))} {when(question.known_at)}"]
    if question.judged_at != question.known_at:
        parts.append(f"{voice.word(Text('判断于', 'judged at'))} {when(question.judged_at)}")
    if question.pack:
        parts.append(f"{voice.word(_RULES['pack'])} {question.pack}")
    if question.calendar is not None:
        known = voice.word(Text("日历截至", "the calendar as known at"))
        parts.append(f"{known} {when(question.calendar)}")
    if question.without:
        parts.append(f"{voice.word(Text('不计', 'without'))} {voice.listed(question.without)}")
    parts += [_edit_text(edit) for edit in question.edits]
    return voice.sentence(parts)


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
                event.unit or "—",
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
    name = output.tight(voice.word(named.name)) if named is not None else clause
    return name if cycle == "1" else f"{name} #{cycle}"


# ----------------------------------------------------------------------------------- differences


def difference_dict(found: Difference, causes: Causes) -> dict[str, Any]:
    """JSON-ready: both questions with the digests of their results, and every difference."""
    sides = {"before": found.before, "after": found.after}
    return {
        "stream": found.before.stream,
        **{
            side: {
                "question": question_dict(each.question),
                "inputs": each.inputs,
                "result": each.result,
            }
            for side, each in sides.items()
        },
        "summary": summary(found.changes),
        "changes": [_change_dict(change, found, causes) for change in found.changes],
    }


def _change_dict(change: Change, found: Difference, causes: Causes) -> dict[str, Any]:
    instants = change.what in _INSTANTS
    made: dict[str, Any] = {
        "what": change.what.value,
        "key": list(change.key),
        "before": _plain(change.before, instants),
        "after": _plain(change.after, instants),
    }
    if change.parting is not None:
        made["parts_at"] = _parting_dict(change.parting, zone_of(found))
    if change.what is What.VERDICT_FLIPPED:
        made["causes"] = [cause_dict(each) for each in causes.get(change.key, ())]
    return made


def _plain(value: Any, instant: bool) -> Any:
    return rfc3339(value) if instant and isinstance(value, int) else value


def _parting_dict(parting: Parting, zone: str) -> dict[str, Any]:
    sides = (("before", parting.before), ("after", parting.after))
    told = {side: None if each is None else _telling_dict(each, zone) for side, each in sides}
    return {"step": parting.number, **told}


def _telling_dict(told: Telling, zone: str) -> dict[str, Any]:
    return {**plain_step(told.step, zone), "text_zh": told.zh, "text_en": told.en}


def zone_of(found: Difference) -> str:
    """The zone in which the working of a difference is told."""
    readings = (*found.before.assessment.readings, *found.after.assessment.readings)
    return readings[0].schedule.calendar.zone.name


def cause_dict(cause: Cause) -> dict[str, Any]:
    """JSON-ready: what one side had and what the other; times RFC 3339."""
    if isinstance(cause, FactCause):
        sides = (("before", cause.before), ("after", cause.after))
        return {"what": "fact", **{side: _fact_dict(fact) for side, fact in sides}}
    return {"what": cause.what, "before": _rule(cause.before), "after": _rule(cause.after)}


def _fact_dict(fact: Recorded | None) -> dict[str, Any] | None:
    if fact is None:
        return None
    meta = fact.meta
    return {
        "fact": f"{meta.source}:{meta.key}" if meta.key else f"@{fact.version}",
        "type": fact.event.NAME,
        "occurred_at": rfc3339(meta.occurred_at),
        "recorded_at": rfc3339(meta.recorded_at),
    }


def _rule(value: object) -> Any:
    if isinstance(value, tuple):
        known, without = value
        return {"known_at": rfc3339(known), "without": list(without)}
    return rfc3339(value) if isinstance(value, int) else value


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
            styled((voice.word(WHAT[change.what]), style)),
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
    if change.what in _INSTANTS:
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
        rule = voice.word(_RULES[cause.what])
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
