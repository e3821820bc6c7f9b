"""A scenario file is read whole: every fault at once, with what was probably meant."""

import pytest

from scenarios.script import Load, Step, parse
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
    assert step.facts[-1].refused == "TYPE_UNKNOWN"


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


def test_what_is_no_toml_says_where() -> None:
    with pytest.raises(Refusal, match="line 2") as refused:
        parse("[scenario]\nstart = yes", "story")
    assert refused.value.code == "SCENARIO_SYNTAX"
