"""What other rules would have done, for people and on paper."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sla_engine import words
from sla_engine.bulk.impact import Impact
from sla_engine.cli import output
from sla_engine.cli.output import Voice, styled
from sla_engine.policy.clause import Text
from sla_engine.replay.question import Question
from sla_engine.showing.impacts import Names, clock, longest_of, no_of, ranked
from sla_engine.showing.replays import heading
from sla_engine.showing.written import deadline
from sla_engine.sla.assess import State

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_UNITS = 20


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
        yield f"最大延后 longest delay {longest_of(found.longest, names, voice)}"
    if found.units:
        yield _units(found, voice)
    if found.flipped:
        yield _flips(found, voice)
    if found.examples:
        yield _examples(found, names, voice)


def _units(found: Impact, voice: Voice) -> "RenderableType":
    table = output.table("单位 units", "单位 unit", "变超时 to late", "变按时 to on time")
    order = ranked(found)
    for unit, each in order[:_MOST_UNITS]:
        table.add_row(voice.word(words.whose(unit)), f"{each.worse:,}", f"{each.better:,}")
    if len(order) > _MOST_UNITS:
        table.add_row(f"… {len(order) - _MOST_UNITS} 个单位 more", "", "")
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
            no_of(each),
            clock(each, names, voice),
            voice.word(words.whose(each.unit)),
            f"{deadline(each.due_before)}\n{_state(each.before, voice)}",
            f"{deadline(each.due_after)}\n{_state(each.after, voice)}",
        )
    return table
