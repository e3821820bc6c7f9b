"""Error codes of policy packs, and what every check needs to name a fault."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from sla_engine.errors import Fault, register, shorten

PACK_SYNTAX = register(
    "PACK_SYNTAX",
    "不是合法的 TOML：{found}",
    "not valid TOML: {found}",
    "常见原因是引号或括号不成对、中文没有放进引号",
    "usually an unpaired quote or bracket, or Chinese text outside quotes",
)
PACK_KEY_UNKNOWN = register(
    "PACK_KEY_UNKNOWN",
    "没有“{found}”这个字段，可用的有：{allowed}",
    "there is no key {found!r}; there are: {allowed}",
)
PACK_KEY_MISSING = register(
    "PACK_KEY_MISSING",
    "缺少字段“{found}”",
    "the key {found!r} is missing",
)
PACK_VALUE = register(
    "PACK_VALUE",
    "“{found}”不是可用的值，应为：{allowed}",
    "{found!r} is not a usable value; it should be: {allowed}",
)
PACK_WHEN = register(
    "PACK_WHEN",
    "“{found}”不是阶梯时点的写法，应为：{allowed}",
    "{found!r} is not how the instant of a rung is written; it should be: {allowed}",
)
PACK_DUPLICATE = register(
    "PACK_DUPLICATE",
    "“{found}”重复出现",
    "{found!r} is given more than once",
)
BASIS_MISSING = register(
    "BASIS_MISSING",
    "没有写依据",
    "no basis is given",
    '写明出处；原文未载明的值写 status = "default" 并在依据中说明',
    'cite the source; where no source gives a value, write status = "default" and say so',
)
MARK_UNKNOWN = register(
    "MARK_UNKNOWN",
    "没有“{found}”这个节点，可用的有：{allowed}",
    "there is no mark {found!r}; there are: {allowed}",
    "本地特有的节点先在 [steps] 中列出",
    "a local milestone is first listed under [steps]",
)
TRAIT_UNKNOWN = register(
    "TRAIT_UNKNOWN",
    "不能按“{found}”匹配，可用的有：{allowed}",
    "nothing can be matched on {found!r}; there are: {allowed}",
)
ACT_UNKNOWN = register(
    "ACT_UNKNOWN",
    "此处没有“{found}”这个动作，可用的有：{allowed}",
    "there is no act {found!r} here; there are: {allowed}",
)
ROLE_UNKNOWN = register(
    "ROLE_UNKNOWN",
    "[roles] 中没有“{found}”，已列出的有：{allowed}",
    "[roles] has no {found!r}; it has: {allowed}",
)
GROUND_UNKNOWN = register(
    "GROUND_UNKNOWN",
    "[grounds] 中没有中止事由“{found}”，已列出的有：{allowed}",
    "[grounds] has no {found!r}; it has: {allowed}",
)
HOURS_UNKNOWN = register(
    "HOURS_UNKNOWN",
    "[hours] 中没有“{found}”，已列出的有：{allowed}",
    "[hours] has no {found!r}; it has: {allowed}",
)
LEVEL_UNKNOWN = register(
    "LEVEL_UNKNOWN",
    "[[level]] 中没有级别 {found}，已列出的有：{allowed}",
    "[[level]] has no ordinal {found}; it has: {allowed}",
)
CLAUSE_UNKNOWN = register(
    "CLAUSE_UNKNOWN",
    "没有条款“{found}”，已有的是：{allowed}",
    "there is no clause {found!r}; there are: {allowed}",
)
LIST_UNKNOWN = register(
    "LIST_UNKNOWN",
    "没有清单“{found}”，已有的是：{allowed}",
    "there is no list {found!r}; there are: {allowed}",
    "清单先用 [[list]] 列出",
    "a list is first declared by [[list]]",
)
SERIES_UNKNOWN = register(
    "SERIES_UNKNOWN",
    "没有系列“{found}”，已有的是：{allowed}",
    "there is no series {found!r}; there are: {allowed}",
)
MEASURE_UNKNOWN = register(
    "MEASURE_UNKNOWN",
    "没有指标“{found}”，已有的是：{allowed}",
    "there is no measure {found!r}; there are: {allowed}",
)
DIMENSION_UNKNOWN = register(
    "DIMENSION_UNKNOWN",
    "该系列没有评分维度“{found}”，已有的是：{allowed}",
    "the series has no dimension {found!r}; it has: {allowed}",
)
COUNTER_UNKNOWN = register(
    "COUNTER_UNKNOWN",
    "没有“{found}”这个计数，可用的有：{allowed}",
    "nothing is counted as {found!r}; there are: {allowed}",
)
COUNT_UNKNOWN = register(
    "COUNT_UNKNOWN",
    "触发条件不能累计“{found}”，可用的有：{allowed}",
    "a trigger cannot count {found!r}; there are: {allowed}",
    "写法：act:动作、act:动作@条款、place:榜次、talk:层级",
    "written as act:ACT, act:ACT@CLAUSE, place:PLACE or talk:TIER",
)
RUNG_UNKNOWN = register(
    "RUNG_UNKNOWN",
    "该条款没有阶梯“{found}”，已有的是：{allowed}",
    "the clause has no rung {found!r}; it has: {allowed}",
)
EFFECTIVE_ORDER = register(
    "EFFECTIVE_ORDER",
    "失效日期 {found} 不晚于生效日期 {allowed}",
    "the edition ends on {found}, not after it begins on {allowed}",
)
EDITIONS_OVERLAP = register(
    "EDITIONS_OVERLAP",
    "与版本 {found} 的有效期重叠，冲突日期：{allowed}",
    "its time in force overlaps that of edition {found}, on {allowed}",
    "先结束的版本写明 effective_to；同一天只能有一个版本生效",
    "give the earlier edition an effective_to; one edition alone is in force on a day",
)
CLAUSE_NEVER_STOPS = register(
    "CLAUSE_NEVER_STOPS",
    "这个时钟永远停不下来，停止节点：{found}",
    "this clock can never stop; its stop marks: {found}",
    "stop 或 stop_all 至少写一个会在起算之后出现的节点",
    "name in stop or stop_all at least one mark that comes after the start",
)
CLAUSE_STOPS_AT_ONCE = register(
    "CLAUSE_STOPS_AT_ONCE",
    "“{found}”既是起算节点又是停止节点",
    "{found!r} is both a start and a stop",
)
CLAUSE_CONTRADICTS = register(
    "CLAUSE_CONTRADICTS",
    "与条款 {found} 范围重叠，起止相同而期限不同：{allowed}",
    "it overlaps clause {found}: same start and stop, different limits ({allowed})",
    "用 match 把两条分开，或删去其中一条；两个时钟都要的，在其中一条写 beside",
    "tell the two apart with match, drop one, or let one name the other in `beside`: both run then",
)
CLAUSE_HOURS_MISFIT = register(
    "CLAUSE_HOURS_MISFIT",
    "作息“{allowed}”之下不能使用“{found}”",
    "{found!r} cannot be used under the hours {allowed!r}",
    "24x7 没有上下班时刻，半个工作日需要上午、下午两段",
    "24x7 has no opening or close, and half-days need a morning and an afternoon",
)
EXTENSION_UNIT = register(
    "EXTENSION_UNIT",
    "延期“{found}”与期限“{allowed}”单位不同",
    "the extension {found} is not in the unit of the limit {allowed}",
)
EXTENSION_TOTAL = register(
    "EXTENSION_TOTAL",
    "每次延期上限“{found}”超过累计上限“{allowed}”",
    "one extension of {found} is more than all together may add, {allowed}",
)
RUNG_UNREACHABLE = register(
    "RUNG_UNREACHABLE",
    "时点“{found}”落在时钟之外，永远等不到；可用范围：{allowed}",
    "the instant {found!r} lies outside the clock and is never waited for; allowed: {allowed}",
)
RUNG_ORDER = register(
    "RUNG_ORDER",
    "级别 {found} 低于更早的阶梯 {allowed}，时间越靠后级别不得越低",
    "level {found} is below that of an earlier rung ({allowed}); levels must not fall with time",
)
RUNG_TIER = register(
    "RUNG_TIER",
    "约谈层级 {found} 不可用，应为：{allowed}",
    "tier {found} cannot be used; it should be: {allowed}",
)
RUNG_CYCLE = register(
    "RUNG_CYCLE",
    "条款不重复起算，不会有第 {found} 轮",
    "the clause does not repeat, so there is no cycle {found}",
)
TALK_MISSING = register(
    "TALK_MISSING",
    "阶梯“{found}”会提请约谈，但方案缺少 {allowed}",
    "the rung {found} proposes a talk, but the pack has no {allowed}",
)
TALK_TIER_UNNAMED = register(
    "TALK_TIER_UNNAMED",
    "第 {found} 级没有写明",
    "tier {found} is not named",
    "从 1 级到 {allowed} 级都要写",
    "every tier from 1 to {allowed} needs an entry",
)
LADDER_LOOPS = register(
    "LADDER_LOOPS",
    "最高层级（{allowed}）之上没有上一级，“{found}”会原地循环",
    "there is no tier above the top one ({allowed}); {found} would go round in a circle",
    "用 match 的 tier 把最高层级分出来，改为通报或移送",
    "split the top tier off with match.tier and let it end in a circular or a transfer",
)
CASE_EMPTY = register(
    "CASE_EMPTY",
    "案例没有写出任何期望结果，无从检验",
    "the case expects nothing, so it can never fail",
)
CASE_FAILS = register(
    "CASE_FAILS",
    "案例不符：算得 {found}，案例写的是 {allowed}",
    "the case fails: {found} was computed, {allowed} is written",
)


def nearest(value: str, names: Iterable[str]) -> str:
    """The one of `names` that `value` was probably meant to be, "" when none is close."""
    return next(iter(get_close_matches(value, list(names), n=1, cutoff=0.6)), "")


def unknown(code: str, where: str, value: Any, names: Iterable[Any]) -> Fault:
    """A fault for a name that is not among `names`, with the nearest one."""
    known = sorted(names)
    texts = [str(name) for name in known]
    found = str(value)
    return Fault(code, where, shorten(found), ", ".join(texts) or "-", nearest(found, texts))


def fault(code: str, where: str, found: Any = "", allowed: Any = "") -> Fault:
    """A fault with its values shortened."""
    return Fault(code, where, shorten(str(found)), str(allowed))


def place(file: str, *keys: object) -> str:
    """Where in a pack: `file.toml clause.solve.limit`."""
    path = ".".join(str(key) for key in keys)
    return f"{file} {path}".strip()
