"""Two packs compared in words.

Both are first laid out as lines (place, label, value in words); what differs between the lines
differs between the packs. The lines cover all a pack says but its cases, so an empty difference
means the same rules.
"""

from dataclasses import dataclass

from sla_engine.policy.clause import Pack, Text
from sla_engine.policy.lines import ids, lines


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` None: added; `after` None: dropped."""

    path: str
    label: Text
    before: Text | None
    after: Text | None

    def zh(self) -> str:
        if self.before is None:
            return f"新增 {self.label.zh}：{self.after.zh if self.after else ''}"
        if self.after is None:
            return f"删去 {self.label.zh}：{self.before.zh}"
        return f"{self.label.zh}：由“{self.before.zh}”改为“{self.after.zh}”"

    def en(self) -> str:
        if self.before is None:
            return f"added {self.label.en}: {self.after.en if self.after else ''}"
        if self.after is None:
            return f"dropped {self.label.en}: {self.before.en}"
        return f"{self.label.en}: from “{self.before.en}” to “{self.after.en}”"


def diff(old: Pack, new: Pack) -> list[Change]:
    """What `new` says otherwise than `old`, in the order of `new`; what was dropped comes last."""
    shared = ids(old) & ids(new)
    before = {line.path: line for line in lines(old, shared)}
    after = {line.path: line for line in lines(new, shared)}
    changes: list[Change] = []
    for path in dict.fromkeys((*after, *before)):
        was, now = before.get(path), after.get(path)
        if was is None or now is None:
            line = now or was
            assert line is not None, "a path comes from one of the two"
            changes.append(
                Change(path, line.label, was.value if was else None, now.value if now else None)
            )
        elif was.value != now.value:
            changes.append(Change(path, now.label, was.value, now.value))
    return changes
