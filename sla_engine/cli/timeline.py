"""What happened to a dossier, in the order in which it happened, with both times."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sla_engine import words
from sla_engine.cli import output
from sla_engine.cli.output import Voice
from sla_engine.dossier.events import ACTS, AnomalyNoted, RungFired, RungWithdrawn, TermRefixed
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Pack, Text
from sla_engine.record import Event, Recorded
from sla_engine.showing.timeline import INSTANTS, Entry, one_of, said_of
from sla_engine.showing.written import deadline, when

if TYPE_CHECKING:
    from rich.table import Table

_CAUSES = frozenset({"cause", "causes"})
_CAUSE_PARTS = 5


def render(found: Sequence[Entry], pack: Pack, voice: Voice) -> "Table":
    """The timeline as a table; what does not count any more is struck through."""
    from rich.text import Text as Styled

    table = output.table(
        "时间线 timeline", "#", "发生 when", "记录 recorded", "事项 what", "说明 detail"
    )
    for each in found:
        meta, gone = each.recorded.meta, bool(each.gone)
        same = abs(meta.recorded_at - meta.occurred_at) < 60_000_000
        style = "strike dim" if gone else _style(each.event, pack)
        what = Styled(voice.word(_title(each.recorded, pack)), style=style)
        detail = Styled(voice.sentence(_details(each, pack, voice)), style="dim" if gone else "")
        recorded = "同时 =" if same else when(meta.recorded_at)
        table.add_row(str(each.recorded.version), when(meta.occurred_at), recorded, what, detail)
    return table


def _style(event: Event, pack: Pack) -> str:
    if isinstance(event, RungFired):
        level = pack.level(event.level)
        return output.light(level.light) if level is not None else ""
    return "magenta" if isinstance(event, ACTS) else ""


def _title(recorded: Recorded, pack: Pack) -> Text:
    event = recorded.event
    if isinstance(event, RungFired):
        act = words.act(event.act, pack)
        return Text(f"▲ {act.zh}", f"▲ {act.en}")
    if isinstance(event, RungWithdrawn):
        return Text("▽ 撤回", "▽ act withdrawn")
    if isinstance(event, TermRefixed):
        return Text("◇ 重定期限", "◇ term re-fixed")
    if isinstance(event, AnomalyNoted):
        return Text("! 异常", "! anomaly")
    return words.fact(kind_of(recorded.stream), event, pack)


def _details(entry: Entry, pack: Pack, voice: Voice) -> Iterator[str]:
    event, meta = entry.event, entry.recorded.meta
    if isinstance(event, RungFired):
        yield from _fired(event, entry.holders, pack, voice)
    elif isinstance(event, RungWithdrawn):
        overturned = Text("推翻者", "overturned by")
        yield f"{event.clause}/{event.rung} {voice.word(overturned)} #{event.overturned_by}"
    elif isinstance(event, TermRefixed):
        yield f"{event.clause} {deadline(event.old_due)} → {deadline(event.new_due)}"
    elif isinstance(event, AnomalyNoted):
        yield f"{event.code} {event.where}"
    else:
        yield from _said(event, pack, voice)
        if meta.actor:
            yield f"{voice.word(words.FIELDS['by'])} {meta.actor}"
    if meta.anomaly:
        yield f"! {meta.anomaly}"
    if entry.gone:
        yield f"{voice.word(Text('已撤', 'gone'))} #{entry.gone}"


def _fired(
    event: RungFired, holders: Mapping[str, Sequence[str]], pack: Pack, voice: Voice
) -> Iterator[str]:
    yield _clause_name(event.clause, pack, voice)
    if event.due != event.at:
        yield f"{voice.word(words.FIELDS['due'])} {deadline(event.due)}"
    if event.to:
        yield "→" + voice.listed(
            _role(role, holders.get(role, ()), pack, voice) for role in event.to
        )
    if event.unit:
        yield event.unit
    if event.silent:
        yield voice.word(words.SILENCE.get(event.silent, Text(event.silent, event.silent)))


def _role(role: str, holders: Sequence[str], pack: Pack, voice: Voice) -> str:
    """A role in words, with the names of those who held it."""
    named = voice.word(pack.roles.get(role, Text(role, role)))
    left, right = ("（", "）") if voice.lang == "zh" else (" (", ")")
    return f"{named}{left}{voice.listed(holders)}{right}" if holders else named


def _said(event: Event, pack: Pack, voice: Voice) -> Iterator[str]:
    """What a fact says beyond its name, field by field."""
    for name, value in said_of(event):
        label = words.FIELDS.get(name)
        shown = _causes(value, pack, voice) if name in _CAUSES else _shown(name, value)
        yield f"{voice.word(label) if label else name} {shown}"


def _causes(value: str | tuple[str, ...], pack: Pack, voice: Voice) -> str:
    """Acts by which a talk came about: the petition, the clause in words, the rung."""
    causes = (value,) if isinstance(value, str) else value
    return voice.listed(_cause(each, pack, voice) for each in causes)


def _cause(cause: str, pack: Pack, voice: Voice) -> str:
    parts = cause.split("|")
    if len(parts) != _CAUSE_PARTS:
        return cause
    stream, clause, _cycle, _version, rung = parts
    return f"{stream.split('/', 1)[1]} {_clause_name(clause, pack, voice)} {rung}"


def _clause_name(clause: str, pack: Pack, voice: Voice) -> str:
    found = next((each for each in pack.clauses if each.id == clause), None)
    return voice.word(found.name) if found is not None else clause


def _shown(name: str, value: Any) -> str:
    if name in INSTANTS:
        return when(value)
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, tuple):
        return "、".join(one_of(each) for each in value)
    if isinstance(value, Mapping):
        return "、".join(f"{each} {count}" for each, count in value.items())
    return str(value)
