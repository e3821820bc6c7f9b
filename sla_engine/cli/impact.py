"""What other rules would have done, for people and on paper."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sla_engine import words
from sla_engine.bulk.impact import Change, Impact, Turned
from sla_engine.cli import output
from sla_engine.cli.output import Voice, deadline, duration, styled
from sla_engine.cli.review import heading
from sla_engine.documents.form import Document, Fields, Moment, Row
from sla_engine.documents.impact import impact_document
from sla_engine.policy.clause import Text
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.replay.question import Question
from sla_engine.sla.assess import State

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_UNITS = 20


Names = Mapping[str, Text]
"""Clauses by their ids."""


def names_of(rules: Rulebook) -> Names:
    """What the clauses of all packs are called; ids that several packs use, by the latest."""
    return {clause.id: clause.name for pack in rules.packs for clause in pack.clauses}


def document_of(
    found: Impact, question: Question, names: Names, since: str, until: str
) -> Document:
    """The report as a document."""
    turned, longest = found.turned, found.longest
    fields: Fields = {
        "asked": heading(question, Voice()),
        "registered_in": f"{since or '…'} – {until or '…'}" if since or until else "全部",
        "assessed": found.petitions,
        "clocks": found.clocks,
        "moved": found.moved,
        "later": found.later,
        "sooner": found.sooner,
        "added": found.added,
        "gone": found.removed,
        "unjudged": found.refused,
        "days": tuple(_days(found)),
        "longest": "" if longest is None else _longest(longest, names, Voice()),
        "worse": turned.worse,
        "better": turned.better,
        "units": tuple(_by_unit(found)),
        "flips": tuple(_by_state(found)),
        "examples": tuple(_example(each, names) for each in found.examples),
    }
    return impact_document(f"{found.petitions} 件诉求", question.known_at, fields)


def _days(found: Impact) -> Iterator[Row]:
    for days, count in sorted(found.days.items()):
        yield {"days_moved": _signed(days), "clocks": count}


def _by_unit(found: Impact) -> Iterator[Row]:
    for unit, each in _ranked(found):
        yield {"unit": unit, "worse": each.worse, "better": each.better}


def _ranked(found: Impact) -> list[tuple[str, Turned]]:
    """Units, those that lose most first."""
    return sorted(found.units.items(), key=lambda pair: (-pair[1].worse, -pair[1].better, pair[0]))


def _by_state(found: Impact) -> Iterator[Row]:
    for (was, now), count in sorted(found.flipped.items(), key=lambda pair: -pair[1]):
        yield {"state_before": was.value, "state_after": now.value, "clocks": count}


def _example(change: Change, names: Names) -> Row:
    return {
        "petition": _no(change),
        "clause": _clock(change, names, Voice()),
        "unit": change.unit,
        "due_before": _moment(change.due_before),
        "due_after": _moment(change.due_after),
        "state_before": None if change.before is None else change.before.value,
        "state_after": None if change.after is None else change.after.value,
    }


def _moment(at: Instant | None) -> Moment | None:
    return None if at is None else Moment(at, ends=True)


def _no(change: Change) -> str:
    return change.stream.split("/", 1)[1]


def _clock(change: Change, names: Names, voice: Voice) -> str:
    name = names.get(change.clause, Text(change.clause, change.clause))
    cycle = "" if change.cycle == "1" else f" #{change.cycle}"
    return output.tight(voice.word(name)) + cycle


def _signed(days: int) -> str:
    return f"+{days}" if days > 0 else f"−{-days}" if days < 0 else "0"


def _longest(change: Change, names: Names, voice: Voice) -> str:
    return f"{duration(change.delay, voice.lang)} {_no(change)} {_clock(change, names, voice)}"


def render(
    found: Impact, question: Question, names: Names, voice: Voice
) -> "Iterator[RenderableType]":
    """Totals, units, flips and examples, one under the other."""
    yield styled((heading(question, voice), "bold"))
    yield (
        f"诉求 petitions {found.petitions:,} · 时钟 clocks {found.clocks:,} · "
        f"到期变动 due moved {found.moved:,}（延后 later {found.later:,}，"
        f"提前 sooner {found.sooner:,}）"
    )
    turned = found.turned
    yield styled(
        f"结论翻转 verdicts flipped {turned.worse + turned.better:,}（",
        (f"变超时 to late {turned.worse:,}", "red"),
        "，",
        (f"变按时 to on time {turned.better:,}", "green"),
        "）",
    )
    if found.added or found.removed or found.refused:
        yield (
            f"新增时钟 clocks added {found.added:,} · 消失 gone {found.removed:,} · "
            f"无法判断 could not be judged {found.refused:,}"
        )
    if found.longest is not None:
        yield f"最大延后 longest delay {_longest(found.longest, names, voice)}"
    if found.units:
        yield _units(found)
    if found.flipped:
        yield _flips(found, voice)
    if found.examples:
        yield _examples(found, names, voice)


def _units(found: Impact) -> "RenderableType":
    table = output.table("单位 units", "单位 unit", "变超时 to late", "变按时 to on time")
    ranked = _ranked(found)
    for unit, each in ranked[:_MOST_UNITS]:
        table.add_row(unit or "—", f"{each.worse:,}", f"{each.better:,}")
    if len(ranked) > _MOST_UNITS:
        table.add_row(f"… {len(ranked) - _MOST_UNITS} 个单位 more", "", "")
    return table


def _flips(found: Impact, voice: Voice) -> "RenderableType":
    table = output.table("状态变动 states", "原 as it stands", "试算 as asked", "时钟 clocks")
    for (was, now), count in sorted(found.flipped.items(), key=lambda pair: -pair[1]):
        table.add_row(_state(was, voice), _state(now, voice), f"{count:,}")
    return table


def _state(state: State | None, voice: Voice) -> str:
    return "—" if state is None else voice.word(words.STATES[state.value])


def _examples(found: Impact, names: Names, voice: Voice) -> "RenderableType":
    headers = ("诉求 petition", "条款 clause", "单位 unit", "原 as it stands", "试算 as asked")
    table = output.table(voice.word(Text("十例", "ten examples")), *headers)
    for each in found.examples:
        table.add_row(
            _no(each),
            _clock(each, names, voice),
            each.unit or "—",
            f"{deadline(each.due_before)}\n{_state(each.before, voice)}",
            f"{deadline(each.due_after)}\n{_state(each.after, voice)}",
        )
    return table
