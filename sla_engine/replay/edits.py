"""Facts as they would have been: moved, removed, added.

An edit changes a copy of what was recorded. Each has an inverse; an edit and its inverse cancel.
"""

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec

from sla_engine.dossier.events import ACTS
from sla_engine.errors import refuse, register
from sla_engine.record import EVENTS, Event, Meta, Recorded
from sla_engine.replay.question import Added, Edit, Moved, Removed

EDIT_FACT = register(
    "EDIT_FACT",
    "没有事实“{found}”，有：{allowed}",
    "there is no fact {found}; there are: {allowed}",
    "事实写成 来源:事件号 或 @版本号",
    "name a fact as SOURCE:ID or @VERSION",
)
EDIT_TWICE = register(
    "EDIT_TWICE",
    "事实“{found}”已经存在，不能再添加",
    "fact {found} is there already and cannot be added",
)
EDIT_EVENT = register(
    "EDIT_EVENT",
    "不能添加“{found}”：{allowed}",
    "{found} cannot be added: {allowed}",
)
EDIT_OPENING = register(
    "EDIT_OPENING",
    "不能去掉立案事实“{found}”，没有它就没有案卷",
    "fact {found} opened the dossier; without it there is nothing to judge",
)


def edited(facts: Sequence[Recorded], edits: Sequence[Edit]) -> list[Recorded]:
    """The facts after every edit in turn. Raises `Refusal` EDIT_*."""
    found = list(facts)
    for edit in edits:
        found = _edited(found, edit)
    return found


def inverse(facts: Sequence[Recorded], edit: Edit) -> Edit:
    """The edit that takes `edit`, made of `facts`, back."""
    if isinstance(edit, Added):
        return Removed(edit.fact)
    fact = facts[_place(facts, edit.fact)]
    if isinstance(edit, Moved):
        return Moved(edit.fact, fact.meta.occurred_at)
    return restored(fact)


def restored(fact: Recorded) -> Added:
    """A removed fact as an addition."""
    meta = fact.meta
    fields = msgspec.to_builtins(msgspec.structs.asdict(fact.event))
    name = f"{meta.source}:{meta.key}"
    return Added(name, fact.event.WIRE, meta.occurred_at, fields, meta.recorded_at, meta.seq)


def _edited(facts: list[Recorded], edit: Edit) -> list[Recorded]:
    if isinstance(edit, Added):
        return _with(facts, edit)
    at = _place(facts, edit.fact)
    if isinstance(edit, Removed):
        if at == 0:
            raise refuse(EDIT_OPENING, "edits", edit.fact)
        return [*facts[:at], *facts[at + 1 :]]
    moved = msgspec.structs.replace(facts[at].meta, occurred_at=edit.to)
    return [*facts[:at], facts[at]._replace(meta=moved), *facts[at + 1 :]]


def _with(facts: list[Recorded], edit: Added) -> list[Recorded]:
    """An added fact comes in after all that was recorded by then, and is numbered after all."""
    if any(edit.fact in names_of(each) for each in facts):
        raise refuse(EDIT_TWICE, "edits", edit.fact)
    source, _, key = edit.fact.partition(":")
    recorded_at = edit.at if edit.recorded_at is None else edit.recorded_at
    meta = Meta(occurred_at=edit.at, recorded_at=recorded_at, source=source, key=key, seq=edit.seq)
    place = sum(each.meta.recorded_at <= recorded_at for each in facts)
    version = max(each.version for each in facts) + 1
    added = Recorded(facts[0].stream, version, 0, meta, _event(edit))
    place = max(place, 1)
    return [*facts[:place], added, *facts[place:]]


def _event(edit: Added) -> Event:
    cls = EVENTS.get(edit.wire)
    if cls is None or issubclass(cls, ACTS):
        near = get_close_matches(edit.wire, EVENTS, 3)
        raise refuse(EDIT_EVENT, "edits", edit.wire, ", ".join(near) or "-")
    try:
        made = cls(**edit.fields)
        return msgspec.convert(msgspec.to_builtins(made), cls)
    except (TypeError, msgspec.ValidationError) as error:
        raise refuse(EDIT_EVENT, "edits", edit.wire, str(error)) from None


def names_of(fact: Recorded) -> tuple[str, str]:
    """The names by which an edit may mean a fact."""
    return f"@{fact.version}", f"{fact.meta.source}:{fact.meta.key}"


def _place(facts: Sequence[Recorded], name: str) -> int:
    for index, each in enumerate(facts):
        if name in names_of(each):
            return index
    there = ", ".join(
        f"{each.meta.source}:{each.meta.key}" if each.meta.key else f"@{each.version}"
        for each in facts
    )
    raise refuse(EDIT_FACT, "edits", name, there)
