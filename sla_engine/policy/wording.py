"""Values of a pack as people read them, and the lines that a comparison is made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sla_engine.policy.clause import Match, Text
from sla_engine.worktime import Amount

NOTHING = Text("无", "none")

STATUS = {
    "published": Text("有公开来源", "published"),
    "default": Text("默认值，须确认", "default, to be confirmed"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing a pack says: where, what it is about, and what it says."""

    path: str
    label: Text
    value: Text


Told = tuple[str, str, str, Text]
"""Key, label in Chinese and in English, value."""


def told_lines(path: str, label: Text, told: Sequence[Told], shared: bool) -> Iterator[Line]:
    """A line for each thing that a table says; what only one pack has takes one line for all."""
    if shared:
        for key, zh, en, value in told:
            yield Line(f"{path}.{key}", Text(label.zh + zh, f"{label.en}, {en}"), value)
    else:
        zh = "，".join(value.zh for *_, value in told)
        en = ", ".join(value.en for *_, value in told)
        yield Line(path, Text(label.zh.strip(), label.en), Text(zh, en))


def cited(basis: Sequence[str] | str, status: str) -> tuple[Told, Told]:
    """Where it comes from."""
    text = basis if isinstance(basis, str) else "；".join(basis)
    return (
        ("basis", "依据", "basis", plain(text)),
        ("status", "状态", "status", STATUS[status]),
    )


def plain(value: object) -> Text:
    """A value that reads the same in both languages; nothing where there is none."""
    return Text(str(value), str(value)) if value or value == 0 else NOTHING


def yes(value: bool) -> Text:
    return Text("是", "yes") if value else Text("否", "no")


def amount(value: Amount | None) -> Text:
    return NOTHING if value is None else Text(str(value), value.en())


def level(value: int) -> Text:
    return Text(f"级别 {value}", f"level {value}")


def tier(value: int) -> Text:
    return Text(f"{value} 级约谈", f"tier {value}") if value else NOTHING


def matching(match: Match) -> Text:
    """What it applies to."""
    if not match.fields:
        return Text("全部", "all")
    return plain(
        " & ".join(f"{name} = {' | '.join(v)}" for name, v in sorted(match.fields.items()))
    )


def named(names: Sequence[str], texts: Mapping[str, Text]) -> Text:
    """Words of several names; the codes stand beside, because two may be worded alike."""
    if not names:
        return NOTHING
    return Text(
        "、".join(f"{texts[name].zh}（{name}）" for name in names),
        ", ".join(f"{texts[name].en} ({name})" for name in names),
    )
