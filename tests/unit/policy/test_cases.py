"""A pack's own cases, run by lint."""

from collections.abc import Mapping, Sequence

import pytest

from sla_engine.catalog import load_almanac
from sla_engine.errors import refuse
from sla_engine.escalation.cases import run_case as engine_case
from sla_engine.policy.case import Case
from sla_engine.policy.cases import CaseReading, RunCase
from sla_engine.policy.clause import Pack
from sla_engine.policy.faults import PACK_VALUE
from sla_engine.policy.lint import lint, parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.worktime import parse_instant
from tests.unit.policy.annexed import ANNEXED, edited
from tests.unit.policy.minimal import FILE, MINIMAL, changed
from tests.unit.policy.reckoner import run_case

DUE = parse_instant("2024-09-30T00:00:00+08:00")
WARN = parse_instant("2024-09-25T08:30:00+08:00")


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return Rulebook({"cn": load_almanac("cn")})


def _answering(*readings: CaseReading) -> RunCase:
    def run(_pack: Pack, _case: Case, _rulebook: Rulebook) -> Sequence[CaseReading]:
        return readings

    return run


def _reading(due: int | None, rungs: Mapping[str, int]) -> CaseReading:
    return CaseReading(clause="solve", due=due, rungs=rungs)


def test_a_case_that_comes_out_as_written_is_no_fault(rulebook: Rulebook) -> None:
    assert lint(MINIMAL, FILE, rulebook, run_case) == []


@pytest.mark.parametrize(
    ("edit", "where", "zh"),
    [
        (
            ("due = 2024-09-30", "due = 2024-10-01"),
            "expect.solve.due",
            "算得 2024-09-30T00:00:00+08:00，案例写的是 2024-10-01T00:00:00+08:00",
        ),
        (
            ("warn = 2024-09-25T08", "warn = 2024-09-25T09"),
            "expect.solve.rungs.warn",
            "算得 2024-09-25T08:30:00+08:00，案例写的是 2024-09-25T09:30:00+08:00",
        ),
        (
            ("rungs = { warn", 'rungs = { talk = "none", warn'),
            "expect.solve.rungs.talk",
            "算得 2024-10-08T08:30:00+08:00，案例写的是 none",
        ),
        (
            ('clause = "solve"\ndue', 'clause = "talk-plan"\ndue'),
            "expect.talk-plan",
            "算得 absent，案例写的是 2024-09-30T00:00:00+08:00",
        ),
    ],
)
def test_a_case_that_comes_out_otherwise_is_a_fault(
    rulebook: Rulebook, edit: tuple[str, str], where: str, zh: str
) -> None:
    text = changed(edit).replace("warn =", "next =") if "talk-plan" in edit[1] else changed(edit)
    faults = lint(text, FILE, rulebook, run_case)
    assert [(fault.code, fault.where) for fault in faults] == [
        ("CASE_FAILS", f"{FILE} case.示例.{where}")
    ]
    assert zh in faults[0].zh()
    assert "was computed" in faults[0].en()


def test_a_clause_that_must_have_no_clock_has_none(rulebook: Rulebook) -> None:
    text = changed(
        (
            "due = 2024-09-30T00:00:00+08:00\nrungs = { warn = 2024-09-25T08:30:00+08:00 }",
            "absent = true",
        ),
    )
    assert lint(text, FILE, rulebook, _answering()) == []
    fault = lint(text, FILE, rulebook, _answering(_reading(DUE, {})))[0]
    assert (fault.found, fault.allowed) == ("2024-09-30T00:00:00+08:00", "absent")


def test_one_of_several_cycles_is_enough(rulebook: Rulebook) -> None:
    right, wrong = _reading(DUE, {"warn": WARN}), _reading(DUE + 1, {"warn": WARN + 1})
    assert lint(MINIMAL, FILE, rulebook, _answering(wrong, right)) == []


def test_of_several_cycles_the_nearest_is_held_against_the_case(rulebook: Rulebook) -> None:
    near, far = _reading(DUE, {"warn": WARN + 1}), _reading(None, {})
    faults = lint(MINIMAL, FILE, rulebook, _answering(far, near))
    assert [fault.where for fault in faults] == [f"{FILE} case.示例.expect.solve.rungs.warn"]


def test_a_case_the_engine_refuses_is_a_fault_with_the_reason(rulebook: Rulebook) -> None:
    def refusing(_pack: Pack, _case: Case, _rulebook: Rulebook) -> Sequence[CaseReading]:
        raise refuse(PACK_VALUE, "fact", "nonsense", "sense")

    fault = lint(MINIMAL, FILE, rulebook, refusing)[0]
    assert fault.code == "CASE_FAILS"
    assert "'nonsense' is not a usable value" in fault.found


def test_cases_are_run_on_the_pack_under_lint_and_not_on_the_one_loaded(rulebook: Rulebook) -> None:
    loaded = rulebook.with_pack(parse_pack(changed(("10个工作日", "11个工作日"))))

    def run(pack: Pack, case: Case, rules: Rulebook) -> Sequence[CaseReading]:
        assert rules.pack_on("demo", case.facts[0].at) is pack
        return run_case(pack, case, rules)

    assert lint(MINIMAL, FILE, loaded, run) == []


def test_cases_wait_until_the_pack_has_no_other_fault(rulebook: Rulebook) -> None:
    text = changed(("due = 2024-09-30", "due = 2024-10-01"), ('act = "warn"', 'act = "wran"'))
    assert [fault.code for fault in lint(text, FILE, rulebook, run_case)] == ["ACT_UNKNOWN"]


READERS = pytest.mark.parametrize("read", [run_case, engine_case], ids=["by hand", "engine"])


@READERS
def test_cases_of_items_rounds_members_and_triggers_come_out(
    rulebook: Rulebook, read: RunCase
) -> None:
    assert lint(ANNEXED, FILE, rulebook, read) == []


@READERS
@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (('limit = "10个工作日" }]', 'limit = "11个工作日" }]'), "expect.item.due"),
        (('limit = "10个工作日" }]', 'limit = "2024-09-28" }]'), "expect.item.due"),
        (("own_limit = true\n", ""), "expect.item.due"),
        (("2024-07-13T00", "2024-07-16T00"), "expect.publish.due"),
        (('member = "甲局" }', 'member = "丙局" }'), ""),
        (("at = 2024-06-28", "at = 2024-07-02"), "expect.warned-twice.rungs.reached"),
        (('period = "2024Q3"', 'period = "2024Q4"'), "expect.black-twice"),
        (('period = "2023Q4"', 'period = "2024Q1"'), ""),
        (
            ('clause = "black-twice"\nabsent', 'clause = "warned-twice"\nabsent'),
            "expect.warned-twice",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value[1],
)
def test_a_case_beside_the_clauses_that_comes_out_otherwise_is_a_fault(
    rulebook: Rulebook, read: RunCase, edit: tuple[str, str], where: str
) -> None:
    faults = lint(edited(edit), FILE, rulebook, read)
    assert {fault.code for fault in faults} == ({"CASE_FAILS"} if where else set())
    assert all(where in fault.where for fault in faults[:1])


def test_an_item_may_bring_its_last_day(rulebook: Rulebook) -> None:
    """28 September 2024 is a Saturday off; the last day that an item names stands as it is."""
    text = edited(
        ('limit = "10个工作日" }]', 'limit = "2024-09-28" }]'),
        (
            "due = 2024-09-30T00:00:00+08:00\nrungs = { warn = 2024-09-25T08:30:00+08:00, list",
            "due = 2024-09-29T00:00:00+08:00\nrungs = { list",
        ),
        ("list = 2024-09-30T08:30", "list = 2024-09-29T08:30"),
    )
    assert lint(text, FILE, rulebook, run_case) == lint(text, FILE, rulebook, engine_case) == []
