"""Two packs compared clause by clause, in words.

Both are first laid out as lines (place, label, value in words); what differs between the lines
differs between the packs. The lines cover all a pack says but its cases, so an empty difference
means the same rules.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from sla_engine.policy.clause import Clause, ExtensionRule, Pack, Rung, Scope, TalkRules, Text
from sla_engine.policy.vocabulary import marks_of
from sla_engine.policy.when import say_when
from sla_engine.worktime import Amount, OfficeHours, format_instant
from sla_engine.worktime.instant import HOUR, MINUTE

NOTHING = Text("无", "none")

_STATUS = {
    "published": Text("有公开来源", "published"),
    "default": Text("默认值，须确认", "default, to be confirmed"),
}
_SCOPES = {
    Scope.PETITION: Text("诉求时钟", "petition clock"),
    Scope.ASSIGNMENT: Text("承办时钟", "assignment clock"),
    Scope.TALK: Text("约谈时钟", "talk clock"),
}
_RECEIPTS = {
    "as_is": Text("按发生时间", "as it happened"),
    "off_to_next": Text("休息日收到的顺延到下一工作日", "off days move to the next working day"),
    "close_to_next": Text("下班后收到的顺延到下一工作日", "after hours moves to the next opening"),
}
_EXPIRIES = {
    "end_of_day": Text("当日 24 时届满", "ends at 24:00"),
    "close_of_business": Text("下班时届满", "ends at close of business"),
}
_REVISIONS = {
    "recompute": Text("重新计算", "recomputed"),
    "never_earlier": Text("不早于已告知的期限", "never earlier than notified"),
}
_GROUPS = {
    "unit": Text("按单位", "by unit"),
    "petition": Text("一事一谈", "by petition"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing a pack says: where, what it is about, and what it says."""

    path: str
    label: Text
    value: Text


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
    shared = _ids(old) & _ids(new)
    before = {line.path: line for line in _lines(old, shared)}
    after = {line.path: line for line in _lines(new, shared)}
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


def _ids(pack: Pack) -> set[str]:
    """Places of clauses and rungs."""
    rungs = {f"{clause.id}.{rung.id}" for clause in pack.clauses for rung in clause.rungs}
    return {clause.id for clause in pack.clauses} | rungs


def _lines(pack: Pack, shared: Set[str]) -> Iterator[Line]:
    """Everything a pack says, its cases apart; what is not `shared` takes one line."""
    yield from _head(pack)
    for section, words in (
        ("steps", pack.steps),
        ("roles", pack.roles),
        ("grounds", pack.grounds),
        ("acts", pack.acts),
    ):
        for name, text in words.items():
            yield Line(f"{section}.{name}", Text(f"用语 {name}", f"word {name}"), text)
    for level in pack.levels:
        label = Text(f"级别 {level.ordinal}", f"level {level.ordinal}")
        yield Line(f"level.{level.ordinal}.name", label, level.name)
        yield Line(f"level.{level.ordinal}.light", label, _plain(level.light))
    for clause in pack.clauses:
        if clause.id in shared:
            yield from _clause(pack, clause)
            yield from _ladder(pack, clause, shared)
        else:
            yield _summary(pack, clause)
    if pack.talk is not None:
        yield from _talk(pack.talk)


def _head(pack: Pack) -> Iterator[Line]:
    begin, end = pack.effective
    plain = (
        ("name", "名称", "name", pack.name),
        ("edition", "版本", "edition", pack.edition),
        ("region", "地区", "region", pack.region),
        ("calendar", "日历", "calendar", pack.calendar),
        ("effective_from", "生效", "in force from", begin.isoformat()),
        ("effective_to", "失效", "in force until", end.isoformat() if end else ""),
        ("recorded_at", "装入时间", "recorded at", format_instant(pack.recorded_at)),
        ("basis", "依据", "basis", "；".join(pack.basis)),
    )
    yield Line("pack.title", Text("标题", "title"), pack.title)
    for key, zh, en, value in plain:
        yield Line(f"pack.{key}", Text(zh, en), _plain(value))
    yield Line("pack.settle", Text("迟知件静置时间", "settling time"), _amount(pack.settle))
    yield Line("pack.status", Text("状态", "status"), _STATUS[pack.status])
    for name, hours in pack.hours.items():
        label = Text(f"作息时间 {name}", f"hours {name}")
        yield Line(f"hours.{name}", label, _plain(_hours(hours)))
        cited = pack.cited[f"hours.{name}"]
        yield Line(f"hours.{name}.basis", label, _plain("；".join(cited.basis)))
        yield Line(f"hours.{name}.status", label, _STATUS[cited.status])


def _clause(pack: Pack, clause: Clause) -> Iterator[Line]:
    at = f"clause.{clause.id}"
    term = clause.term
    marks = {**marks_of(clause.scope), **pack.steps}
    told = (
        ("name", "名称", "name", clause.name),
        ("scope", "时钟", "clock", _SCOPES[clause.scope]),
        ("match", "适用范围", "applies to", _match(clause)),
        ("start", "起算", "starts on", _names(clause.start, marks)),
        ("stop", "停止（其一）", "stops on any of", _names(clause.stop_any, marks)),
        ("stop_all", "停止（全部）", "stops on all of", _names(clause.stop_all, marks)),
        ("limit", "时限", "limit", _amount(term.amount)),
        ("receipt", "收到时间", "receipt", _RECEIPTS[term.receipt]),
        ("expiry", "届满", "expiry", _EXPIRIES[term.expiry]),
        ("roll", "末日顺延", "last day rolls", _yes(term.roll)),
        ("hours", "作息", "hours", _plain(clause.hours)),
        ("pauses", "中止事由", "pauses on", _names(sorted(clause.pauses), pack.grounds)),
        ("repeat", "重复起算", "repeats", _yes(clause.repeat)),
        ("revision", "放假调整时", "on a calendar revision", _REVISIONS[clause.revision]),
        ("basis", "依据", "basis", _plain("；".join(clause.basis))),
        ("status", "状态", "status", _STATUS[clause.status]),
    )
    for key, zh, en, value in told:
        yield Line(f"{at}.{key}", _label(clause, zh, en), value)
    if clause.extension is not None:
        yield from _extension(clause, clause.extension)


def _ladder(pack: Pack, clause: Clause, shared: Set[str]) -> Iterator[Line]:
    for rung in clause.rungs:
        label = _label(clause, f"阶梯 {rung.id} ", f"rung {rung.id}, ")
        path = f"clause.{clause.id}.rung.{rung.id}"
        told = _rung(pack, rung)
        if f"{clause.id}.{rung.id}" in shared:
            for key, zh, en, value in told:
                yield Line(f"{path}.{key}", Text(label.zh + zh, label.en + en), value)
        else:
            zh = "，".join(value.zh for *_, value in told)
            en = ", ".join(value.en for *_, value in told)
            yield Line(path, Text(label.zh.strip(), label.en.strip(", ")), Text(zh, en))


def _rung(pack: Pack, rung: Rung) -> list[tuple[str, str, str, Text]]:
    told = [
        ("at", "时点", "instant", say_when(rung.when)),
        ("act", "动作", "act", pack.acts[rung.act]),
        ("level", "级别", "level", Text(f"级别 {rung.level}", f"level {rung.level}")),
        ("to", "送达", "sent to", _names(rung.to, pack.roles)),
        ("basis", "依据", "basis", _plain(rung.basis)),
        ("status", "状态", "status", _STATUS[rung.status]),
    ]
    if rung.tier:
        tier = Text(f"{rung.tier} 级约谈", f"tier {rung.tier}")
        told.insert(2, ("tier", "层级", "tier", tier))
    if rung.from_cycle > 1:
        cycle = Text(f"第 {rung.from_cycle} 轮起", f"from cycle {rung.from_cycle} on")
        told.insert(0, ("from_cycle", "轮次", "cycles", cycle))
    return told


def _summary(pack: Pack, clause: Clause) -> Line:
    """A clause that only one of the packs has."""
    marks = {**marks_of(clause.scope), **pack.steps}
    start = _names(clause.start, marks)
    stop = _names((*clause.stop_any, *clause.stop_all), marks)
    limit, rungs = _amount(clause.term.amount), len(clause.rungs)
    value = Text(
        f"{start.zh} → {stop.zh}，{limit.zh}，阶梯 {rungs} 个",
        f"{start.en} → {stop.en}, {limit.en}, {rungs} rungs",
    )
    label = Text(f"条款“{clause.name.zh}”（{clause.id}）", f"clause {clause.id}")
    return Line(f"clause.{clause.id}", label, value)


def _label(clause: Clause, zh: str, en: str) -> Text:
    return Text(f"条款“{clause.name.zh}”（{clause.id}）{zh}", f"clause {clause.id}, {en}")


def _extension(clause: Clause, rule: ExtensionRule) -> Iterator[Line]:
    told = (
        ("max_count", "延期次数上限", "extensions at most", _plain(str(rule.max_count))),
        ("each_max", "每次延期上限", "each at most", _maybe(rule.each_max)),
        ("total_max", "累计延期上限", "together at most", _maybe(rule.total_max)),
        ("basis", "延期依据", "basis of extension", _plain("；".join(rule.basis))),
        ("status", "延期状态", "status of extension", _STATUS[rule.status]),
    )
    for key, zh, en, value in told:
        yield Line(f"clause.{clause.id}.extension.{key}", _label(clause, zh, en), value)


def _talk(talk: TalkRules) -> Iterator[Line]:
    told = (
        ("group_by", "并件", "grouped", _GROUPS[talk.group_by]),
        ("delegation_allowed", "可否委托他人", "a deputy may come", _yes(talk.delegation_allowed)),
        ("top_tier", "最高层级", "top tier", _plain(str(talk.top_tier))),
        ("basis", "依据", "basis", _plain("；".join(talk.basis))),
        ("status", "状态", "status", _STATUS[talk.status]),
    )
    for key, zh, en, value in told:
        yield Line(f"talk.{key}", Text(f"约谈{zh}", f"talk, {en}"), value)
    for tier, lead in talk.notice_lead.items():
        label = Text(f"{tier} 级约谈提前通知", f"talk tier {tier}, notice lead")
        yield Line(f"talk.notice_lead.{tier}", label, _amount(lead))
    for tier, (talker, summoned) in talk.parties.items():
        label = Text(f"{tier} 级约谈双方", f"talk tier {tier}, parties")
        both = Text(f"{talker.zh} → {summoned.zh}", f"{talker.en} → {summoned.en}")
        yield Line(f"talk.parties.{tier}", label, both)


def _plain(value: str) -> Text:
    return Text(value, value) if value else NOTHING


def _yes(value: bool) -> Text:
    return Text("是", "yes") if value else Text("否", "no")


def _amount(amount: Amount) -> Text:
    return Text(str(amount), amount.en())


def _maybe(amount: Amount | None) -> Text:
    return NOTHING if amount is None else _amount(amount)


def _match(clause: Clause) -> Text:
    if not clause.match.fields:
        return Text("全部", "all")
    return _plain(
        " & ".join(f"{name} = {' | '.join(v)}" for name, v in sorted(clause.match.fields.items()))
    )


def _names(names: Sequence[str], texts: Mapping[str, Text]) -> Text:
    """Words of several names; the codes stand beside, because two may be worded alike."""
    if not names:
        return NOTHING
    return Text(
        "、".join(f"{texts[name].zh}（{name}）" for name in names),
        ", ".join(f"{texts[name].en} ({name})" for name in names),
    )


def _hours(hours: OfficeHours) -> str:
    """`06-01 08:30–12:00 14:00–18:00; 10-01 …`."""
    return "; ".join(
        f"{first // 100:02}-{first % 100:02} "
        + " ".join(f"{_clock(begin)}–{_clock(end)}" for begin, end in sessions)
        for first, sessions in hours.seasons
    )


def _clock(micros: int) -> str:
    return f"{micros // HOUR:02}:{micros % HOUR // MINUTE:02}"
