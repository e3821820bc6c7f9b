"""All that a pack says but its cases, laid out as lines (place, label, value in words)."""

from collections.abc import Iterator, Set

from sla_engine.policy.annex_lines import annex_ids, annex_lines
from sla_engine.policy.clause import Clause, ExtensionRule, Pack, Rung, Scope, TalkRules, Text
from sla_engine.policy.vocabulary import LIABLE, marks_of
from sla_engine.policy.when import say_when
from sla_engine.policy.wording import (
    STATUS,
    Line,
    Told,
    amount,
    cited,
    level,
    matching,
    named,
    plain,
    tier,
    told_lines,
    yes,
)
from sla_engine.worktime import OfficeHours, format_instant
from sla_engine.worktime.instant import HOUR, MINUTE

_SCOPES = {
    Scope.PETITION: Text("诉求时钟", "petition clock"),
    Scope.ASSIGNMENT: Text("承办时钟", "assignment clock"),
    Scope.TALK: Text("约谈时钟", "talk clock"),
    Scope.ITEM: Text("清单事项时钟", "item clock"),
    Scope.ROUND: Text("轮次时钟", "round clock"),
    Scope.MEMBER: Text("成员时钟", "member clock"),
    Scope.DISPUTE: Text("争议时钟", "dispute clock"),
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
_LATES = {
    "overdue": Text("逾期", "overdue"),
    "barred": Text("失权，不再接受", "barred"),
}


def ids(pack: Pack) -> set[str]:
    """Places of clauses, rungs and the tables beside them."""
    rungs = {f"{clause.id}.{rung.id}" for clause in pack.clauses for rung in clause.rungs}
    return {clause.id for clause in pack.clauses} | rungs | annex_ids(pack)


def lines(pack: Pack, shared: Set[str]) -> Iterator[Line]:
    """Everything a pack says, its cases apart; what is not `shared` takes one line."""
    yield from _head(pack)
    for section, words in (
        ("steps", pack.steps),
        ("roles", pack.roles),
        ("grounds", pack.grounds),
        ("exclusions", pack.exclusions),
        ("questions", pack.questions),
        ("acts", pack.acts),
    ):
        for name, text in words.items():
            yield Line(f"{section}.{name}", Text(f"用语 {name}", f"word {name}"), text)
    for each in pack.levels:
        label = Text(f"级别 {each.ordinal}", f"level {each.ordinal}")
        yield Line(f"level.{each.ordinal}.name", label, each.name)
        yield Line(f"level.{each.ordinal}.light", label, plain(each.light))
    for clause in pack.clauses:
        if clause.id in shared:
            yield from _clause(pack, clause)
            yield from _ladder(pack, clause, shared)
        else:
            yield _summary(pack, clause)
    if pack.talk is not None:
        yield from _talk(pack.talk)
    yield from annex_lines(pack, shared)


def _head(pack: Pack) -> Iterator[Line]:
    begin, end = pack.effective
    texts = (
        ("name", "名称", "name", pack.name),
        ("edition", "版本", "edition", pack.edition),
        ("region", "地区", "region", pack.region),
        ("calendar", "日历", "calendar", pack.calendar),
        ("talks_by", "约谈适用", "talks governed by", pack.talks_by),
        ("effective_from", "生效", "in force from", begin.isoformat()),
        ("effective_to", "失效", "in force until", end.isoformat() if end else ""),
        ("recorded_at", "装入时间", "recorded at", format_instant(pack.recorded_at)),
        ("basis", "依据", "basis", "；".join(pack.basis)),
    )
    yield Line("pack.title", Text("标题", "title"), pack.title)
    for key, zh, en, value in texts:
        yield Line(f"pack.{key}", Text(zh, en), plain(value))
    yield Line("pack.settle", Text("迟知件静置时间", "settling time"), amount(pack.settle))
    yield Line("pack.status", Text("状态", "status"), STATUS[pack.status])
    for name, hours in pack.hours.items():
        label = Text(f"作息时间 {name}", f"hours {name}")
        yield Line(f"hours.{name}", label, plain(_hours(hours)))
        cited = pack.cited[f"hours.{name}"]
        yield Line(f"hours.{name}.basis", label, plain("；".join(cited.basis)))
        yield Line(f"hours.{name}.status", label, STATUS[cited.status])


def _clause(pack: Pack, clause: Clause) -> Iterator[Line]:
    at = f"clause.{clause.id}"
    term = clause.term
    marks = {**marks_of(clause.scope), **pack.steps}
    told = (
        ("name", "名称", "name", clause.name),
        ("scope", "时钟", "clock", _SCOPES[clause.scope]),
        ("match", "适用范围", "applies to", matching(clause.match)),
        ("start", "起算", "starts on", named(clause.start, marks)),
        ("stop", "停止（其一）", "stops on any of", named(clause.stop_any, marks)),
        ("stop_all", "停止（全部）", "stops on all of", named(clause.stop_all, marks)),
        ("limit", "时限", "limit", amount(term.amount)),
        ("receipt", "收到时间", "receipt", _RECEIPTS[term.receipt]),
        ("expiry", "届满", "expiry", _EXPIRIES[term.expiry]),
        ("roll", "末日顺延", "last day rolls", yes(term.roll)),
        ("hours", "作息", "hours", plain(clause.hours)),
        ("pauses", "中止事由", "pauses on", named(sorted(clause.pauses), pack.grounds)),
        ("repeat", "重复起算", "repeats", yes(clause.repeat)),
        ("revision", "放假调整时", "on a calendar revision", _REVISIONS[clause.revision]),
        ("late", "期满之后", "after the due instant", _LATES[clause.late]),
        ("liable", "责任方", "answers for it", LIABLE[clause.liable]),
        ("own_limit", "可自带期限", "takes a limit of its own", yes(clause.own_limit)),
        ("beside", "并行的条款", "runs beside", plain("、".join(clause.beside))),
        ("basis", "依据", "basis", plain("；".join(clause.basis))),
        ("status", "状态", "status", STATUS[clause.status]),
    )
    for key, zh, en, value in told:
        yield Line(f"{at}.{key}", _label(clause, zh, en), value)
    if clause.extension is not None:
        yield from _extension(clause, clause.extension)


def _ladder(pack: Pack, clause: Clause, shared: Set[str]) -> Iterator[Line]:
    for rung in clause.rungs:
        path = f"clause.{clause.id}.rung.{rung.id}"
        label = _label(clause, f"阶梯 {rung.id} ", f"rung {rung.id}")
        yield from told_lines(path, label, _rung(pack, rung), f"{clause.id}.{rung.id}" in shared)


def _rung(pack: Pack, rung: Rung) -> list[Told]:
    told = [
        ("at", "时点", "instant", say_when(rung.when)),
        ("act", "动作", "act", pack.acts[rung.act]),
        ("level", "级别", "level", level(rung.level)),
        ("to", "送达", "sent to", named(rung.to, pack.roles)),
        *cited(rung.basis, rung.status),
    ]
    if rung.tier:
        told.insert(2, ("tier", "层级", "tier", tier(rung.tier)))
    if rung.from_cycle > 1:
        cycle = Text(f"第 {rung.from_cycle} 轮起", f"from cycle {rung.from_cycle} on")
        told.insert(0, ("from_cycle", "轮次", "cycles", cycle))
    return told


def _summary(pack: Pack, clause: Clause) -> Line:
    """A clause that only one of the packs has."""
    marks = {**marks_of(clause.scope), **pack.steps}
    start = named(clause.start, marks)
    stop = named((*clause.stop_any, *clause.stop_all), marks)
    limit, rungs = amount(clause.term.amount), len(clause.rungs)
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
        ("max_count", "延期次数上限", "extensions at most", plain(str(rule.max_count))),
        ("ask_before", "最迟提前申请", "asked for ahead by", amount(rule.ask_before)),
        ("each_max", "每次延期上限", "each at most", amount(rule.each_max)),
        ("total_max", "累计延期上限", "together at most", amount(rule.total_max)),
        ("basis", "延期依据", "basis of extension", plain("；".join(rule.basis))),
        ("status", "延期状态", "status of extension", STATUS[rule.status]),
    )
    for key, zh, en, value in told:
        yield Line(f"clause.{clause.id}.extension.{key}", _label(clause, zh, en), value)


def _talk(talk: TalkRules) -> Iterator[Line]:
    told = (
        ("group_by", "并件", "grouped", _GROUPS[talk.group_by]),
        ("delegation_allowed", "可否委托他人", "a deputy may come", yes(talk.delegation_allowed)),
        ("top_tier", "最高层级", "top tier", plain(str(talk.top_tier))),
        ("basis", "依据", "basis", plain("；".join(talk.basis))),
        ("status", "状态", "status", STATUS[talk.status]),
    )
    for key, zh, en, value in told:
        yield Line(f"talk.{key}", Text(f"约谈{zh}", f"talk, {en}"), value)
    for number, lead in talk.notice_lead.items():
        label = Text(f"{number} 级约谈提前通知", f"talk tier {number}, notice lead")
        yield Line(f"talk.notice_lead.{number}", label, amount(lead))
    for number, (talker, summoned) in talk.parties.items():
        label = Text(f"{number} 级约谈双方", f"talk tier {number}, parties")
        both = Text(f"{talker.zh} → {summoned.zh}", f"{talker.en} → {summoned.en}")
        yield Line(f"talk.parties.{number}", label, both)


def _hours(hours: OfficeHours) -> str:
    """`06-01 08:30–12:00 14:00–18:00; 10-01 …`."""
    return "; ".join(
        f"{first // 100:02}-{first % 100:02} "
        + " ".join(f"{_clock(begin)}–{_clock(end)}" for begin, end in sessions)
        for first, sessions in hours.seasons
    )


def _clock(micros: int) -> str:
    return f"{micros // HOUR:02}:{micros % HOUR // MINUTE:02}"
