"""What happened, told for a page: facts and acts on both time axes, clocks as rows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from markupsafe import Markup

from projections import talk_register, worklist
from sla_engine import words
from sla_engine.dossier.events import AnomalyNoted, RungFired, RungWithdrawn, TermRefixed
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Level, Pack, Text
from sla_engine.record import ENGINE, Event, Instant, Recorded
from sla_engine.showing.clocks import left_of, level_of
from sla_engine.showing.officers import Officers
from sla_engine.showing.places import place
from sla_engine.showing.timeline import INSTANTS, Entry, entries, one_of, said_of
from sla_engine.showing.written import deadline, duration, when
from sla_engine.sla.assess import Reading, State
from sla_engine.sla.derivation import ClockDerivation, derivation_of
from sla_engine.web.console.case import Case
from sla_engine.web.console.causes import Causes
from sla_engine.worktime import Remaining, Unit, format_instant, narrate

Card = Literal["red", "over", "yellow", "green", "grey"]

CARDS: Mapping[Card, Text] = {
    "red": Text("红牌", "red card"),
    "over": Text("超时", "overdue"),
    "yellow": Text("黄牌", "yellow card"),
    "green": Text("正常", "in order"),
    "grey": Text("已了结", "ended"),
}
_RED = frozenset({"red", "orange", "purple", "black"})
_ENDED = worklist.ENDED | talk_register.ENDED
_SAME_MOMENT = 60_000_000
_GRAVE: Sequence[Card] = ("red", "over", "yellow", "green", "grey")
_BY_CAUSE = "cause "
_COUNTED = {
    Unit.WORKDAYS: Text("个工作日", " working days"),
    Unit.HALF_WORKDAYS: Text("个半日", " half-days"),
}
_DAYS = Text("天", " days")
VALUES: Mapping[str, Text] = {
    "enterprise": Text("企业", "enterprise"),
    "person": Text("个人", "person"),
    "normal": Text("普通", "normal"),
    "urgent": Text("紧急", "urgent"),
    "solved": Text("已解决", "solved"),
    "explained": Text("解释说明", "explained"),
    "unsolved": Text("未解决", "not solved"),
}
"""Words for values that upstream systems send as codes."""

PERSONAL: Mapping[str, Text] = {
    **dict.fromkeys(("name", "姓名"), Text("姓名", "name")),
    **dict.fromkeys(("contact", "联系人"), Text("联系人", "contact")),
    **dict.fromkeys(("phone", "tel", "电话"), Text("电话", "telephone")),
    **dict.fromkeys(("mobile", "手机", "手机号"), Text("手机", "mobile phone")),
    "联系电话": Text("联系电话", "telephone"),
    **dict.fromkeys(("id_number", "id_card", "身份证", "身份证号"), Text("身份证号", "ID number")),
    "证件号": Text("证件号", "ID number"),
    **dict.fromkeys(("address", "地址"), Text("地址", "address")),
    "住址": Text("住址", "home address"),
    "联系地址": Text("联系地址", "postal address"),
    **dict.fromkeys(("email", "mail", "邮箱", "电子邮箱"), Text("电子邮箱", "e-mail")),
    **dict.fromkeys(("content", "内容"), Text("诉求内容", "what it says")),
}
"""Words for the fields of personal data, however an upstream system names them."""


class Line(NamedTuple):
    """One event on the timeline. `late`: how long after it happened the log learned of it, "" where
    at once; `gone`: the version of whatever took it away, 0 if it stands."""

    recorded: Recorded
    title: Text
    details: Sequence[str]
    tone: str
    late: str
    gone: int

    @property
    def is_act(self) -> bool:
        return self.recorded.meta.source == ENGINE


class ClockRow(NamedTuple):
    """A clock as a row of a table, and why it stands so."""

    reading: Reading
    card: Card
    state: Text
    left: str
    level: Level | None
    upcoming: str


class Held(NamedTuple):
    """The worst card of a dossier, and the clocks that account for it, by clause and cycle."""

    card: Card
    clocks: Sequence[tuple[str, str]] = ()


class Why(NamedTuple):
    """Why a clock is due when it is: the derivation, and its steps as they are read out. `card`:
    the one it accounts for, though it may have ended."""

    row: ClockRow
    card: Card
    told: ClockDerivation
    steps: Sequence[str]
    rungs: Sequence[tuple[Instant, Text, bool, str]]


def by(instant: Instant | None) -> Markup:
    """An instant by which something is due, as officials write it: midnight is 24:00."""
    if instant is None:
        return Markup("—")
    text = format_instant(instant)
    return Markup('<time datetime="{}">{}</time>').format(text, deadline(instant)[:16])


def card_of(acts: Collection[str], late: bool) -> Card:
    """The card that standing acts come to; what is late without one is said to be so."""
    worst: tuple[Card, ...] = ("red", "yellow")
    return next((card for card in worst if card in acts), "over" if late else "green")


def held_of(case: Case) -> Held:
    """The worst card that stands; none once the matter has ended."""
    at = case.assessment.at
    every = (act for acts in case.assessment.dossier.acts.values() for act in acts)
    standing = [act.fired for act in every if act.stands and act.fired.at <= at]
    late = [each.key for each in case.readings if each.state is State.OVERDUE]
    if case.phase in _ENDED:
        return Held("grey")
    card = card_of({each.act for each in standing}, bool(late))
    given = [(each.clause, each.cycle) for each in standing if each.act == card]
    return Held(card, late if card == "over" else list(dict.fromkeys(given)))


def lines(case: Case, language: str, why: Causes, officers: Officers | None = None) -> list[Line]:
    """Every event that counts, in the order in which it happened."""
    say = _Sayer(case.pack, language, why)
    return [_line(each, say) for each in entries(case.assessment.dossier, case.shown, officers)]


def clock_rows(case: Case, language: str) -> list[ClockRow]:
    """Every clock; those that still run first, the most urgent before the others."""
    rows = [_clock(each, language) for each in case.readings]
    return sorted(rows, key=_urgency)


def whys(rows: Sequence[ClockRow], held: Held, language: str) -> list[Why]:
    """The derivation of every clock, read out; the gravest first."""
    found = [_why(row, held, language) for row in rows]
    return sorted(found, key=lambda why: _GRAVE.index(why.card))


# --------------------------------------------------------------------------------------- events


class _Sayer(NamedTuple):
    """The words of one pack in one language."""

    pack: Pack
    language: str
    why: Causes

    def word(self, text: Text) -> str:
        return say(text, self.language)

    def listed(self, parts: Sequence[str]) -> str:
        return ("、" if self.language == "zh" else ", ").join(parts)

    def causes(self, found: Sequence[str]) -> str:
        """Acts by which a talk came about; a cause that a person wrote stays as it is."""
        return self.listed([self.word(each) for each in self.why.told(found)])

    def clause(self, name: str) -> str:
        found = next((each for each in self.pack.clauses if each.id == name), None)
        return self.word(found.name) if found is not None else name

    def role(self, name: str, holders: Sequence[str]) -> str:
        """A role in words, with the names of those who held it."""
        named = self.word(self.pack.roles.get(name, Text(name, name)))
        left, right = ("（", "）") if self.language == "zh" else (" (", ")")
        return f"{named}{left}{self.listed(holders)}{right}" if holders else named


def say(text: Text, language: str) -> str:
    """A text in the page's language."""
    return text.zh if language == "zh" else text.en


def _line(entry: Entry, say: _Sayer) -> Line:
    recorded, meta = entry.recorded, entry.recorded.meta
    behind = meta.recorded_at - meta.occurred_at
    late = duration(behind, say.language) if behind >= _SAME_MOMENT else ""
    details = [each for each in _details(entry, say) if each]
    tone = _tone(recorded.event, say.pack)
    return Line(recorded, _title(recorded, say.pack), details, tone, late, entry.gone)


def _tone(event: Event, pack: Pack) -> str:
    if isinstance(event, RungFired):
        level = pack.level(event.level)
        light = level.light if level is not None else ""
        return "red" if light in _RED else "yellow" if light == "yellow" else "act"
    return "act" if isinstance(event, RungWithdrawn | TermRefixed | AnomalyNoted) else "fact"


def _title(recorded: Recorded, pack: Pack) -> Text:
    event = recorded.event
    match event:
        case RungFired():
            return words.act(event.act, pack)
        case RungWithdrawn():
            return Text("撤回督办动作", "act withdrawn")
        case TermRefixed():
            return Text("重定期限", "term re-fixed")
        case AnomalyNoted():
            return Text("异常", "anomaly")
        case _:
            return words.fact(kind_of(recorded.stream), event, pack)


def _details(entry: Entry, say: _Sayer) -> Iterator[str]:
    event, meta = entry.event, entry.recorded.meta
    match event:
        case RungFired():
            yield from _fired(event, entry.holders, say)
        case RungWithdrawn():
            by = Text("推翻者为第", "overturned by record ")
            end = Text("条记录", "")
            overturned = f"{say.word(by)}{event.overturned_by}{say.word(end)}"
            yield say.word(Text("，", ", ")).join((say.clause(event.clause), overturned))
        case TermRefixed():
            moved = f"{deadline(event.old_due)} → {deadline(event.new_due)}"
            yield f"{say.clause(event.clause)} {moved}"
        case AnomalyNoted():
            yield f"{event.code} {event.where}"
        case _:
            yield from _said(event, say)
            if meta.actor:
                yield f"{say.word(words.FIELDS['by'])} {meta.actor}"
    if meta.anomaly:
        yield meta.anomaly


def _fired(event: RungFired, holders: Mapping[str, Sequence[str]], say: _Sayer) -> Iterator[str]:
    yield say.clause(event.clause)
    if event.due != event.at:
        yield f"{say.word(words.FIELDS['due'])} {deadline(event.due)}"
    if event.to:
        to = [say.role(each, holders.get(each, ())) for each in event.to]
        yield f"{say.word(Text('发给', 'to'))} {say.listed(to)}"
    yield event.unit
    if event.silent:
        yield say.word(words.SILENCE.get(event.silent, Text(event.silent, event.silent)))


def _said(event: Event, say: _Sayer) -> Iterator[str]:
    """What a fact says beyond its name, field by field."""
    for name, value in said_of(event):
        label = words.FIELDS.get(name)
        yield f"{say.word(label) if label else name} {_shown(name, value, say)}"


def _shown(name: str, value: Any, say: _Sayer) -> str:
    if name in INSTANTS:
        return when(value)
    match name:
        case "cause" | "causes":
            shown = say.causes((value,) if isinstance(value, str) else value)
        case "clause":
            shown = say.clause(value)
        case "region":
            shown = say.word(place(value))
        case "reason" if value.startswith(_BY_CAUSE):
            shown = say.causes([value.removeprefix(_BY_CAUSE)])
        case "ground":
            found = say.pack.grounds.get(value) or say.pack.exclusions.get(value)
            shown = say.word(found) if found is not None else str(value)
        case _:
            shown = _plain(value, say)
    return shown


def _plain(value: Any, say: _Sayer) -> str:
    if isinstance(value, bool):
        return say.word(Text("是", "yes") if value else Text("否", "no"))
    if isinstance(value, tuple):
        return say.listed([one_of(each) for each in value])
    if isinstance(value, Mapping):
        return say.listed([f"{each} {count}" for each, count in value.items()])
    text = str(value)
    return say.word(VALUES.get(text, Text(text, text)))


# --------------------------------------------------------------------------------------- clocks


def _clock(reading: Reading, language: str) -> ClockRow:
    pack = reading.cycle.pack
    coming = reading.next if reading.state.open else None
    upcoming = ""
    if coming is not None:
        upcoming = f"{say(words.act(coming.rung.act, pack), language)} {when(coming.fire_at)}"
    return ClockRow(
        reading,
        _card(reading) if reading.state.open else "grey",
        words.STATES[reading.state.value],
        _left(reading, language),
        level_of(reading),
        upcoming,
    )


def _card(reading: Reading) -> Card:
    acts = {each.rung.act for each in reading.fired}
    return card_of(acts, reading.state is State.OVERDUE)


def _urgency(row: ClockRow) -> tuple[bool, bool, int, int]:
    reading = row.reading
    due = reading.due
    return (not reading.state.open, due is None, due or 0, reading.start)


def _left(reading: Reading, language: str) -> str:
    """What is left, by how much it is over, or by how much it was early or late."""
    if reading.state.open:
        left = left_of(reading)
        assert left is not None
        return _open(left, reading, language)
    stopped, due = reading.stopped_at, reading.due
    if reading.state in (State.CANCELLED, State.LAPSED) or stopped is None or due is None:
        return "—"
    sign = Text("提前", "early by ") if stopped <= due else Text("超时", "late by ")
    return say(sign, language) + duration(due - stopped, language)


def _open(left: Remaining, reading: Reading, language: str) -> str:
    if left.due is None:
        return say(Text("中止中", "suspended"), language)
    over = say(Text("已超", "over by ") if left.overdue else Text("还有", ""), language)
    unit = reading.schedule.last.term.amount.unit
    count = left.days if left.days is not None else left.half_days
    if count:
        return f"{over}{abs(count)}{say(_COUNTED.get(unit, _DAYS), language)}"
    if count == 0 and not left.overdue:
        return say(Text("今日到期", "due today"), language)
    if left.seconds is not None and not left.overdue:
        return over + duration(left.seconds * 1_000_000, language)
    so_far = reading.at - left.due
    if so_far < _SAME_MOMENT:
        return over + say(Text("不到1分钟", "less than a minute"), language)
    return over + duration(so_far, language)


def _why(row: ClockRow, held: Held, language: str) -> Why:
    reading = row.reading
    card = held.card if reading.key in held.clocks else row.card
    told = derivation_of(reading)
    steps = narrate.zh(told.working) if language == "zh" else narrate.en(told.working)
    pack = reading.cycle.pack
    rungs = [
        (each.legal, words.act(each.rung.act, pack), each.at <= reading.at, each.rung.basis)
        for each in reading.schedule.firings
    ]
    return Why(row, card, told, steps, rungs)
