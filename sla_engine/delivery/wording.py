"""Subject lines: Chinese with English beside it, from the rules and words of the pack that judged.

A subject names the act or fact, the dossier by its number, the clause, the due instant and the
unit. All of these are codes or names of rules and offices.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sla_engine.dossier.events import RungFired, TermRefixed
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.dossier.kind import Kind
from sla_engine.errors import Refusal
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Clause, Pack, Text, Trigger
from sla_engine.policy.rulebook import Rulebook
from sla_engine.policy.vocabulary import (
    ACTS,
    DISPUTE_MARKS,
    ITEM_MARKS,
    MEMBER_MARKS,
    PETITION_MARKS,
    ROUND_MARKS,
    TALK_MARKS,
)
from sla_engine.record import Event, Instant, Recorded, type_name
from sla_engine.sla.assess import assess
from sla_engine.worktime import format_instant

Subject = tuple[str, str]
Dues = Mapping[tuple[str, str], Instant | None]
"""By clause and cycle; None while a clock stands still."""

_DAY = 86_400_000_000

_FACTS: Mapping[str, Mapping[str, Text]] = {
    "petition": PETITION_MARKS,
    "talk": {
        **TALK_MARKS,
        "rectification_reported": TALK_MARKS["reported"],
        "rectification_verified": TALK_MARKS["verified"],
        "rectification_rejected": TALK_MARKS["rejected"],
    },
    "item": ITEM_MARKS,
    "round": {**MEMBER_MARKS, **ROUND_MARKS, "member_left": Text("成员退出", "member left")},
    "dispute": {**DISPUTE_MARKS, "opened": DISPUTE_MARKS["disputed"]},
}
_REFIXED = Text("期限重定", "term re-fixed")
_SUPERSEDED = Text("改判", "verdict superseded")
_RECALLED = Text("撤回", "recalled")
_RESTORED = Text("恢复", "restored")


class Words:
    """The words of whatever packs a process knows; a code stands for itself where none does."""

    def __init__(self, rules: Callable[[], Rulebook]) -> None:
        self._rules = rules
        self._asked = ("", 0)
        self._dues: Dues = {}

    def act(self, event: RungFired, no: str, digest: str, due: Instant | None) -> Subject:
        """Of an act: what, about which clock, due when, to whose charge."""
        pack = self._pack(digest)
        act = _named(event.act, {**ACTS, **(pack.acts if pack else {})})
        return self._clock(act, no, self._clause(pack, event.clause), due, event.unit)

    def dues(self, stream: str, learned: Sequence[Recorded]) -> Dues:
        """When each clock of a dossier is due by these facts; nothing where they were judged by
        rules that are not known here. Acts that were recorded together ask the same."""
        kind = kind_of(stream)
        if not (kind.ruled and learned):
            return {}
        key = (stream, learned[-1].version)
        if key != self._asked:
            self._asked, self._dues = key, _dues(fold(stream, learned), kind, self._rules())
        return self._dues

    def term(self, event: TermRefixed, no: str, digest: str) -> Subject:
        """Of a re-fixing: which clock, and when it is due now."""
        clause = self._clause(self._pack(digest), event.clause)
        return self._clock(_REFIXED, no, clause, event.new_due, "")

    def level(self, ordinal: int, digest: str) -> tuple[str, str]:
        """The name of a level; empty where it has none."""
        pack = self._pack(digest)
        level = pack.level(ordinal) if pack else None
        return (level.name.zh, level.name.en) if level else ("", "")

    def _pack(self, digest: str) -> Pack | None:
        try:
            return self._rules().pack_by_digest(digest) if digest else None
        except Refusal:
            return None

    def _clause(self, pack: Pack | None, name: str) -> Text:
        rules: Iterable[Clause | Trigger] = (*pack.clauses, *pack.triggers) if pack else ()
        return next((each.name for each in rules if each.id == name), Text(name, name))

    def _clock(self, what: Text, no: str, clause: Text, due: Instant | None, unit: str) -> Subject:
        zh, en = f"{what.zh}：{no} {clause.zh}", f"{what.en}: {no}, {clause.en}"
        if due is not None:
            zh, en = f"{zh}，期限{moment(due)}", f"{en}, due {moment(due)}"
        return (f"{zh}（{unit}）", f"{en} ({unit})") if unit else (zh, en)


def fact(event: Event, kind: str, no: str, unit: str) -> Subject:
    """Of a fact: what happened to which dossier, and whose it is."""
    name = type_name(event)
    what = _named(name, {"verdict_superseded": _SUPERSEDED, **_FACTS.get(kind, {})})
    about = (f"（{unit}）", f" ({unit})") if unit else ("", "")
    return (f"{what.zh}：{no}{about[0]}", f"{what.en}: {no}{about[1]}")


def recall(subject: Subject, again: bool) -> Subject:
    """Of a recall, by what is recalled; `again`: what is recalled was itself a recall."""
    what = _RESTORED if again else _RECALLED
    return (f"{what.zh}：{subject[0]}", f"{what.en}: {subject[1]}")


def moment(at: Instant) -> str:
    """`2026-10-10 17:30` at +08:00; the midnight that ends a day is its 24:00."""
    day, clock = format_instant(at)[:10], format_instant(at)[11:16]
    return f"{format_instant(at - _DAY)[:10]} 24:00" if clock == "00:00" else f"{day} {clock}"


def _named(code: str, texts: Mapping[str, Text]) -> Text:
    return texts.get(code, Text(code, code))


def _dues(dossier: Dossier, kind: Kind, rules: Rulebook) -> Dues:
    try:
        known = assess(dossier, kind, rules, dossier.opening.meta.occurred_at)
    except Refusal:
        return {}
    return {reading.key: reading.due for reading in (*known.readings, *known.coming)}
