"""Lengths with pieces cut out: the arithmetic under every term.

A *mark* is a point on a ruler: how many units (days, working days, half-days, microseconds,
working microseconds) have gone by before it. A *cut* is a half-open piece of a ruler that does
not count, `(from, to)`; `to` is None while nobody knows where it ends. Whatever the unit, a term
is spent the same way, so there is one `spend` for all of them.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from sla_engine.errors import refuse, register
from sla_engine.worktime.instant import Instant, format_instant

Pause: TypeAlias = tuple[Instant, Instant | None]
Cut: TypeAlias = tuple[int, int | None]

BEYOND = 1 << 80
"""A mark past every ruler's end: what lies there is not known."""

PAUSE_REVERSED = register(
    "PAUSE_REVERSED",
    "中止与恢复次序颠倒：{found}",
    "the resumption comes before the suspension: {found}",
    "恢复时间不得早于中止时间",
    "a resumption is never earlier than its suspension",
)


def merge(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    """Sorted, disjoint, without empty ones; an open pause swallows all later ones.

    Raises `Refusal` PAUSE_REVERSED.
    """
    merged: list[Pause] = []
    for begin, end in sorted(pauses, key=_begin):
        if end is not None and end < begin:
            raise refuse(
                PAUSE_REVERSED, "pauses", f"{format_instant(begin)}..{format_instant(end)}"
            )
        if end == begin:
            continue
        if not merged:
            merged.append((begin, end))
            continue
        last_begin, last_end = merged[-1]
        if last_end is None:
            break
        if begin > last_end:
            merged.append((begin, end))
        else:
            merged[-1] = (last_begin, None if end is None else max(end, last_end))
    return tuple(merged)


def _begin(pause: Pause) -> Instant:
    return pause[0]


def spend(start: int, amount: int, cuts: Iterable[Cut]) -> int | None:
    """The mark by which `amount` has gone by since `start`; None if an open cut prevents it."""
    end = start + amount
    for begin, resume in cuts:
        if begin >= end:
            break
        if resume is None:
            return None
        end += max(resume, start) - max(begin, start)
    return end


def spent(start: int, end: int, cuts: Sequence[Cut]) -> int:
    """What has gone by between two marks, cuts left out; negative when `end` is the earlier."""
    if end < start:
        return -spent(end, start, cuts)
    cut = 0
    for begin, resume in cuts:
        upper = end if resume is None else min(resume, end)
        cut += max(upper - max(begin, start), 0)
    return end - start - cut
