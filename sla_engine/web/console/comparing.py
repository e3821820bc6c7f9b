"""Two replays side by side: their clocks and acts in pairs, where they part first, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from sla_engine import words
from sla_engine.dossier.events import RungFired
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Pack, Text
from sla_engine.record import Instant, Recorded
from sla_engine.replay.causes import Cause, FactCause
from sla_engine.replay.diff import Change, Difference, What, diff
from sla_engine.replay.edits import names_of
from sla_engine.replay.question import Added, Edit, Removed
from sla_engine.replay.replay import Replay
from sla_engine.showing.questions import Review
from sla_engine.showing.replays import INSTANTS, RULES, heading
from sla_engine.showing.written import Speech, deadline, duration, when
from sla_engine.sla.assess import Reading
from sla_engine.web.language import Language

_STATES = (What.VERDICT_FLIPPED, What.STATE_CHANGED, What.CLOCK_ADDED, What.CLOCK_GONE)
_LATE = frozenset({"late", "overdue"})
_NONE = Text("—", "—")

Key = tuple[str, ...]


class Side(NamedTuple):
    """A clock or an act as one replay has it; `tone` is how a badge shows it."""

    says: Text
    at: str
    unit: str
    tone: str = ""


class Pair(NamedTuple):
    """A clock or an act in both replays, None where one has none; `differs`: they are not alike."""

    name: Text
    before: Side | None
    after: Side | None

    @property
    def differs(self) -> bool:
        return self.before != self.after


class Parts(NamedTuple):
    """The first step of the working of a clock at which the replays part."""

    name: Text
    number: int
    before: Text
    after: Text


class Line(NamedTuple):
    """One difference in words."""

    what: Text
    where: Text
    before: Text
    after: Text
    by: Text
    flipped: bool


class Reason(NamedTuple):
    """The smallest set of causes by which the verdict of a clock flips."""

    name: Text
    causes: Sequence[Text]


class Comparison(NamedTuple):
    """All that a page shows of two replays."""

    before: Replay
    after: Replay
    asked: tuple[str, str]
    clocks: Sequence[Pair]
    acts: Sequence[Pair]
    lines: Sequence[Line]
    parts: Sequence[Parts]
    reasons: Sequence[Reason]


class _Tongue(Speech):
    def __init__(self, lang: Language) -> None:
        self.lang = lang


def compared(review: Review, lang: Language) -> Comparison:
    """Both replays of a review, held against each other. Raises `Refusal` as `replay`."""
    before, after = review.replay(review.plain), review.replay(review.question)
    found, tongue = diff(before, after), _Tongue(lang)
    packs = _packs(found)
    reasons = [
        Reason(_clause(each.key, packs), [_cause(cause, packs) for cause in _why(review, each)])
        for each in found.flipped
    ]
    return Comparison(
        before,
        after,
        (heading(review.plain, tongue), _question(review, tongue)),
        list(_clocks(before, after)),
        list(_acts(before, after, packs)),
        [_line(change, found, packs) for change in found.changes],
        list(_parts(found.changes, packs)),
        reasons,
    )


def _question(review: Review, tongue: _Tongue) -> str:
    """What is asked, with the facts that are edited in words."""
    own = str(getattr(review.events[0].event, "pack", "")) if review.events else ""
    packs = [pack for pack in review.rules.packs if pack.name == own]
    plain = heading(replace(review.question, edits=()), tongue)
    edits = [tongue.word(_edit(each, review.events, packs)) for each in review.question.edits]
    return tongue.sentence([plain, *edits])


def _edit(edit: Edit, events: Sequence[Recorded], packs: Sequence[Pack]) -> Text:
    if isinstance(edit, Added):
        kind, _, type_ = edit.wire.partition("/")[0].partition(".")
        at, added = when(edit.at), words.mark(kind, type_)
        return Text(f"另计 {at} {added.zh}", f"and besides {at} {added.en}")
    name = next((_stamped(each, packs) for each in events if edit.fact in names_of(each)), None)
    fact = name or _same(edit.fact)
    if isinstance(edit, Removed):
        return Text(f"不计 {fact.zh}", f"without {fact.en}")
    to = when(edit.to)
    return Text(f"{fact.zh} 改为发生在 {to}", f"{fact.en} moved to {to}")


def _stamped(fact: Recorded, packs: Sequence[Pack]) -> Text:
    """A fact with its time, by whichever edition has a name for its step."""
    kind, at = kind_of(fact.stream), _at(fact)
    step = getattr(fact.event, "step", "")
    name = words.fact(kind, fact.event, next((p for p in packs if step in p.steps), None))
    return Text(f"{at} {name.zh}", f"{at} {name.en}")


def _why(review: Review, change: Change) -> Sequence[Cause]:
    return review.causes((change.key[0], change.key[1]))


# --------------------------------------------------------------------------------- side by side


def _clocks(before: Replay, after: Replay) -> Iterator[Pair]:
    old, new = _readings(before), _readings(after)
    for key in dict.fromkeys((*old, *new)):
        one, other = old.get(key), new.get(key)
        named = other or one
        assert named is not None, "a key comes from one of the two"
        yield Pair(_named(named), _clock(one), _clock(other))


def _readings(replay: Replay) -> Mapping[Key, Reading]:
    return {each.key: each for each in replay.assessment.readings}


def _clock(reading: Reading | None) -> Side | None:
    if reading is None:
        return None
    state, ruling = reading.state.value, reading.ruling
    says = words.STATES[state] if ruling is None else words.VERDICTS[ruling.verdict]
    tone = "red" if state in _LATE and ruling is None else "green" if state == "met" else "grey"
    return Side(says, deadline(reading.due), reading.unit, tone)


def _named(reading: Reading) -> Text:
    return _numbered(reading.clause.name, reading.cycle.name)


def _numbered(name: Text, cycle: str) -> Text:
    more = "" if cycle == "1" else f" #{cycle}"
    return Text(name.zh + more, name.en + more)


def _acts(before: Replay, after: Replay, packs: Mapping[str, Pack]) -> Iterator[Pair]:
    old, new = _standing(before), _standing(after)
    for key in dict.fromkeys((*old, *new)):
        one, other = old.get(key), new.get(key)
        yield Pair(_clause(key, packs), _act(one, packs), _act(other, packs))


def _standing(replay: Replay) -> Mapping[Key, RungFired]:
    return {
        key: act.fired for key, acts in replay.dossier.acts.items() for act in acts if act.stands
    }


def _act(event: RungFired | None, packs: Mapping[str, Pack]) -> Side | None:
    if event is None:
        return None
    return Side(words.act(event.act, packs.get(event.clause)), when(event.at), event.unit)


# ----------------------------------------------------------------------------------- differences


def _packs(found: Difference) -> Mapping[str, Pack]:
    readings = (*found.before.assessment.readings, *found.after.assessment.readings)
    return {each.clause.id: each.cycle.pack for each in readings}


def _clause(key: Key, packs: Mapping[str, Pack]) -> Text:
    clause, cycle, *_ = key
    pack = packs.get(clause)
    named = next((each for each in pack.clauses if each.id == clause), None) if pack else None
    return _numbered(named.name if named is not None else Text(clause, clause), cycle)


def _line(change: Change, found: Difference, packs: Mapping[str, Pack]) -> Line:
    of_clock = change.what not in (What.PLACE_CHANGED, What.PHASE_CHANGED)
    where = _clause(change.key, packs) if of_clock else _same("".join(change.key) or "—")
    if (act := _act_at(change.key, found, packs)) is not None:
        where = Text(f"{where.zh} · {act.says.zh}", f"{where.en} · {act.says.en}")
    before, after = (_shown(change, each, found) for each in (change.before, change.after))
    flipped = change.what is What.VERDICT_FLIPPED
    what = words.DIFFERENCES[change.what.value]
    return Line(what, where, before, after, _by(change), flipped)


def _act_at(key: Key, found: Difference, packs: Mapping[str, Pack]) -> Side | None:
    """The act that a difference is about."""
    return _act(_standing(found.before).get(key) or _standing(found.after).get(key), packs)


def _shown(change: Change, value: object, found: Difference) -> Text:
    if value is None:
        return _NONE
    if change.what in INSTANTS and isinstance(value, int):
        return _same(deadline(value) if change.what is What.DUE_MOVED else when(value))
    if change.what in _STATES:
        return words.STATES[str(value)]
    if change.what is What.PHASE_CHANGED:
        return words.phase(kind_of(found.before.stream).name, str(value))
    if isinstance(value, tuple):
        return Text("、".join(map(str, value)), ", ".join(map(str, value)))
    return _same(str(value))


def _by(change: Change) -> Text:
    moved = (What.START_MOVED, What.DUE_MOVED, What.ACT_MOVED)
    before, after = change.before, change.after
    if change.what not in moved or not isinstance(before, int) or not isinstance(after, int):
        return Text("", "")
    sign = "+" if after > before else "−"
    return Text(sign + duration(after - before), f"{sign}{duration(after - before, 'en')}")


def _parts(changes: Iterable[Change], packs: Mapping[str, Pack]) -> Iterator[Parts]:
    told: set[Key] = set()
    end = Text("（已结束）", "(at its end)")
    for change in changes:
        parting = change.parting
        if parting is None or change.key in told:
            continue
        told.add(change.key)
        before, after = (
            end if each is None else Text(each.zh, each.en)
            for each in (parting.before, parting.after)
        )
        yield Parts(_clause(change.key, packs), parting.number, before, after)


def _cause(cause: Cause, packs: Mapping[str, Pack]) -> Text:
    if isinstance(cause, FactCause):
        return _fact(cause, packs)
    rule = RULES[cause.what]
    told = f"{_told(cause.before)} → {_told(cause.after)}"
    return Text(f"{rule.zh}：{told}", f"{rule.en}: {told}")


def _told(value: object) -> str:
    if isinstance(value, tuple):
        known, without = value
        return "、".join((when(known), *(f"−{each}" for each in without)))
    return when(value) if isinstance(value, int) else str(value or "—")


def _fact(cause: FactCause, packs: Mapping[str, Pack]) -> Text:
    fact = cause.after or cause.before
    assert fact is not None, "a cause has a side"
    name = words.fact(kind_of(fact.stream), fact.event, next(iter(packs.values()), None))
    source, known = named_fact(fact), _known(cause)
    return Text(f"{name.zh}（{source}）：{known.zh}", f"{name.en} ({source}): {known.en}")


def named_fact(fact: Recorded) -> str:
    """What an edit calls a fact: `SOURCE:ID`, or `@VERSION`."""
    return f"{fact.meta.source}:{fact.meta.key}" if fact.meta.key else f"@{fact.version}"


def _known(cause: FactCause) -> Text:
    if cause.before is None:
        return Text("左侧不知", "not known to the left side")
    if cause.after is None:
        return Text("右侧不计", "not known to the right side")
    before, after = (_at(each) for each in (cause.before, cause.after))
    return _same(f"{before} → {after}")


def _at(fact: Recorded) -> str:
    at: Instant = fact.meta.occurred_at
    return when(at)


def _same(text: str) -> Text:
    return Text(text, text)
