"""Wrong packs, each beside its good neighbour: the smallest edit that lint refuses, with the
reason, and the one next to it that lint lets pass.
"""

from dataclasses import dataclass

import pytest

from sla_engine.policy.lint import lint
from tests.unit.policy.annexed import ANNEXED, edited
from tests.unit.policy.minimal import FILE, MINIMAL

Edit = tuple[str, str]


@dataclass(frozen=True)
class Wrong:
    """One way to go wrong, the one fault that lint must find for it, and the way beside it."""

    name: str
    edits: tuple[Edit, ...]
    code: str
    where: str
    zh: str
    en: str
    neighbour: tuple[Edit, ...]
    near: str = ""


def more(table: str) -> Edit:
    """One table more, before the first case."""
    return ("\n[[case]]\n", f"\n{table.strip()}\n\n[[case]]\n")


def rung(name: str, at: str, act: str, level: int = 50) -> Edit:
    """One rung more on the clause `item`."""
    text = f'id = "{name}"\nat = "{at}"\nlevel = {level}\nact = "{act}"\nbasis = "示例规定"\n'
    return (
        '\n[[clause]]\nid = "publish"',
        f'\n[[clause.rung]]\n{text}\n[[clause]]\nid = "publish"',
    )


AGAIN = """
[[clause]]
id = "promise"
name = { zh = "承诺", en = "promise" }
scope = "petition"
start = ["dispatched", "rework_ordered"]
stop_all = "resolved"
limit = "7个工作日"
pauses = ["P-HEAR"]
basis = ["示例规定"]
"""
LATER = """
[[clause.rung]]
id = "later"
at = "due+2个工作日"
level = 50
act = "circular"
basis = "示例规定"

[[case]]
"""
COMPOSITE = "weights = { on-time = 40, satisfied = 60 }"
ON_TIME_ALONE = "weights = { on-time = 100 }"
RATE = 'numerator = ["solve.met"]\ndenominator = ["solve.judged"]\n'
LISTED = 'match = { list = ["task"] }\n'
PUBLISHED = 'stop = "published"\nlimit = "10个工作日"'
NEXT = 'id = "next"\nat = "start"'
OPEN_NEXT = 'match = { series = ["board"] }\nstart = "period_ended"'
ESCALATES = 'counts = ["talk:1"]\nat_least = 2\nwithin = "3个月"\nact = "talk"\ntier = 2'
REDS = """
[[trigger]]
id = "reds"
name = { zh = "一月两红", en = "two reds" }
counts = ["act:red"]
at_least = 2
within = "month"
act = "yellow"
level = 50
basis = ["示例规定"]

[[trigger]]
id = "yellows"
name = { zh = "一月两黄", en = "two yellows" }
counts = ["act:yellow@reds"]
at_least = 2
within = "month"
act = "red"
level = 50
basis = ["示例规定"]
"""

CONTRADICTORY = (
    Wrong(
        "two limits for one stretch, though one has another start beside and all of one stop",
        (more(AGAIN),),
        "CLAUSE_CONTRADICTS",
        "clause.promise.limit",
        "与条款 solve 范围重叠，起止相同而期限不同：7个工作日 / 10个工作日",
        "it overlaps clause solve: same start and stop, different limits",
        (more(AGAIN + 'beside = ["solve"]\n'),),
    ),
    Wrong(
        "the same limit under other pauses",
        (more(AGAIN.replace("7个", "10个").replace('pauses = ["P-HEAR"]\n', "")),),
        "CLAUSE_CONTRADICTS",
        "clause.promise.limit",
        "起止相同而期限不同：- / P-HEAR",
        "different limits (- / P-HEAR)",
        (more(AGAIN.replace("7个", "10个")),),
    ),
    Wrong(
        "a clause beside one that it does not meet",
        (('start = "listed"', 'start = "listed"\nbeside = ["solve"]'),),
        "CLAUSE_BESIDE",
        "clause.item.beside",
        "与条款 solve 并不同起同止",
        "does not share start, stop and matters with clause solve",
        (more(AGAIN + 'beside = ["solve"]\n'),),
    ),
    Wrong(
        "a duty that lapses",
        (('stop = "objected"', 'stop = ["objected", "published"]'),),
        "CLAUSE_BARS_DUTY",
        "clause.objection.late",
        "“published”是义务，期满之后仍须履行",
        "'published' is a duty that is still owed",
        (('stop = "objected"', 'stop = ["objected", "onsite_arrived"]'),),
    ),
    Wrong(
        "a right that lapses and names nothing to refuse",
        (('stop = "objected"', 'stop_all = ["objected", "published"]'),),
        "CLAUSE_BARS_NOTHING",
        "clause.objection.late",
        "须在 stop 写明哪个节点不再接受",
        "names in `stop` what is refused",
        (
            ('stop = "objected"', 'stop_all = ["objected", "published"]'),
            ('late = "barred"\n', ""),
        ),
    ),
    Wrong(
        "a limit of its own where nothing is listed",
        (('start = "period_ended"', 'start = "period_ended"\nown_limit = true'),),
        "CLAUSE_OWN_LIMIT",
        "clause.publish.own_limit",
        "只有以 listed 起算的清单事项条款可以自带期限，此条是“round”",
        "takes a limit of its own; this is of round",
        (('start = "listed"', 'start = ["listed", "rebounded"]'),),
    ),
    Wrong(
        "an extension to be asked for before the clock starts",
        (("max_count = 1,", 'max_count = 1, ask_before = "10个工作日",'),),
        "EXTENSION_ASK",
        "clause.solve.extension.ask_before",
        "须提前“10个工作日”申请延期，而期限只有“10个工作日”",
        "it is always too late",
        (("max_count = 1,", 'max_count = 1, ask_before = "1个工作日",'),),
    ),
    Wrong(
        "talk rules of its own and of another",
        (("settle", 'talks_by = "other"\nsettle'),),
        "TALK_TWICE",
        "pack.talks_by",
        "既有自己的 [talk]，又写了 talks_by = “other”",
        "has a [talk] of its own and talks_by = 'other'",
        (),
    ),
)

UNREACHABLE = (
    Wrong(
        "a card after a right has lapsed",
        (('act = "task"', 'act = "red"'),),
        "RUNG_BARRED",
        "clause.objection.rung.silent.act",
        "期满即失权，到期之后不会有逾期，“red”永远等不到",
        "the right lapses at the due instant and nobody is late after it, so red never comes",
        (('at = "due"\nlevel = 10\nact = "task"', 'at = "80%"\nlevel = 10\nact = "red"'),),
    ),
    Wrong(
        "a rung behind the one that ends the round of a talk",
        (("[[case]]\n", LATER.lstrip("\n")),),
        "RUNG_AFTER_END",
        "clause.talk-plan.rung.later.at",
        "“next”提请上一级之后本轮时钟即告终止，排在其后的“later”永远等不到",
        "the clock ends when next proposes the next tier; later, which is later, never comes",
        (("[[case]]\n", LATER.lstrip("\n").replace("due+2个", "due+1个")),),
    ),
    Wrong(
        "a clause for a tier there is not",
        (
            ("match = { tier = [1] }", "match = { tier = [1, 3] }"),
            ('act = "next_tier"', 'act = "circular"'),
        ),
        "RUNG_TIER",
        "clause.talk-plan.match.tier",
        "约谈层级 3 不可用，应为：1…2",
        "tier 3 cannot be used",
        (
            ("match = { tier = [1] }", "match = { tier = [1, 2] }"),
            ('act = "next_tier"', 'act = "circular"'),
        ),
    ),
    Wrong(
        "a trigger that counts an act no clause has",
        (('counts = ["act:warn@solve"]', 'counts = ["act:yellow"]'),),
        "TRIGGER_NEVER",
        "trigger.warned-twice.counts",
        "“act:yellow”永远不会发生",
        "act:yellow never happens",
        (('counts = ["act:warn@solve"]', 'counts = ["act:red"]'),),
    ),
    Wrong(
        "a trigger that counts an act another clause has",
        (('counts = ["act:warn@solve"]', 'counts = ["act:red@solve"]'),),
        "TRIGGER_NEVER",
        "trigger.warned-twice.counts",
        "“act:red@solve”永远不会发生",
        "act:red@solve never happens",
        (('counts = ["act:warn@solve"]', 'counts = ["act:red@publish"]'),),
    ),
    Wrong(
        "a trigger that counts talks of a tier there is not",
        ((ESCALATES, ESCALATES.replace("talk:1", "talk:3")),),
        "TRIGGER_NEVER",
        "trigger.talks-twice.counts",
        "“talk:3”永远不会发生",
        "talk:3 never happens",
        (),
    ),
    Wrong(
        "more boards than there are quarters",
        (("at_least = 2\nconsecutive = true", 'at_least = 6\nwithin = "year"'),),
        "TRIGGER_TOO_MANY",
        "trigger.black-twice",
        "在此期间至多 5 次，累计不到 6 次",
        "there are at most 5 of them in that time, never 6",
        (("at_least = 2\nconsecutive = true", 'at_least = 5\nwithin = "year"'),),
    ),
    Wrong(
        "consecutive rounds of a series that is opened by hand",
        (('cycle = "quarter"', 'cycle = ""'), ('act = "open_next"', 'act = "task"')),
        "TRIGGER_CONSECUTIVE",
        "trigger.black-twice.consecutive",
        "连续须是同一系列的榜次",
        "that takes places of one series, two or more",
        (('cycle = "quarter"', 'cycle = "month"'),),
    ),
    Wrong(
        "what is consecutive in one round",
        (("at_least = 2\nconsecutive", "at_least = 1\nconsecutive"),),
        "TRIGGER_CONSECUTIVE",
        "trigger.black-twice.consecutive",
        "“black-twice”不能按连续计",
        "black-twice cannot be consecutive",
        (("at_least = 2\nconsecutive", "at_least = 3\nconsecutive"),),
    ),
    Wrong(
        "an honour that adds up to a charge",
        (('counts = ["place:black"]', 'counts = ["place:red"]'),),
        "TRIGGER_PRAISE",
        "trigger.black-twice.counts",
        "“place:red”是表扬",
        "place:red is an honour",
        (
            ('counts = ["place:black"]', 'counts = ["place:red"]'),
            ("praise = true\n", ""),
        ),
    ),
    Wrong(
        "a place that an earlier one has emptied",
        (("praise = true\ntop = 3", "bottom = 5"),),
        "PLACE_SHADOWED",
        "series.board.place.black",
        "“black”排在“red”之后",
        "black comes behind red",
        (("praise = true\ntop = 3", "bottom = 2"),),
    ),
    Wrong(
        "a line of the dispatch catalogue behind one for all",
        (('match = { matter = ["住建"] }\n', ""),),
        "ROUTE_SHADOWED",
        "route.#2.match",
        "第 2 行排在第 1 行之后",
        "line 2 comes behind line 1",
        (('match = { matter = ["住建"] }\n', 'match = { kind = ["咨询"] }\n'),),
    ),
    Wrong(
        "a floor where nothing is scored to an end",
        (('form = "score"', 'form = "walk"'),),
        "FLOOR_FORM",
        "series.votes.form",
        "形式为“walk”的系列没有评分收口",
        "a series of the form 'walk' never closes a scoring",
        (),
    ),
)

LOOPING = (
    Wrong(
        "a round that opens the next as soon as it is opened",
        (('start = "period_ended"', 'start = "opened"'),),
        "ROUND_LOOPS",
        "clause.publish.rung.next.act",
        "“next”使每一轮一开启就开启下一轮，永无止境",
        "with next every round opens the next, without end",
        (('start = "period_ended"', 'start = "closed"'),),
    ),
    Wrong(
        "a next round before this one is over",
        (('start = "period_ended"', 'start = "period_begun"'),),
        "ROUND_TOO_SOON",
        "clause.publish.rung.next.at",
        "“start”可能早于本轮周期结束",
        "start may come before the period of the round has ended",
        (
            ('start = "period_ended"', 'start = "period_begun"'),
            (PUBLISHED, PUBLISHED.replace("10个工作日", "100日")),
            (NEXT, NEXT.replace("start", "start+92日")),
        ),
    ),
    Wrong(
        "a next round as soon as a board is published, be it before its quarter is over",
        (
            ('start = "period_ended"', 'start = ["period_ended", "published"]'),
            ('stop = "published"', 'stop = "closed"'),
        ),
        "ROUND_TOO_SOON",
        "clause.publish.rung.next.at",
        "“start”可能早于本轮周期结束",
        "start may come before the period of the round has ended",
        (('start = "period_ended"', 'start = ["period_ended", "closed"]'),),
    ),
    Wrong(
        "a next round of a series that has none",
        ((OPEN_NEXT, 'start = "period_ended"'),),
        "ROUND_BY_HAND",
        "clause.publish.rung.next.act",
        "系列“votes”没有周期",
        "the series 'votes' has no cycle",
        ((OPEN_NEXT, 'start = "period_ended"'), ('cycle = ""', 'cycle = "year"')),
    ),
    Wrong(
        "an overdue problem that is listed as a problem",
        ((LISTED, ""),),
        "LIST_LOOPS",
        "clause.item.rung.list.act",
        "问题清单的事项逾期又列入问题清单，“list”会原地循环",
        "an overdue item of the list of problems would be listed as a problem again",
        ((LISTED, 'match = { list = ["task"], unit = ["住建局"] }\n'),),
    ),
    Wrong(
        "a talk of the tier it counts",
        ((ESCALATES, ESCALATES.replace("tier = 2", "tier = 1")),),
        "TRIGGER_LOOPS",
        "trigger.talks-twice.counts",
        "触发的结果又计入触发条件，会一轮接一轮：talks-twice → talks-twice",
        "what it leads to counts towards it again",
        ((ESCALATES, ESCALATES.replace('"3个月"', '"month"')),),
    ),
    Wrong(
        "two triggers that feed each other",
        (more(REDS),),
        "TRIGGER_LOOPS",
        "trigger.reds.counts",
        "会一轮接一轮：",
        "round after round: ",
        (more(REDS.replace('["act:red"]', '["act:red@publish"]')),),
    ),
    Wrong(
        "a problem that is charged as soon as it is listed, and listed for being charged",
        (
            (LISTED, 'match = { list = ["problem"] }\n'),
            (
                'at = "due+1个工作日"\nlevel = 50\nact = "list"',
                'at = "due"\nlevel = 50\nact = "red"',
            ),
            (
                'at = "due-3个工作日"\nlevel = 10\nact = "warn"\nbasis',
                'at = "start"\nlevel = 10\nact = "urge"\nbasis',
            ),
            ('counts = ["act:warn@solve"]', 'counts = ["act:urge@item"]'),
            ('act = "talk"\ntier = 1\nlevel = 50\nto', 'act = "list"\nlevel = 50\nto'),
        ),
        "TRIGGER_LOOPS",
        "trigger.warned-twice.counts",
        "warned-twice → warned-twice",
        "warned-twice → warned-twice",
        (
            (LISTED, 'match = { list = ["problem"] }\n'),
            (
                'at = "due+1个工作日"\nlevel = 50\nact = "list"',
                'at = "due"\nlevel = 50\nact = "red"',
            ),
            ('counts = ["act:warn@solve"]', 'counts = ["act:warn@item"]'),
            ('act = "talk"\ntier = 1\nlevel = 50\nto', 'act = "list"\nlevel = 50\nto'),
        ),
    ),
    Wrong(
        "a composite made of itself",
        ((COMPOSITE, "weights = { composite = 40, satisfied = 60 }"),),
        "MEASURE_LOOPS",
        "measure.composite.weights",
        "指标由自身合成：composite → composite",
        "the measure is made of itself: composite → composite",
        ((COMPOSITE, "weights = { on-time = 60, satisfied = 40 }"),),
    ),
)

UNKNOWN = (
    Wrong(
        "a list there is not",
        (('improve = "task"', 'improve = "tasks"'),),
        "LIST_UNKNOWN",
        "series.votes.improve",
        "没有清单“tasks”",
        "there is no list 'tasks'",
        (('improve = "task"', 'improve = "problem"'),),
        "task",
    ),
    Wrong(
        "a clause for a list there is not",
        ((LISTED, 'match = { list = ["tasks"] }\n'),),
        "LIST_UNKNOWN",
        "clause.item.match.list",
        "没有清单“tasks”",
        "there is no list 'tasks'",
        (),
        "task",
    ),
    Wrong(
        "a clause for a series there is not",
        (
            (
                'match = { series = ["board"] }\nstart = "drafted"',
                'match = { series = ["boards"] }\nstart = "drafted"',
            ),
        ),
        "SERIES_UNKNOWN",
        "clause.objection.match.series",
        "没有系列“boards”",
        "there is no series 'boards'",
        (),
        "board",
    ),
    Wrong(
        "problems listed where there is no list of them",
        (('id = "problem"', 'id = "problems"'),),
        "LIST_UNKNOWN",
        "clause.item.rung.list.act",
        "没有清单“problem”",
        "there is no list 'problem'",
        (),
        "problems",
    ),
    Wrong(
        "a rank by a measure there is not",
        (('measure = "composite"', 'measure = "compsite"'),),
        "MEASURE_UNKNOWN",
        "series.board.measure",
        "没有指标“compsite”",
        "there is no measure 'compsite'",
        (('measure = "composite"', 'measure = "on-time"'),),
        "composite",
    ),
    Wrong(
        "a floor in a dimension there is not",
        (("skill = 60", "skil = 60"),),
        "DIMENSION_UNKNOWN",
        "series.votes.floor.skil",
        "该系列没有评分维度“skil”",
        "the series has no dimension 'skil'",
        (),
        "skill",
    ),
    Wrong(
        "a counter there is not",
        (('numerator = ["callbacks_satisfied"]', 'numerator = ["callback_satisfied"]'),),
        "COUNTER_UNKNOWN",
        "measure.satisfied.numerator.0",
        "没有“callback_satisfied”这个计数",
        "nothing is counted as 'callback_satisfied'",
        (('numerator = ["callbacks_satisfied"]', 'numerator = ["callbacks_solved"]'),),
        "callbacks_satisfied",
    ),
    Wrong(
        "a counter of a clause there is not",
        (('numerator = ["solve.met"]', 'numerator = ["sovle.met"]'),),
        "COUNTER_UNKNOWN",
        "measure.on-time.numerator.0",
        "没有“sovle.met”这个计数",
        "nothing is counted as 'sovle.met'",
        (),
        "solve.met",
    ),
    Wrong(
        "a measure of something that is no petition",
        (('numerator = ["solve.met"]', 'numerator = ["item.met"]'),),
        "COUNTER_SCOPE",
        "measure.on-time",
        "“item”不是诉求件的条款",
        "'item' is not a clause of petitions",
        (('numerator = ["solve.met"]', 'numerator = ["solve.late"]'),),
    ),
    Wrong(
        "a trigger that counts a place there is not",
        (('counts = ["place:black"]', 'counts = ["place:blak"]'),),
        "COUNT_UNKNOWN",
        "trigger.black-twice.counts.0",
        "触发条件不能累计“place:blak”",
        "a trigger cannot count 'place:blak'",
        (),
        "place:black",
    ),
    Wrong(
        "a trigger that counts an act there is not",
        (('counts = ["act:warn@solve"]', 'counts = ["act:wran@solve"]'),),
        "COUNT_UNKNOWN",
        "trigger.warned-twice.counts.0",
        "可用的有：act:circular@solve",
        "a trigger cannot count 'act:wran@solve'",
        (),
        "act:warn@solve",
    ),
    Wrong(
        "a trigger that counts an act of a clause there is not",
        (('counts = ["act:warn@solve"]', 'counts = ["act:warn@sovle"]'),),
        "COUNT_UNKNOWN",
        "trigger.warned-twice.counts.0",
        "触发条件不能累计“act:warn@sovle”",
        "a trigger cannot count 'act:warn@sovle'",
        (),
        "act:warn@solve",
    ),
    Wrong(
        "a route to a role there is not",
        (('role = "handler"\n', 'role = "handlr"\n'),),
        "ROLE_UNKNOWN",
        "route.#2.role",
        "[roles] 中没有“handlr”",
        "[roles] has no 'handlr'",
        (),
        "handler",
    ),
    Wrong(
        "an act of rounds in a clause of items",
        (rung("next", "due+2个工作日", "open_next"),),
        "ACT_UNKNOWN",
        "clause.item.rung.next.act",
        "此处没有“open_next”这个动作",
        "there is no act 'open_next' here",
        (rung("next", "due+2个工作日", "circular"),),
    ),
    Wrong(
        "a mark of members in a clause of the whole round",
        (('stop = "published"', 'stop = "reported"'),),
        "MARK_UNKNOWN",
        "clause.publish.stop.0",
        "没有“reported”这个节点",
        "there is no mark 'reported'",
        (('stop = "published"', 'stop = "closed"'),),
    ),
    Wrong(
        "a milestone for strike-off there is not",
        (('needs = ["onsite_arrived"]', 'needs = ["onsite_arived"]'),),
        "MARK_UNKNOWN",
        "list.task.needs.0",
        "没有“onsite_arived”这个节点",
        "there is no mark 'onsite_arived'",
        (),
        "onsite_arrived",
    ),
    Wrong(
        "a clause beside one there is not",
        (more(AGAIN + 'beside = ["sovle", "solve"]\n'),),
        "CLAUSE_UNKNOWN",
        "clause.promise.beside.0",
        "没有条款“sovle”",
        "there is no clause 'sovle'",
        (),
        "solve",
    ),
    Wrong(
        "a fact of talks in a case of items",
        (
            (
                '+08:00, limit = "10个工作日" }]',
                '+08:00 }, { type = "held", at = 2024-09-14T09:00:00+08:00 }]',
            ),
        ),
        "MARK_UNKNOWN",
        "case.清单事项自带 10 个工作日，跨中秋（2024-09-13）.facts.1.type",
        "没有“held”这个节点",
        "there is no mark 'held'",
        (),
    ),
    Wrong(
        "a suspension in a case without its ground",
        (
            (
                '+08:00, limit = "10个工作日" }]',
                '+08:00 }, { type = "suspended", at = 2024-09-14T09:00:00+08:00 }]',
            ),
        ),
        "PACK_KEY_MISSING",
        "case.清单事项自带 10 个工作日，跨中秋（2024-09-13）.facts.1.ground",
        "缺少字段“ground”",
        "the key 'ground' is missing",
        (),
    ),
    Wrong(
        "an extension in a case that was not asked for",
        (
            (
                '+08:00, limit = "10个工作日" }]',
                '+08:00 }, { type = "extension_granted", at = 2024-09-14T09:00:00+08:00, '
                'clause = "item" }]',
            ),
        ),
        "CASE_UNASKED",
        "case.清单事项自带 10 个工作日，跨中秋（2024-09-13）.facts.1",
        "案例没有写条款“item”的延期申请",
        "an extension of 'item' that it has not asked for",
        (),
    ),
)

MISSHAPEN = (
    Wrong(
        "a rate without its numerator",
        (('numerator = ["callbacks_satisfied"]\n', ""),),
        "PACK_KEY_MISSING",
        "measure.satisfied.numerator",
        "缺少字段“numerator”",
        "the key 'numerator' is missing",
        (('numerator = ["callbacks_satisfied"]\n', 'numerator = ["callbacks_solved"]\n'),),
    ),
    Wrong(
        "a count as a part of a composite",
        (('denominator = ["callbacks"]\n', ""),),
        "WEIGHT_OF_COUNT",
        "measure.composite.weights",
        "“satisfied”是件数，不是比率",
        "the measure satisfied is a count and no rate",
        (('denominator = ["callbacks"]\n', ""), (COMPOSITE, ON_TIME_ALONE)),
    ),
    Wrong(
        "a rate that is a composite as well",
        ((RATE, f"{RATE}weights = {{ satisfied = 100 }}\n"),),
        "MEASURE_MIXED",
        "measure.on-time",
        "指标“on-time”既有 weights 又有 numerator、denominator",
        "the measure on-time has both weights and a numerator or denominator",
        ((RATE, "weights = { satisfied = 100 }\n"),),
    ),
    Wrong(
        "weights that make no whole",
        ((COMPOSITE, "weights = { on-time = 40, satisfied = 50 }"),),
        "WEIGHTS_SUM",
        "measure.composite.weights",
        "各项权重合计 90，应为 100",
        "the weights make 90, not 100",
        (),
    ),
    Wrong(
        "a floor and nowhere to go below it",
        (('improve = "task"\n', ""),),
        "PACK_KEY_MISSING",
        "series.votes.improve",
        "缺少字段“improve”",
        "the key 'improve' is missing",
        (('improve = "task"\n', ""), ("[series.floor]\nskill = 60\n", "")),
    ),
    Wrong(
        "what adds up in no time",
        (('at_least = 2\nwithin = "month"\n', "at_least = 2\n"),),
        "TRIGGER_SPAN",
        "trigger.warned-twice.within",
        "累计须写 within",
        "what adds up has `within`",
        (('within = "month"', 'within = "30日"'),),
    ),
    Wrong(
        "what is consecutive within a time",
        (("consecutive = true\n", 'consecutive = true\nwithin = "year"\n'),),
        "TRIGGER_SPAN",
        "trigger.black-twice.within",
        "连续须写 consecutive = true 而不写 within",
        "what is consecutive has none",
        (),
    ),
    Wrong(
        "a time of working days to count in",
        (('within = "month"', 'within = "10个工作日"'),),
        "PACK_VALUE",
        "trigger.warned-twice.within",
        "“10个工作日”不是可用的值，应为：day / week / month",
        "'10个工作日' is not a usable value",
        (),
    ),
    Wrong(
        "a talk that a trigger leads to at no tier",
        (('act = "talk"\ntier = 1\nlevel = 50\nto', 'act = "talk"\nlevel = 50\nto'),),
        "RUNG_TIER",
        "trigger.warned-twice.tier",
        "约谈层级 - 不可用，应为：1…2",
        "tier - cannot be used",
        (),
    ),
    Wrong(
        "a route to a unit and a role",
        (('unit = "区住建局"', 'unit = "区住建局"\nrole = "handler"'),),
        "ROUTE_TARGET",
        "route.#1",
        "派单目录的一行须写 unit 或 role 之一：区住建局 / handler",
        "names a unit or a role, one of the two",
        (),
    ),
    Wrong(
        "a trigger named like a clause",
        (
            ('id = "warned-twice"', 'id = "item"'),
            (
                'clause = "warned-twice"\nrungs = { reached = 2024-06-28T08:30:00+08:00 }',
                'clause = "solve"\nabsent = true',
            ),
        ),
        "PACK_DUPLICATE",
        "trigger.item",
        "“item”重复出现",
        "'item' is given more than once",
        (),
    ),
    Wrong(
        "two lists of one id",
        (
            ('id = "problem"', 'id = "task"'),
            rung("x", "due+2个工作日", "circular"),
            ('act = "list"', 'act = "urge"'),
        ),
        "PACK_DUPLICATE",
        "list.task",
        "“task”重复出现",
        "'task' is given more than once",
        (),
    ),
    Wrong(
        "a series of a form there is not",
        (('form = "score"', 'form = "scoring"'),),
        "PACK_VALUE",
        "series.votes.form",
        "“scoring”不是可用的值",
        "'scoring' is not a usable value",
        (),
        "score",
    ),
)

WRONG = (*CONTRADICTORY, *UNREACHABLE, *LOOPING, *UNKNOWN, *MISSHAPEN)


def test_the_pack_with_every_table_has_no_fault() -> None:
    assert lint(ANNEXED, FILE) == []


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_lint_refuses(wrong: Wrong) -> None:
    faults = lint(edited(*wrong.edits), FILE)
    assert (wrong.code, f"{FILE} {wrong.where}") in [(each.code, each.where) for each in faults]
    assert {each.code for each in faults} == {wrong.code}
    found = next(each for each in faults if each.where == f"{FILE} {wrong.where}")
    assert wrong.zh in found.zh()
    assert wrong.en in found.en()
    assert found.near == wrong.near


@pytest.mark.parametrize("wrong", [each for each in WRONG if each.neighbour], ids=lambda w: w.name)
def test_lint_lets_pass_the_neighbour_of(wrong: Wrong) -> None:
    assert lint(edited(*wrong.neighbour), FILE) == []


RETURN = """
[[clause]]
id = "return"
name = { zh = "退单期限", en = "time to return" }
scope = "assignment"
start = "dispatched"
stop = ["return_requested"]
limit = "1个工作日"
basis = ["示例规定"]

[[clause.rung]]
id = "red"
at = "due"
level = 50
act = "red"
basis = "示例规定"
"""


@pytest.mark.parametrize(
    ("at", "limit", "sure"),
    [
        ("start+2208小时", "100日", True),
        ("start+2207小时", "100日", False),
        ("due", "92日", True),
        ("due", "91日", False),
        ("due+1个工作日", "92日", True),
        ("due+0个工作日", "92日", False),
        ("due-1日", "200日", False),
        ("99%", "200日", False),
    ],
)
def test_a_rung_from_the_beginning_of_a_quarter_waits_for_its_end(
    at: str, limit: str, sure: bool
) -> None:
    text = edited(
        ('start = "period_ended"', 'start = "period_begun"'),
        (PUBLISHED, PUBLISHED.replace("10个工作日", limit)),
        (NEXT, NEXT.replace("start", at)),
    )
    found = {each.code for each in lint(text, FILE)} - {"RUNG_ORDER"}
    assert found == (set() if sure else {"ROUND_TOO_SOON"})


def test_nobody_is_talked_to_about_what_the_centre_owes() -> None:
    ruling = RETURN.replace('"dispatched"', '"return_requested"').replace(
        '["return_requested"]', '["return_ruled"]'
    )
    nobody, ruling = ruling, ruling.replace('act = "red"', 'act = "red"\nto = ["handler"]')
    assert lint(edited(more(ruling)), FILE) == []
    talk = ruling.replace('act = "red"', 'act = "talk"\ntier = 1')
    (fault,) = lint(edited(more(talk)), FILE)
    assert (fault.code, fault.where) == (
        "NOBODY_TO_TALK_TO",
        f"{FILE} clause.return.rung.red.act",
    )
    assert "由受理中心负责" in fault.zh()
    assert "the centre answers for this clause" in fault.en()
    (fault,) = lint(edited(more(nobody)), FILE)
    assert (fault.code, fault.where) == ("TOLD_TO_NOBODY", f"{FILE} clause.return.rung.red.to")
    said = talk.replace("basis =", 'liable = "unit"\nbasis =', 1)
    assert lint(edited(more(said)), FILE) == []


def test_a_return_lapses_without_being_told_to_but_a_signature_is_still_owed() -> None:
    (fault,) = lint(edited(more(RETURN)), FILE)
    assert (fault.code, fault.where) == ("RUNG_BARRED", f"{FILE} clause.return.rung.red.act")
    signed = RETURN.replace('["return_requested"]', '["return_requested", "accepted"]')
    assert lint(edited(more(signed)), FILE) == []


def test_a_fault_in_one_table_does_not_accuse_those_that_refer_to_it() -> None:
    broken = (
        ('form = "board"', 'form = "boards"'),
        ('bottom = 3\nbasis = "示例规定"', "bottom = 3"),
        ('numerator = ["solve.met"]', "numerator = 3"),
        ('limit = "20个工作日"', 'limit = "很久"'),
    )
    assert [fault.where.split()[1] for fault in lint(edited(*broken), FILE)] == [
        "clause.item.limit",
        "series.board.place.black.basis",
        "series.board.form",
        "measure.on-time.numerator",
    ]


def test_no_odd_or_missing_line_beside_the_clauses_makes_lint_fail() -> None:
    """Lint answers with faults that can be read, whatever stands behind a key."""
    lines = ANNEXED.split("\n")
    for index in range(MINIMAL.count("\n"), len(lines)):
        key, equals, _ = lines[index].partition(" = ")
        for odd in ([], [f"{key} = 3"] if equals else []):
            for fault in lint("\n".join([*lines[:index], *odd, *lines[index + 1 :]]), FILE):
                assert fault.where.startswith(FILE)
                assert fault.zh()
                assert fault.en()
