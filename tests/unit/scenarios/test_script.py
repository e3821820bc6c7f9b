"""A scenario file is read whole: every fault at once, with what was probably meant."""

from pathlib import Path

import pytest

from scenarios.reader import parse
from scenarios.script import Load, Step
from sla_engine.errors import Refusal
from sla_engine.worktime import parse_instant
from tests.unit.scenarios.small import EXPECT, HEAD, SMALL, STEP


def faults(content: str) -> dict[str, tuple[str, str]]:
    """Code and nearest name of each fault, by its place."""
    with pytest.raises(Refusal) as refused:
        parse(content)
    return {fault.where: (fault.code, fault.near) for fault in refused.value.faults}


def test_a_fact_is_completed_with_what_the_scenario_says_once() -> None:
    (step,) = parse(SMALL, "story").steps
    registered, dispatched = (fact.value for fact in step.facts)
    assert registered["data"]["pack"] == "zaozhuang-2110"
    assert registered["data"]["region"] == "CN-3704"
    assert dispatched["source"] == "story"
    assert dispatched["id"] == "A/dispatched/1"
    assert dispatched["at"] == "2024-09-13T09:00:00+08:00"


def test_a_late_fact_says_when_it_was_so() -> None:
    late = STEP.replace("} },\n]", "}, when = 2024-09-13T08:30:00+08:00 },\n]")
    (step,) = parse(HEAD + late + EXPECT).steps
    assert step.facts[1].value["at"] == "2024-09-13T08:30:00+08:00"
    assert step.at == parse_instant("2024-09-13T09:00:00+08:00")


def test_instants_may_be_text_or_toml() -> None:
    quoted = SMALL.replace("2024-09-13T11:00:00+08:00", '"2024-09-13T11:00:00+08:00"')
    assert parse(quoted) == parse(SMALL)


def test_notices_come_before_steps_and_steps_before_expectations_of_the_same_instant() -> None:
    at = "at = 2024-09-13T09:00:00+08:00\n"
    free = f'[[expect]]\n{at}petition = "A"\nphase = "dispatched"\n'
    notice = f'[[notice]]\n{at}number = "国办发明电〔2023〕7号"\n'
    moments = parse(HEAD + free + STEP + notice).moments
    assert [type(moment) for moment in moments] == [Load, Step, Step]
    assert [len(moment.facts) for moment in moments if isinstance(moment, Step)] == [2, 0]


def test_the_story_ends_with_its_last_step_unless_it_says_otherwise() -> None:
    assert parse(SMALL).end == parse_instant("2024-09-13T09:00:00+08:00")
    longer = SMALL.replace("start =", "end = 2024-10-01T00:00:00+08:00\nstart =")
    assert parse(longer).end == parse_instant("2024-10-01T00:00:00+08:00")


def test_every_fault_of_a_file_is_found_at_once() -> None:
    content = (
        SMALL.replace("region", "regoin")
        .replace("phase", "phaze")
        .replace("clause", "clawse")
        .replace('type = "dispatched"', 'type = "dispached"')
    )
    expect = "step 1 (line 8) expect 1"
    assert faults(content) == {
        "scenario regoin": ("SCENARIO_KEY_UNKNOWN", "region"),
        "step 1 (line 8) facts 2 type": ("TYPE_UNKNOWN", "dispatched"),
        f"{expect} phaze": ("SCENARIO_KEY_UNKNOWN", "phase"),
        f"{expect} clocks 1": ("SCENARIO_KEY_MISSING", ""),
        f"{expect} clocks 1 clawse": ("SCENARIO_KEY_UNKNOWN", "clause"),
    }


@pytest.mark.parametrize(
    ("found", "written", "code", "near"),
    [
        ('phase = "dispatched"', 'phase = "dispached"', "SCENARIO_VALUE", "dispatched"),
        ("due = 2024-09-13T11:00:00+08:00", 'state = "runing"', "SCENARIO_VALUE", "running"),
        ("due = 2024-09-13T11:00:00+08:00", "level = true", "SCENARIO_VALUE", ""),
        ("due = 2024-09-13T11:00:00+08:00", "due = 2024-09-13T11:00:00", "TIME_OFFSET", ""),
        ('"A"\nphase', '"B"\nphase', "SCENARIO_PETITION", ""),
        ('petition = "A"\nphase', 'talk = "A"\nphase', "SCENARIO_TALK", ""),
        ('"A"\nphase', '"A"\ntalk = "T"\nphase', "SCENARIO_PAIR", ""),
        ('"区住建局" }', '"区住建局" }, refused = "KEY_REUSD"', "SCENARIO_VALUE", "KEY_REUSED"),
        ('unit = "区住建局"', 'unti = "区住建局"', "FIELD_UNKNOWN", "unit"),
    ],
)
def test_a_value_that_cannot_be_is_a_fault(found: str, written: str, code: str, near: str) -> None:
    assert found in SMALL
    assert (code, near) in faults(SMALL.replace(found, written)).values()


def test_a_fault_that_is_foretold_is_none() -> None:
    wrong = '  { petition = "A", type = "resolve", refused = "TYPE_UNKNOWN" },\n]'
    (step,) = parse(SMALL.replace("\n]", f"\n{wrong}", 1)).steps
    assert step.facts[-1].outcome == "TYPE_UNKNOWN"


def test_steps_stand_in_order_of_arrival() -> None:
    earlier = "[[step]]\nat = 2024-09-13T08:30:00+08:00\nfacts = []\n"
    assert faults(SMALL + earlier) == {"step 2 (line 19)": ("SCENARIO_ORDER", "")}


def test_a_scenario_that_expects_nothing_cannot_be_played() -> None:
    assert faults(HEAD + STEP) == {"expect": ("SCENARIO_EMPTY", "")}


def test_a_notice_is_named_or_given() -> None:
    bare = "[[notice]]\nat = 2024-09-13T08:30:00+08:00\n"
    assert faults(SMALL + bare) == {"notice 1 (line 19)": ("SCENARIO_PAIR", "")}


def test_an_alias_names_a_unit_or_a_petition() -> None:
    aliases = '[talks]\n"甲" = { nth = 2 }\n"乙" = { petition = "AA" }\n'
    assert faults(SMALL + aliases) == {
        "talks 甲": ("SCENARIO_KEY_MISSING", ""),
        "talks 乙": ("SCENARIO_PETITION", "A"),
    }


def test_a_pack_is_given_or_lies_in_a_file() -> None:
    assert faults(SMALL + "[[pack]]\n") == {"pack 1 (line 19)": ("SCENARIO_PAIR", "")}
    both = '[[pack]]\ntext = "x"\nfile = "y"\n'
    assert faults(SMALL + both) == {"pack 1 (line 19)": ("SCENARIO_PAIR", "")}
    (brought,) = parse(SMALL + '[[pack]]\nfile = "mine.toml"\n', folder=Path("/there")).brought
    assert brought.path == Path("/there/mine.toml")


def test_what_is_no_toml_says_where() -> None:
    with pytest.raises(Refusal, match="line 2") as refused:
        parse("[scenario]\nstart = yes", "story")
    assert refused.value.code == "SCENARIO_SYNTAX"


# ------------------------------------------------------------------------------- repeated steps

REPEATED = """
[[step]]
at = 2024-09-13T09:00:00+08:00
repeat = 3
every = "10分钟"
[[step.facts]]
petition = "A-{n}"
type = "registered"
data = { kind = "投诉", channel = "第{n}个" }
when = 2024-09-13T08:30:00+08:00
[[step.expect]]
figures = { petitions = 3 }
"""


def test_a_repeated_step_comes_with_another_number_a_while_later() -> None:
    steps = parse(HEAD + REPEATED).steps
    facts = [step.facts[0].value for step in steps]
    assert [each["petition"] for each in facts] == ["A-1", "A-2", "A-3"]
    assert [each["data"]["channel"] for each in facts] == ["第1个", "第2个", "第3个"]
    assert [each["at"][11:16] for each in facts] == ["08:30", "08:40", "08:50"]
    assert [step.at - steps[0].at for step in steps] == [0, 600_000_000, 1_200_000_000]
    assert [len(step.expects) for step in steps] == [0, 0, 1]


def test_without_every_a_step_comes_all_at_once_in_one_transaction() -> None:
    (step,) = parse(HEAD + REPEATED.replace('every = "10分钟"\n', "")).steps
    assert [fact.about for fact in step.facts] == ["A-1", "A-2", "A-3"]
    assert {fact.value["at"][11:16] for fact in step.facts} == {"08:30"}
    assert len(step.expects) == 1


def test_too_many_for_one_transaction_come_in_several_at_the_same_instant() -> None:
    many = REPEATED.replace('every = "10分钟"\n', "").replace("repeat = 3", "repeat = 1200")
    steps = parse(HEAD + many).steps
    assert [len(step.facts) for step in steps] == [500, 500, 200]
    assert len({step.at for step in steps}) == 1
    assert [len(step.expects) for step in steps] == [0, 0, 1]


def test_repeated_steps_and_others_come_in_the_order_of_time() -> None:
    between = STEP.replace("09:00:00", "09:05:00")
    steps = parse(HEAD + REPEATED + between + EXPECT).steps
    assert [step.facts[0].about for step in steps] == ["A-1", "A", "A-2", "A-3"]


@pytest.mark.parametrize(
    ("found", "written", "code"),
    [
        ("repeat = 3", "repeat = 0", "SCENARIO_VALUE"),
        ("repeat = 3", 'repeat = "3"', "SCENARIO_VALUE"),
        ('"10分钟"', '"1个工作日"', "SCENARIO_VALUE"),
        ('"10分钟"', '"ten minutes"', "AMOUNT_FORMAT"),
        ('kind = "投诉"', 'kindd = "投诉"', "FIELD_UNKNOWN"),
    ],
)
def test_a_fault_of_a_repeated_step_is_told_once(found: str, written: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(HEAD + REPEATED.replace(found, written))
    assert [fault.code for fault in refused.value.faults].count(code) == 1


# ----------------------------------------------------------------------------- other dossiers

OTHERS = """
[[step]]
at = 2024-09-13T09:00:00+08:00
facts = [
  { item = "W-1", type = "listed", data = { list = "problem", unit = "住建局" } },
  { round = "2024Q3", type = "opened", data = { series = "board", period = "2024Q3" } },
  { roster = "CN-3704", type = "appointed", data = { role = "liaison", holder = "甲" } },
]
[[step.expect]]
item = "W-1"
phase = "listed"
"""


def test_items_and_rounds_are_told_once_whose_rules_they_follow() -> None:
    (step,) = parse(HEAD + OTHERS).steps
    listed, opened, appointed = (fact.value["data"] for fact in step.facts)
    assert listed["pack"] == opened["pack"] == "zaozhuang-2110"
    assert listed["region"] == opened["region"] == "CN-3704"
    assert "pack" not in appointed


RATE = 'measures = [{ measure = "m", first = 2024-09-01'


def expectation(body: str) -> str:
    return f"[[expect]]\nat = 2024-09-13T10:00:00+08:00\n{body}\n"


@pytest.mark.parametrize(
    ("body", "code", "near"),
    [
        ('item = "W-1"\nphase = "struck"', "SCENARIO_VALUE", "struck_off"),
        ('item = "W-1"\nround = "2024Q3"', "SCENARIO_PAIR", ""),
        ('round = "2024Q3"\nplace = { }', "SCENARIO_KEY_UNKNOWN", "places"),
        ('unit = "住建局"\nphase = "x"', "SCENARIO_KEY_UNKNOWN", ""),
        ('petition = "A"\nmeasures = []', "SCENARIO_KEY_UNKNOWN", ""),
        (f"{RATE} }}]", "SCENARIO_KEY_MISSING", ""),
        (
            f'{RATE}, last = "none", numerator = 1 }}]',
            "SCENARIO_VALUE",
            "",
        ),
        (
            f'{RATE}, last = 2024-09-30, percent = "all" }}]',
            "SCENARIO_VALUE",
            "",
        ),
        (
            f'{RATE}, last = 2024-09-30, unit = "a", kind = "b" }}]',
            "SCENARIO_PAIR",
            "",
        ),
        ('reconciliation = [{ list = "problem", unit = "住建局" }]', "SCENARIO_KEY_MISSING", ""),
        ('documents = [{ document = "urge", of = "petition/A" }]', "SCENARIO_PAIR", ""),
        ('rows = [{ projection = "items", key = "item/W-1" }]', "SCENARIO_PAIR", ""),
        ("figures = { petition = 1 }", "SCENARIO_KEY_UNKNOWN", "petitions"),
        ("figures = { told = { wran = 1 } }", "SCENARIO_KEY_UNKNOWN", "warn"),
    ],
)
def test_an_expectation_that_cannot_be_is_a_fault(body: str, code: str, near: str) -> None:
    assert (code, near) in faults(SMALL + expectation(body)).values()


def test_columns_are_read_as_a_read_model_holds_them() -> None:
    body = """[[expect.rows]]
projection = "items"
key = "item/W-1"
[expect.rows.columns]
due = 1970-01-01T00:00:01+00:00
day = 2024-09-13
none = "none"
list = [1, "a"]
open = true"""
    (row,) = parse(SMALL + expectation(body)).expects[-1].rows
    assert row.columns == {
        "due": 1_000_000,
        "day": "2024-09-13",
        "none": None,
        "list": [1, "a"],
        "open": True,
    }


def test_a_scenario_is_small_unless_it_says_that_it_takes_long() -> None:
    assert parse(SMALL).size == "small"
    assert parse(SMALL.replace("start =", 'size = "soak"\nstart =')).size == "soak"
    assert ("SCENARIO_VALUE", "") in faults(
        SMALL.replace("start =", 'size = "huge"\nstart =')
    ).values()
