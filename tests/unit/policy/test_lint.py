"""Each rule of lint by the smallest pack that breaks it, in both languages."""

from dataclasses import dataclass

import pytest

from sla_engine.errors import Refusal
from sla_engine.policy.lint import lint, parse_pack
from tests.unit.policy.minimal import FILE, MINIMAL, changed, without

Edit = tuple[str, str]


@dataclass(frozen=True)
class Broken:
    """One way to break the minimal pack and the one fault that lint must find for it."""

    name: str
    edits: tuple[Edit, ...]
    code: str
    where: str
    zh: str
    en: str
    near: str = ""


SOLVE = 'id = "solve"\n'
WARN_AT = 'at = "due-3个工作日"'
TALK_RUNG = """
[[clause.rung]]
id = "talk"
at = "due+2个工作日"
level = 50
act = "talk"
tier = 1
basis = "示例规定"
"""
EXTENSION = 'extension = { max_count = 1, total_max = "5个工作日", basis = ["示例规定"] }\n'
SECOND = """
[[clause]]
id = "again"
name = { zh = "又一条", en = "again" }
scope = "petition"
start = "dispatched"
stop = "resolved"
limit = "7个工作日"
basis = ["示例规定"]

[[case]]
"""

BROKEN = (
    Broken(
        "a key that does not exist, with the key that was meant",
        (('limit = "10个工作日"', 'limit = "10个工作日"\npause = ["P-HEAR"]'),),
        "PACK_KEY_UNKNOWN",
        "clause.solve.pause",
        "没有“pause”这个字段",
        "there is no key 'pause'",
        "pauses",
    ),
    Broken(
        "a table that does not exist",
        (("[roles]", "[role]\nx = 1\n\n[roles]"),),
        "PACK_KEY_UNKNOWN",
        "role",
        "没有“role”这个字段",
        "there is no key 'role'",
        "roles",
    ),
    Broken(
        "a key inside a table inside a table",
        (("extension = { max_count", "extension = { mox_count = 2, max_count"),),
        "PACK_KEY_UNKNOWN",
        "clause.solve.extension.mox_count",
        "没有“mox_count”这个字段",
        "there is no key 'mox_count'",
        "max_count",
    ),
    Broken(
        "a key inside a fact of a case",
        (('{ type = "dispatched", at', '{ type = "dispatched", uint = "甲", at'),),
        "PACK_KEY_UNKNOWN",
        "case.示例.facts.0.uint",
        "没有“uint”这个字段",
        "there is no key 'uint'",
        "unit",
    ),
    Broken(
        "a missing key",
        (('limit = "10个工作日"\n', ""),),
        "PACK_KEY_MISSING",
        "clause.solve.limit",
        "缺少字段“limit”",
        "the key 'limit' is missing",
    ),
    Broken(
        "a limit that cannot be read",
        (('limit = "10个工作日"', 'limit = "十天半月"'),),
        "AMOUNT_FORMAT",
        "clause.solve.limit",
        "期限“十天半月”看不懂",
        "'十天半月' cannot be read",
    ),
    Broken(
        "a limit that is a number",
        (('limit = "10个工作日"', "limit = 10"),),
        "PACK_VALUE",
        "clause.solve.limit",
        "“10”不是可用的值",
        "'10' is not a usable value; it should be: \"…\"",
    ),
    Broken(
        "a limit of nothing",
        (('limit = "5个工作日"', 'limit = "0个工作日"'),),
        "PACK_VALUE",
        "clause.talk-plan.limit",
        "应为：> 0",
        "it should be: > 0",
    ),
    Broken(
        "a settling time that needs a calendar",
        (('settle = "2小时"', 'settle = "1个工作日"'),),
        "PACK_VALUE",
        "pack.settle",
        "应为：30分钟 / 2小时",
        "it should be: 30分钟 / 2小时",
    ),
    Broken(
        "a choice that is not one of the choices",
        (('scope = "petition"', 'scope = "petitions"'),),
        "PACK_VALUE",
        "clause.solve.scope",
        "应为：assignment, dispute, item, member, petition, round, talk",
        "it should be: assignment, dispute, item, member, petition, round, talk",
        "petition",
    ),
    Broken(
        "a date that is text",
        (("effective_from = 2024-01-01", 'effective_from = "2024-01-01"'),),
        "PACK_VALUE",
        "pack.effective_from",
        "应为：2024-08-01",
        "it should be: 2024-08-01",
    ),
    Broken(
        "an instant without an offset",
        (("due = 2024-09-30T00:00:00+08:00", "due = 2024-09-30T00:00:00"),),
        "TIME_OFFSET",
        "case.示例.expect.0.due",
        "没有写明时区偏移",
        "has no offset",
    ),
    Broken(
        "a rung whose instant cannot be read",
        ((WARN_AT, 'at = "before due"'),),
        "PACK_WHEN",
        "clause.solve.rung.warn.at",
        "“before due”不是阶梯时点的写法",
        "'before due' is not how the instant of a rung is written",
    ),
    Broken(
        "a rung whose amount cannot be read",
        ((WARN_AT, 'at = "due-三日"'),),
        "AMOUNT_FORMAT",
        "clause.solve.rung.warn.at",
        "期限“三日”看不懂",
        "'三日' cannot be read",
    ),
    Broken(
        "office hours that overlap",
        (('["14:00", "17:30"]', '["11:00", "17:30"]'),),
        "HOURS_ORDER",
        "hours.office.seasons",
        "次序不对或有重叠",
        "overlap or are out of order",
    ),
    Broken(
        "an unknown mark, with the mark that was meant",
        (('start = "dispatched"', 'start = "dispached"'),),
        "MARK_UNKNOWN",
        "clause.solve.start.0",
        "没有“dispached”这个节点",
        "there is no mark 'dispached'",
        "dispatched",
    ),
    Broken(
        "a mark of talks in a clause of petitions",
        (('stop = "resolved"', 'stop = "plan_filed"'),),
        "MARK_UNKNOWN",
        "clause.solve.stop.0",
        "没有“plan_filed”这个节点",
        "there is no mark 'plan_filed'",
    ),
    Broken(
        "a trait that nothing has",
        (('match = { kind = ["投诉"] }', 'match = { kin = ["投诉"] }'),),
        "TRAIT_UNKNOWN",
        "clause.solve.match.kin",
        "不能按“kin”匹配",
        "nothing can be matched on 'kin'",
        "kind",
    ),
    Broken(
        "an unknown role",
        (('to = ["handler"]', 'to = ["handlers"]'),),
        "ROLE_UNKNOWN",
        "clause.solve.rung.warn.to.0",
        "[roles] 中没有“handlers”",
        "[roles] has no 'handlers'",
        "handler",
    ),
    Broken(
        "an unknown ground",
        (('pauses = ["P-HEAR"]', 'pauses = ["P-HEAL"]'),),
        "GROUND_UNKNOWN",
        "clause.solve.pauses.0",
        "没有中止事由“P-HEAL”",
        "[grounds] has no 'P-HEAL'",
        "P-HEAR",
    ),
    Broken(
        "an unknown act",
        (('act = "warn"', 'act = "wran"'),),
        "ACT_UNKNOWN",
        "clause.solve.rung.warn.act",
        "没有“wran”这个动作",
        "there is no act 'wran' here",
        "warn",
    ),
    Broken(
        "an act of talks in a clause of petitions",
        (('act = "warn"', 'act = "next_tier"'),),
        "ACT_UNKNOWN",
        "clause.solve.rung.warn.act",
        "没有“next_tier”这个动作",
        "there is no act 'next_tier' here",
    ),
    Broken(
        "words for an act the code does not know",
        (("[roles]", '[acts]\nfine = { zh = "罚款", en = "fine" }\n\n[roles]'),),
        "ACT_UNKNOWN",
        "acts.fine",
        "没有“fine”这个动作",
        "there is no act 'fine' here",
    ),
    Broken(
        "unknown office hours",
        (('limit = "10个工作日"', 'limit = "10个工作日"\nhours = "offices"'),),
        "HOURS_UNKNOWN",
        "clause.solve.hours",
        "[hours] 中没有“offices”",
        "[hours] has no 'offices'",
        "office",
    ),
    Broken(
        "a pack without hours named office",
        (
            ("[hours.office]", "[hours.hall]"),
            ('limit = "10个工作日"', 'limit = "10个工作日"\nhours = "hall"'),
            ('limit = "5个工作日"\n', 'limit = "5个工作日"\nhours = "hall"\n'),
        ),
        "PACK_KEY_MISSING",
        "hours.office",
        "缺少字段“office”",
        "the key 'office' is missing",
    ),
    Broken(
        "an unknown level",
        (("level = 10", "level = 11"),),
        "LEVEL_UNKNOWN",
        "clause.solve.rung.warn.level",
        "[[level]] 中没有级别 11",
        "[[level]] has no ordinal 11",
    ),
    Broken(
        "a clause without a basis",
        ((EXTENSION + 'basis = ["示例规定"]\n', EXTENSION),),
        "BASIS_MISSING",
        "clause.solve.basis",
        "没有写依据",
        "no basis is given",
    ),
    Broken(
        "a clause with an empty basis",
        ((EXTENSION + 'basis = ["示例规定"]\n', EXTENSION + "basis = []\n"),),
        "BASIS_MISSING",
        "clause.solve.basis",
        "没有写依据",
        "no basis is given",
    ),
    Broken(
        "a rung without a basis",
        (('to = ["handler"]\nbasis = "示例规定"\n', 'to = ["handler"]\n'),),
        "BASIS_MISSING",
        "clause.solve.rung.warn.basis",
        "没有写依据",
        "no basis is given",
    ),
    Broken(
        "two clauses of one id",
        (
            ('id = "talk-plan"', 'id = "solve"'),
            ('act = "next_tier"', 'act = "circular"'),
        ),
        "PACK_DUPLICATE",
        "clause.solve",
        "“solve”重复出现",
        "'solve' is given more than once",
    ),
    Broken(
        "two rungs of one id in a clause",
        (('id = "talk"\nat', 'id = "warn"\nat'),),
        "PACK_DUPLICATE",
        "clause.solve.rung.warn",
        "“warn”重复出现",
        "'warn' is given more than once",
    ),
    Broken(
        "two levels of one ordinal",
        (
            ("ordinal = 50", "ordinal = 10"),
            ("level = 50", "level = 10"),
            ("level = 50", "level = 10"),
        ),
        "PACK_DUPLICATE",
        "level.10",
        "“10”重复出现",
        "'10' is given more than once",
    ),
    Broken(
        "two cases of one name",
        (
            (
                "[[case]]",
                '[[case]]\nname = "示例"\nfacts = [{ type = "dispatched", '
                "at = 2024-09-13T09:00:00+08:00 }]\n"
                'expect = [{ clause = "talk-plan", absent = true }]\n\n[[case]]',
            ),
        ),
        "PACK_DUPLICATE",
        "case.示例",
        "“示例”重复出现",
        "'示例' is given more than once",
    ),
    Broken(
        "an edition that ends before it begins",
        (
            (
                "effective_from = 2024-01-01",
                "effective_from = 2024-01-01\neffective_to = 2024-01-01",
            ),
        ),
        "EFFECTIVE_ORDER",
        "pack.effective_to",
        "失效日期 2024-01-01 不晚于生效日期",
        "ends on 2024-01-01, not after it begins",
    ),
    Broken(
        "a clause that names no stop",
        (('stop = "resolved"\n', ""),),
        "CLAUSE_NEVER_STOPS",
        "clause.solve.stop",
        "永远停不下来",
        "can never stop",
    ),
    Broken(
        "a clause that stops only on what came before it",
        (('stop = "resolved"', 'stop = "registered"'),),
        "CLAUSE_NEVER_STOPS",
        "clause.solve.stop",
        "停止节点：registered",
        "its stop marks: registered",
    ),
    Broken(
        "a clause that waits for all of several, one of which came before it",
        (('stop = "resolved"', 'stop_all = ["resolved", "registered"]'),),
        "CLAUSE_NEVER_STOPS",
        "clause.solve.stop",
        "停止节点：resolved, registered",
        "its stop marks: resolved, registered",
    ),
    Broken(
        "a clause that stops on its own start",
        (('stop = "resolved"', 'stop = ["resolved", "dispatched"]'),),
        "CLAUSE_STOPS_AT_ONCE",
        "clause.solve.stop",
        "“dispatched”既是起算节点又是停止节点",
        "'dispatched' is both a start and a stop",
    ),
    Broken(
        "two clauses that promise different things about the same",
        (("[[case]]\n", SECOND),),
        "CLAUSE_CONTRADICTS",
        "clause.again.limit",
        "与条款 solve 范围重叠",
        "it overlaps clause solve",
    ),
    Broken(
        "working hours on a clock that runs 24x7",
        (
            ('limit = "10个工作日"', 'limit = "90个工作小时"\nhours = "24x7"'),
            ('total_max = "5个工作日"', 'total_max = "5个工作小时"'),
        ),
        "CLAUSE_HOURS_MISFIT",
        "clause.solve.hours",
        "不能使用“90个工作小时”",
        "'90个工作小时' cannot be used under the hours '24x7'",
    ),
    Broken(
        "close of business on a clock that runs 24x7",
        (
            (
                'limit = "10个工作日"',
                'limit = "10个工作日"\nhours = "24x7"\nexpiry = "close_of_business"',
            ),
        ),
        "CLAUSE_HOURS_MISFIT",
        "clause.solve.hours",
        "不能使用“close_of_business”",
        "'close_of_business' cannot be used under the hours '24x7'",
    ),
    Broken(
        "half-days under hours of one session",
        (
            ('[["08:30", "12:00"], ["14:00", "17:30"]]', '[["08:30", "17:30"]]'),
            ('limit = "5个工作日"', 'limit = "2.5个工作日"'),
        ),
        "CLAUSE_HOURS_MISFIT",
        "clause.talk-plan.hours",
        "不能使用“2.5个工作日”",
        "'2.5个工作日' cannot be used under the hours 'office'",
    ),
    Broken(
        "an hour limit whose last day would roll",
        (('limit = "5个工作日"\n', 'limit = "120小时"\nroll = true\n'),),
        "TERM_RULE",
        "clause.talk-plan.roll",
        "期限规则“True”不能用",
        "the term's rule 'True' cannot be used",
    ),
    Broken(
        "an extension in another unit than the limit",
        (('total_max = "5个工作日"', 'total_max = "5日"'),),
        "EXTENSION_UNIT",
        "clause.solve.extension.total_max",
        "延期“5日”与期限“10个工作日”单位不同",
        "the extension 5日 is not in the unit of the limit 10个工作日",
    ),
    Broken(
        "one extension that is more than all",
        (('total_max = "5个工作日"', 'each_max = "6个工作日", total_max = "5个工作日"'),),
        "EXTENSION_TOTAL",
        "clause.solve.extension.each_max",
        "每次延期上限“6个工作日”超过累计上限“5个工作日”",
        "one extension of 6个工作日 is more than all together may add",
    ),
    Broken(
        "a rung at or after the due that is counted from the start",
        ((WARN_AT, 'at = "start+10个工作日"'),),
        "RUNG_UNREACHABLE",
        "clause.solve.rung.warn.at",
        "时点“start+10个工作日”落在时钟之外",
        "the instant 'start+10个工作日' lies outside the clock",
    ),
    Broken(
        "a rung further before the due than the limit is long",
        ((WARN_AT, 'at = "due-10个工作日"'),),
        "RUNG_UNREACHABLE",
        "clause.solve.rung.warn.at",
        "可用范围：> due-10个工作日",
        "allowed: > due-10个工作日",
    ),
    Broken(
        "a share beyond the term",
        ((WARN_AT, 'at = "120%"'),),
        "RUNG_UNREACHABLE",
        "clause.solve.rung.warn.at",
        "可用范围：1%…99%",
        "allowed: 1%…99%",
    ),
    Broken(
        "a share of nothing",
        ((WARN_AT, 'at = "0%"'),),
        "RUNG_UNREACHABLE",
        "clause.solve.rung.warn.at",
        "可用范围：1%…99%",
        "allowed: 1%…99%",
    ),
    Broken(
        "a ladder that grows milder with time",
        ((WARN_AT, 'at = "due+3个工作日"'),),
        "RUNG_ORDER",
        "clause.solve.rung.warn.level",
        "级别 10 低于更早的阶梯 talk 50",
        "level 10 is below that of an earlier rung (talk 50)",
    ),
    Broken(
        "a rung for the second cycle of a clause that has one",
        ((WARN_AT, WARN_AT + "\nfrom_cycle = 2"),),
        "RUNG_CYCLE",
        "clause.solve.rung.warn.from_cycle",
        "不会有第 2 轮",
        "there is no cycle 2",
    ),
    Broken(
        "a talk of a tier beyond the top one",
        (("tier = 1\n", "tier = 3\n"),),
        "RUNG_TIER",
        "clause.solve.rung.talk.tier",
        "约谈层级 3 不可用，应为：1…2",
        "tier 3 cannot be used; it should be: 1…2",
    ),
    Broken(
        "a talk without a tier",
        (('act = "talk"\ntier = 1\n', 'act = "talk"\n'),),
        "RUNG_TIER",
        "clause.solve.rung.talk.tier",
        "约谈层级 - 不可用",
        "tier - cannot be used",
    ),
    Broken(
        "a tier on what is no talk",
        (('act = "warn"\n', 'act = "warn"\ntier = 1\n'),),
        "RUNG_TIER",
        "clause.solve.rung.warn.tier",
        "约谈层级 1 不可用，应为：-",
        "tier 1 cannot be used; it should be: -",
    ),
    Broken(
        "a tier without parties",
        (('2 = [{ zh = "甲", en = "A" }, { zh = "乙", en = "B" }]\n', ""),),
        "TALK_TIER_UNNAMED",
        "talk.parties",
        "第 2 级没有写明",
        "tier 2 is not named",
    ),
    Broken(
        "a notice lead for a tier there is not",
        (('2 = "1个工作日" }', '2 = "1个工作日", 3 = "1个工作日" }'),),
        "RUNG_TIER",
        "talk.notice_lead.3",
        "约谈层级 3 不可用",
        "tier 3 cannot be used",
    ),
    Broken(
        "a next tier above the top tier",
        (("match = { tier = [1] }", "match = { tier = [1, 2] }"),),
        "LADDER_LOOPS",
        "clause.talk-plan.rung.next.act",
        "最高层级（2）之上没有上一级",
        "there is no tier above the top one (2)",
    ),
    Broken(
        "a next tier in a clause for every tier",
        (("match = { tier = [1] }\n", ""),),
        "LADDER_LOOPS",
        "clause.talk-plan.rung.next.act",
        "“next”会原地循环",
        "next would go round in a circle",
    ),
    Broken(
        "a case that expects nothing",
        (
            (
                "due = 2024-09-30T00:00:00+08:00\nrungs = { warn = 2024-09-25T08:30:00+08:00 }\n",
                "",
            ),
        ),
        "CASE_EMPTY",
        "case.示例.expect",
        "没有写出任何期望结果",
        "the case expects nothing",
    ),
    Broken(
        "a case about a clause there is not",
        (('clause = "solve"', 'clause = "solved"'),),
        "CLAUSE_UNKNOWN",
        "case.示例.expect.solved",
        "没有条款“solved”",
        "there is no clause 'solved'",
        "solve",
    ),
    Broken(
        "a case about a rung there is not",
        (("rungs = { warn =", "rungs = { wern ="),),
        "RUNG_UNKNOWN",
        "case.示例.expect.solve.rungs",
        "没有阶梯“wern”",
        "the clause has no rung 'wern'",
        "warn",
    ),
    Broken(
        "a clause that is not a table",
        (("[roles]", "[roles]\nhandlers = 3"),),
        "PACK_VALUE",
        "roles.handlers",
        "“3”不是可用的值",
        "'3' is not a usable value",
    ),
)


def test_the_minimal_pack_has_no_fault() -> None:
    assert lint(MINIMAL, FILE) == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_lint_names_the_fault_of(broken: Broken) -> None:
    faults = lint(changed(*broken.edits), FILE)
    assert [(fault.code, fault.where) for fault in faults] == [
        (broken.code, f"{FILE} {broken.where}")
    ]
    assert broken.zh in faults[0].zh()
    assert broken.en in faults[0].en()
    assert faults[0].near == broken.near


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_pack_with_a_fault_is_refused_for(broken: Broken) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_pack(changed(*broken.edits), FILE)
    assert refusal.value.code == broken.code


def test_a_near_name_is_offered_in_both_languages() -> None:
    fault = lint(changed(('act = "warn"', 'act = "wran"')), FILE)[0]
    assert fault.zh().endswith("是不是“warn”？")
    assert fault.en().endswith("did you mean “warn”?")


def test_every_fault_of_a_file_is_told_at_once() -> None:
    text = changed(
        ('name = "demo"', 'nome = "demo"'),
        ('limit = "10个工作日"', 'limit = "很久"'),
        (WARN_AT, 'at = "due-30个工作月"'),
        ('to = ["handler"]', 'to = ["nobody"]'),
        ('start = "held"', 'start = "hold"'),
        ('basis = ["示例规定"]\n\n[[clause.rung]]\nid = "next"', '\n[[clause.rung]]\nid = "next"'),
        ("top_tier = 2", "top_tier = 22"),
        ('clause = "solve"', 'clause = "nothing"'),
    )
    assert [(fault.code, fault.where.split()[1]) for fault in lint(text, FILE)] == [
        ("PACK_KEY_MISSING", "pack.name"),
        ("PACK_KEY_UNKNOWN", "pack.nome"),
        ("AMOUNT_FORMAT", "clause.solve.rung.warn.at"),
        ("ROLE_UNKNOWN", "clause.solve.rung.warn.to.0"),
        ("AMOUNT_FORMAT", "clause.solve.limit"),
        ("MARK_UNKNOWN", "clause.talk-plan.start.0"),
        ("BASIS_MISSING", "clause.talk-plan.basis"),
        ("PACK_VALUE", "talk.top_tier"),
        ("CLAUSE_UNKNOWN", "case.示例.expect.nothing"),
    ]


def test_a_fault_in_one_table_does_not_accuse_those_that_refer_to_it() -> None:
    text = changed(('light = "red"', 'light = "pink"'), ('zh = "承办人"', "zh = 1"))
    assert [fault.where.split()[1] for fault in lint(text, FILE)] == [
        "roles.handler.zh",
        "level.50.light",
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[pack]\nname = "demo\n', "demo.toml:2:13"),
        ("[pack]\nname = 示例\n", "demo.toml:2:8"),
        ("[pack]\n名称 = 1\n", "demo.toml:2:1"),
        ("[pack]\na = 1\na = 2\n", "demo.toml:3:6"),
        ("[pack]\na = [1,\n", "demo.toml:3:1"),
    ],
)
def test_a_syntax_fault_names_line_and_column(text: str, where: str) -> None:
    faults = lint(text, FILE)
    assert [(fault.code, fault.where) for fault in faults] == [("PACK_SYNTAX", where)]
    assert "不是合法的 TOML" in faults[0].zh()
    assert "at line" not in faults[0].en()


def test_an_empty_file_lacks_every_required_table() -> None:
    assert [fault.where for fault in lint("", FILE)] == [
        "demo.toml pack",
        "demo.toml hours",
        "demo.toml level",
        "demo.toml clause",
    ]


@pytest.mark.parametrize("table", ["pack", "hours", "roles", "level", "clause", "talk", "case"])
@pytest.mark.parametrize("value", ["3", '"x"', "[1]", "{ a = 1 }"])
def test_a_table_of_the_wrong_kind_is_a_fault_and_not_a_crash(table: str, value: str) -> None:
    faults = lint(f"{table} = {value}", FILE)
    assert any(fault.where.startswith(f"{FILE} {table}") for fault in faults)
    assert all(fault.zh() and fault.en() for fault in faults)


@pytest.mark.parametrize("value", ["3", "1.5", '"x"', "[]", "[[]]", "{}", "true", "2024-01-01"])
def test_no_value_of_any_key_makes_lint_fail(value: str) -> None:
    """Lint answers with faults that can be read, whatever stands behind a key."""
    lines = MINIMAL.split("\n")
    for index, line in enumerate(lines):
        key, equals, _ = line.partition(" = ")
        if equals:
            edited = [*lines[:index], f"{key} = {value}", *lines[index + 1 :]]
            for fault in lint("\n".join(edited), FILE):
                assert fault.where.startswith(FILE)
                assert fault.zh()
                assert fault.en()


def test_no_missing_line_makes_lint_fail() -> None:
    lines = MINIMAL.split("\n")
    for index, line in enumerate(lines):
        faults = lint("\n".join([*lines[:index], *lines[index + 1 :]]), FILE)
        if line.partition(" = ")[0] in ("id", "scope", "start", "limit", "at", "act", "basis"):
            assert faults, f"line {index + 1} may be missing: {line}"


def test_a_pack_whose_ladder_talks_needs_talk_rules_of_its_own_or_of_another() -> None:
    text = MINIMAL[: MINIMAL.index("[talk]")] + MINIMAL[MINIMAL.index("[[case]]") :]
    assert [(fault.code, fault.allowed) for fault in lint(text, FILE)] == [
        ("TALK_MISSING", "[talk] / talks_by"),
    ]
    assert lint(text.replace("settle", 'talks_by = "other"\nsettle', 1), FILE) == []
    assert "会提请约谈" in lint(text, FILE)[0].zh()
    assert "proposes a talk" in lint(text, FILE)[0].en()


def test_a_pack_without_talks_needs_no_talk_rules() -> None:
    text = MINIMAL[: MINIMAL.index("[talk]")] + MINIMAL[MINIMAL.index("[[case]]") :]
    assert lint(text.replace(TALK_RUNG, ""), FILE) == []


def test_clauses_for_different_petitions_may_promise_different_things() -> None:
    other = SECOND.replace(
        'scope = "petition"\n', 'scope = "petition"\nmatch = { kind = "建议" }\n'
    )
    assert lint(changed(("[[case]]\n", other)), FILE) == []


def test_clauses_with_the_same_promise_do_not_contradict() -> None:
    promise = 'limit = "10个工作日"\npauses = ["P-HEAR"]'
    same = SECOND.replace('limit = "7个工作日"', promise)
    assert lint(changed(("[[case]]\n", same)), FILE) == []


def test_a_pack_may_do_without_the_optional_tables() -> None:
    text = without("[steps]").replace('pauses = ["P-HEAR"]\n', "")
    assert lint(text, FILE) == []
