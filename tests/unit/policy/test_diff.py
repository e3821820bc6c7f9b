"""Two packs compared, in words."""

import re

import pytest

from sla_engine.catalog import load_pack
from sla_engine.policy.diff import Change, diff
from sla_engine.policy.lint import parse_pack
from tests.unit.policy.annexed import ANNEXED, edited
from tests.unit.policy.minimal import MINIMAL, changed


def _changes(*edits: tuple[str, str]) -> list[Change]:
    return diff(parse_pack(MINIMAL), parse_pack(changed(*edits)))


@pytest.mark.parametrize(
    ("edit", "path", "zh", "en"),
    [
        (
            ("10个工作日", "15个工作日"),
            "clause.solve.limit",
            "条款“办结”（solve）时限：由“10个工作日”改为“15个工作日”",
            "clause solve, limit: from “10 working days” to “15 working days”",
        ),
        (
            ('at = "due-3个工作日"', 'at = "80%"'),
            "clause.solve.rung.warn.at",
            "条款“办结”（solve）阶梯 warn 时点：由“到期日前第3个工作日上班时”改为“期限过去80%时”",
            "clause solve, rung warn, instant: "
            "from “at the opening of working day 3 before the due date” to “at 80 % of the term”",
        ),
        (
            ('stop = "resolved"', 'stop_all = ["resolved", "onsite_arrived"]'),
            "clause.solve.stop_all",
            "条款“办结”（solve）停止（全部）：由“无”改为“办结（resolved）、到达现场（onsite_arrived）”",
            "clause solve, stops on all of: "
            "from “none” to “resolved (resolved), arrived on site (onsite_arrived)”",
        ),
        (
            ('match = { kind = ["投诉"] }', 'match = { kind = ["投诉", "举报"] }'),
            "clause.solve.match",
            "条款“办结”（solve）适用范围：由“kind = 投诉”改为“kind = 投诉 | 举报”",
            "clause solve, applies to: from “kind = 投诉” to “kind = 投诉 | 举报”",
        ),
        (
            ('"14:00", "17:30"', '"13:30", "17:00"'),
            "hours.office",
            "作息时间 office：由“01-01 08:30–12:00 14:00–17:30”改为“01-01 08:30–12:00 13:30–17:00”",
            "hours office: from “01-01 08:30–12:00 14:00–17:30” to “01-01 08:30–12:00 13:30–17:00”",
        ),
        (
            ("delegation_allowed = false", "delegation_allowed = true"),
            "talk.delegation_allowed",
            "约谈可否委托他人：由“否”改为“是”",
            "talk, a deputy may come: from “no” to “yes”",
        ),
    ],
)
def test_a_change_is_told_in_both_languages(
    edit: tuple[str, str], path: str, zh: str, en: str
) -> None:
    told = {change.path: change for change in _changes(edit)}
    assert told[path].zh() == zh
    assert told[path].en() == en


def test_a_changed_limit_is_one_change() -> None:
    assert [change.path for change in _changes(("10个工作日", "15个工作日"))] == [
        "clause.solve.limit"
    ]


def test_a_new_clause_is_told_in_one_line() -> None:
    clause = MINIMAL[MINIMAL.index('[[clause]]\nid = "talk-plan"') : MINIMAL.index("[[case]]")]
    renamed = clause.replace('"talk-plan"', '"talk-plan-2"').replace("tier = [1]", "tier = [2]")
    renamed = renamed.replace("next_tier", "circular")
    new = parse_pack(changed(("[[case]]\n", f"{renamed}[[case]]\n")))
    added, dropped = diff(parse_pack(MINIMAL), new), diff(new, parse_pack(MINIMAL))
    assert [change.path for change in added] == ["clause.talk-plan-2"]
    assert added[0].zh() == (
        "新增 条款“整改清单”（talk-plan-2）："
        "约谈实施（held） → 整改清单提交（plan_filed），5个工作日，阶梯 1 个"
    )
    assert added[0].en().startswith("added clause talk-plan-2: talk held (held) → ")
    assert dropped[0].zh().startswith("删去 条款“整改清单”（talk-plan-2）：")
    assert dropped[0].en().startswith("dropped clause talk-plan-2: ")


def test_a_new_rung_is_told_in_one_line() -> None:
    rung = (
        '\n[[clause.rung]]\nid = "red"\nat = "due"\nlevel = 50\nact = "red"\nbasis = "示例规定"\n'
    )
    changes = _changes(('basis = "示例规定"\n', f'basis = "示例规定"\n{rung}'))
    assert [change.path for change in changes] == ["clause.solve.rung.red"]
    assert changes[0].zh() == (
        "新增 条款“办结”（solve）阶梯 red：逾期即时，红牌，级别 50，无，示例规定，默认值，须确认"
    )


def test_a_pack_does_not_differ_from_itself() -> None:
    pack = load_pack("zaozhuang-2110")
    assert diff(pack, pack) == []


_TEXT = re.compile(r'"([^"\n]*[\u4e00-\u9fff][^"\n]*)"')
_RULES = MINIMAL[: MINIMAL.index("[[case]]")]


def _otherwise(text: str) -> str:
    """Another text of the same kind: other digits in an amount, one more character elsewhere."""
    return text.translate(str.maketrans("12345", "45678")) if text[-1] in "日时月" else f"{text}二"


@pytest.mark.parametrize(
    "at", [pytest.param(found.start(1), id=found[1]) for found in _TEXT.finditer(_RULES)]
)
def test_whatever_is_worded_otherwise_is_told(at: int) -> None:
    old = MINIMAL[at : MINIMAL.index('"', at)]
    other = parse_pack(MINIMAL[:at] + _otherwise(old) + MINIMAL[at + len(old) :])
    assert diff(parse_pack(MINIMAL), other)


@pytest.mark.parametrize(
    "edit",
    [
        ('name = "demo"', 'name = "other"'),
        ('edition = "2024-01"', 'edition = "2024-02"'),
        ('en = "demo"', 'en = "other"'),
        ('region = "CN-3704"', 'region = "CN-37"'),
        ('calendar = "cn"', 'calendar = "nl"'),
        ("effective_from = 2024-01-01", "effective_from = 2024-01-02"),
        ("settle =", "effective_to = 2030-01-01\nsettle ="),
        ("settle =", "recorded_at = 2023-01-01\nsettle ="),
        ('status = "default"', 'status = "published"'),
        ('[["01-01"', '[["02-01"'),
        ('light = "blue"', 'light = "grey"'),
        ('scope = "petition"', 'scope = "assignment"'),
        ('start = "dispatched"', 'start = ["dispatched", "rework_ordered"]'),
        ('stop = "resolved"', 'stop = "closed"'),
        ('limit = "10个工作日"', 'limit = "10个工作日"\nreceipt = "off_to_next"'),
        ('limit = "10个工作日"', 'limit = "10个工作日"\nexpiry = "close_of_business"'),
        ('limit = "10个工作日"', 'limit = "10个工作日"\nroll = true'),
        ('limit = "10个工作日"', 'limit = "10个工作日"\nhours = "24x7"'),
        ('limit = "10个工作日"', 'limit = "10个工作日"\nrepeat = true'),
        ('limit = "10个工作日"', 'limit = "10个工作日"\nrevision = "never_earlier"'),
        ('limit = "10个工作日"', 'limit = "10个工作日"\nstatus = "published"'),
        ('pauses = ["P-HEAR"]\n', ""),
        ("max_count = 1,", "max_count = 2,"),
        ("max_count = 1,", 'max_count = 1, each_max = "3个工作日",'),
        ("max_count = 1,", 'max_count = 1, status = "published",'),
        ("level = 10\nact", "level = 50\nact"),
        ('act = "warn"', 'act = "remind"'),
        ('to = ["handler"]\n', ""),
        ("tier = 1\n", "tier = 2\n"),
        ('basis = "示例规定"\n', 'basis = "示例规定"\nstatus = "published"\n'),
        ('group_by = "unit"', 'group_by = "petition"'),
    ],
    ids=lambda edit: edit[1],
)
def test_whatever_is_set_otherwise_is_told(edit: tuple[str, str]) -> None:
    other = parse_pack(changed(edit))
    assert other.digest != parse_pack(MINIMAL).digest
    assert diff(parse_pack(MINIMAL), other)


# ------------------------------------------------------------- the tables beside the clauses

_ANNEX = ANNEXED[len(MINIMAL) : ANNEXED.index("[[case]]", len(MINIMAL))]


@pytest.mark.parametrize(
    "at", [pytest.param(found.start(1), id=found[1]) for found in _TEXT.finditer(_ANNEX)]
)
def test_whatever_is_worded_otherwise_beside_the_clauses_is_told(at: int) -> None:
    start = len(MINIMAL) + at
    old = ANNEXED[start : ANNEXED.index('"', start)]
    other = parse_pack(ANNEXED[:start] + _otherwise(old) + ANNEXED[start + len(old) :])
    assert diff(parse_pack(ANNEXED), other)


@pytest.mark.parametrize(
    "edit",
    [
        ('needs = ["onsite_arrived"]\n', ""),
        ('despite = ["P-HEAR"]\n', ""),
        ('form = "board"', 'form = "award"'),
        ('cycle = "quarter"', 'cycle = "month"'),
        ('measure = "composite"', 'measure = "on-time"'),
        ("praise = true\n", ""),
        ("top = 3", "top = 2"),
        ("bottom = 3", "bottom = 1"),
        ("bottom = 3", "below = 60"),
        ("bottom = 3", "at_least = 0"),
        ('improve = "task"', 'improve = "problem"'),
        ("skill = 60", "skill = 0"),
        ('counts = ["act:warn@solve"]', 'counts = ["act:warn"]'),
        ("at_least = 2\nconsecutive = true", 'at_least = 2\nwithin = "year"'),
        ("at_least = 2", "at_least = 3"),
        ('within = "month"', 'within = "year"'),
        ('act = "talk"\ntier = 1\nlevel = 50\nto', 'act = "circular"\nlevel = 50\nto'),
        ('act = "talk"\ntier = 1\nlevel = 50\nto', 'act = "talk"\ntier = 2\nlevel = 50\nto'),
        ('tier = 1\nlevel = 50\nto = ["handler"]', "tier = 1\nlevel = 50"),
        ("tier = 1\nlevel = 50\nto", "tier = 1\nlevel = 10\nto"),
        ('numerator = ["solve.met"]', 'numerator = ["solve.late"]'),
        ('denominator = ["callbacks"]', 'denominator = ["ratings"]'),
        ("on-time = 40, satisfied = 60", "on-time = 50, satisfied = 50"),
        ('role = "handler"\n', 'role = "handler"\nlevel = "department"\n'),
        ('unit = "区住建局"', 'role = "handler"'),
        ('match = { list = ["task"] }', 'match = { list = ["task"], unit = ["甲"] }'),
        ("own_limit = true\n", ""),
        (
            'stop = "objected"\nlimit = "5个工作日"\nlate = "barred"\n',
            'stop = "objected"\nlimit = "5个工作日"\n',
        ),
        ("max_count = 1,", 'max_count = 1, ask_before = "1个工作日",'),
    ],
    ids=lambda edit: edit[1] or edit[0],
)
def test_whatever_is_set_otherwise_beside_the_clauses_is_told(edit: tuple[str, str]) -> None:
    other = parse_pack(edited(edit))
    assert other.digest != parse_pack(ANNEXED).digest
    assert diff(parse_pack(ANNEXED), other)


def test_a_changed_trigger_is_told_in_words() -> None:
    (change,) = diff(parse_pack(ANNEXED), parse_pack(edited(('"month"', '"quarter"'))))
    assert change.path == "trigger.warned-twice.within"
    assert change.zh() == "触发“一月两次预警”（warned-twice）期间：由“每月”改为“每季”"
    assert change.en() == "trigger warned-twice, within: from “monthly” to “quarterly”"


@pytest.mark.parametrize(
    ("old", "path", "zh"),
    [
        ('\n[[route]]\nrole = "handler"\n', "route.2", "派单目录第 2 行：全部，承办人（handler）"),
        (
            ANNEXED[
                ANNEXED.index('\n[[trigger]]\nid = "talks-twice"') : ANNEXED.index("\n[[measure]]")
            ],
            "trigger.talks-twice",
            "触发“一季两次约谈”（talks-twice）：一季两次约谈，talk:1，2，3个月，提请约谈，2 级约谈",
        ),
    ],
)
def test_a_table_that_only_one_pack_has_takes_one_line(old: str, path: str, zh: str) -> None:
    fewer = parse_pack(edited((old, "")))
    (dropped,) = diff(parse_pack(ANNEXED), fewer)
    (added,) = diff(fewer, parse_pack(ANNEXED))
    assert (dropped.path, added.path) == (path, path)
    assert dropped.zh().startswith(f"删去 {zh}")
    assert added.zh().startswith(f"新增 {zh}")
