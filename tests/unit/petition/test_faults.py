"""Why a possible fact is refused all the same: what the pack, the lanes and the clocks say."""

import pytest

from tests.support.given import Matter, clause, pack_of, rules_of

RULES = rules_of(
    pack_of(
        clause(
            "solve",
            "10个工作日",
            extension='{ max_count = 1, each_max = "5个工作日", basis = ["测试"] }',
            pauses='["P-HEAR"]',
        ),
        clause("reply", "5个工作日", stop='"told_one"'),
        clause(
            "return",
            "2个工作日",
            scope='"assignment"',
            stop='["return_requested", "accepted", "resolved"]',
        ),
    )
)
ASK = "extension_requested request=E1 clause=solve amount=5个工作日"


@pytest.fixture
def matter() -> Matter:
    return Matter(
        RULES,
        "2025-06-03 09:00 registered",
        "2025-06-03 10:00 dispatched unit=U1 assignment=A1",
    )


def test_a_step_is_one_of_the_pack(matter: Matter) -> None:
    (fault,) = matter.refused("2025-06-03 11:00 step_done step=arived")
    assert (fault.code, fault.where, fault.found) == ("STEP_NOT_IN_PACK", "step", "arived")
    assert (fault.allowed, fault.near) == ("arrived, told_one, told_two", "arrived")


def test_a_ground_is_one_of_the_pack(matter: Matter) -> None:
    (fault,) = matter.refused("2025-06-03 11:00 suspended ground=P-HEARING")
    assert (fault.code, fault.where, fault.near) == ("GROUND_NOT_IN_PACK", "ground", "P-HEAR")


def test_a_suspended_petition_cannot_be_suspended_nor_a_running_one_resumed(
    matter: Matter,
) -> None:
    assert matter.codes("2025-06-03 11:00 resumed") == ["SUSPENSION_IMPOSSIBLE"]
    matter.take("2025-06-03 11:00 suspended ground=P-HEAR")
    assert matter.codes("2025-06-03 12:00 suspended ground=P-TEST") == ["SUSPENSION_IMPOSSIBLE"]
    matter.take("2025-06-03 12:00 resumed")
    assert matter.codes("2025-06-03 13:00 resumed") == ["SUSPENSION_IMPOSSIBLE"]


def test_an_assignment_is_used_once(matter: Matter) -> None:
    found = matter.codes("2025-06-03 11:00 dispatched unit=U2 assignment=A1")
    assert found == ["ASSIGNMENT_TAKEN"]
    matter.take("2025-06-04 09:00 resolved")
    found = matter.codes("2025-06-04 10:00 rework_ordered unit=U2 assignment=A1 reason=x")
    assert found == ["ASSIGNMENT_TAKEN"]


@pytest.mark.parametrize(
    "line",
    [
        "dispatched unit=U2 assignment=A2 replaces=A9",
        "accepted assignment=A9",
        "step_done step=arrived assignment=A9",
    ],
)
def test_an_assignment_that_is_named_exists(matter: Matter, line: str) -> None:
    (fault,) = matter.refused(f"2025-06-03 11:00 {line}")
    assert (fault.code, fault.found, fault.allowed) == ("ASSIGNMENT_UNKNOWN", "A9", "A1")


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("extension_requested request=E1 clause=sovle amount=5个工作日", "clause"),
        ("extension_requested request=E1 clause=reply amount=5个工作日", "clause"),
        ("extension_requested request=E1 clause=solve amount=5日", "amount"),
        ("extension_granted request=E1 approver=L", "request"),
        ("extension_denied request=E1", "request"),
    ],
)
def test_an_extension_that_cannot_be(matter: Matter, line: str, where: str) -> None:
    (fault,) = matter.refused(f"2025-06-04 11:00 {line}")
    assert (fault.code, fault.where) == ("EXTENSION_IMPOSSIBLE", where)


def test_an_amount_that_cannot_be_read_is_refused_when_asked_for(matter: Matter) -> None:
    line = "2025-06-04 11:00 extension_requested request=E1 clause=solve amount=几天"
    assert matter.codes(line) == ["AMOUNT_FORMAT"]


def test_an_amount_that_cannot_be_read_is_refused_when_granted(matter: Matter) -> None:
    matter.take(f"2025-06-04 11:00 {ASK}")
    line = "2025-06-04 12:00 extension_granted request=E1 approver=L amount=几天"
    assert matter.codes(line) == ["AMOUNT_FORMAT"]


def test_a_request_is_made_once_and_answered_once(matter: Matter) -> None:
    matter.take(f"2025-06-04 11:00 {ASK}")
    assert matter.codes(f"2025-06-04 12:00 {ASK}") == ["EXTENSION_IMPOSSIBLE"]
    matter.take("2025-06-05 11:00 extension_denied request=E1")
    (fault,) = matter.refused("2025-06-05 12:00 extension_granted request=E1 approver=L")
    assert (fault.found, fault.allowed) == ("E1", "待批 pending: -")


def test_the_refusal_of_an_answer_lists_what_is_pending(matter: Matter) -> None:
    matter.take(f"2025-06-04 11:00 {ASK}")
    (fault,) = matter.refused("2025-06-05 12:00 extension_granted request=E2 approver=L")
    assert fault.allowed == "待批 pending: E1"


def test_a_return_is_possible_up_to_the_due_instant_and_not_a_microsecond_later(
    matter: Matter,
) -> None:
    """D18: the holder keeps it once the limit has passed in silence."""
    (fault,) = matter.refused("2025-06-06 00:00:00.000001 return_requested reason=x")
    assert (fault.code, fault.allowed) == ("TIME_BARRED", "2025-06-06T00:00:00+08:00")
    matter.take("2025-06-05 24:00 return_requested reason=x")
    assert matter.chronicle.phase == "return_requested"


def test_the_limit_of_a_return_is_that_of_its_own_assignment(matter: Matter) -> None:
    matter.take("2025-06-05 10:00 dispatched unit=U2 assignment=A2 lead=false")
    assert matter.codes("2025-06-09 10:00 return_requested reason=x assignment=A1") == [
        "TIME_BARRED"
    ]
    matter.take("2025-06-09 10:00 return_requested reason=x assignment=A2")


def test_a_void_needs_a_fact_that_counts(matter: Matter) -> None:
    matter.take("2025-06-03 11:00 accepted id=a1")
    for reference in ("test:zz", "@99", "test:", ":", "@1", ""):
        line = f"2025-06-03 12:00 voided fact={reference} ground=x"
        assert matter.codes(line) == ["NOTHING_TO_VOID"], reference
    matter.take("2025-06-03 12:00 voided fact=test:a1 ground=x id=v1")
    assert matter.codes("2025-06-03 13:00 voided fact=test:a1 ground=x") == ["NOTHING_TO_VOID"]
    matter.take("2025-06-03 13:00 voided fact=test:v1 ground=y")
    assert matter.chronicle.phase == "in_progress"


def test_a_void_may_claim_an_instant_before_the_petition_was_opened(matter: Matter) -> None:
    """The clocks of two source systems differ; what is voided counts, not when."""
    matter.take("2025-06-03 11:00 accepted id=a1")
    matter.take("2025-06-03 08:59 voided fact=test:a1 ground=x known=2025-06-03T12:00")
    assert matter.chronicle.phase == "dispatched"


def test_a_petition_names_a_pack_and_a_region_that_are_known() -> None:
    blank = Matter(RULES)
    assert blank.codes("2025-06-03 09:00 registered pack=dmo") == ["POLICY_UNKNOWN"]
    assert blank.codes("2009-06-03 09:00 registered") == ["POLICY_NOT_IN_FORCE"]
    assert blank.codes("2025-06-03 09:00 registered region=枣庄") == ["REGION_UNKNOWN"]


WINDOW = {"start": '"callback_unsatisfied"', "stop": '"told_one"'}
ONE = "2025-0{} 11:00 step_done step=told_one"
UNSATISFIED = "2025-0{} 11:00 callback_done satisfied=false"
CLOSED_ONCE = (
    "2025-06-03 09:00 registered",
    "2025-06-03 10:00 dispatched unit=U1",
    "2025-06-04 11:00 resolved",
)


def test_a_right_that_is_given_anew_is_not_barred_by_the_term_of_the_one_before() -> None:
    again = clause("review", "5日", more='late = "barred"\nrepeat = true', **WINDOW)
    matter = Matter(
        rules_of(pack_of(again)), *CLOSED_ONCE, UNSATISFIED.format("6-05"), ONE.format("6-06"),
        UNSATISFIED.format("7-05"),
    )  # fmt: skip
    assert matter.codes(ONE.format("7-11")) == ["TIME_BARRED"]
    assert matter.take(ONE.format("7-06")).state("review", "2025-07-20 09:00") == "met"


def test_whether_a_right_lapses_is_said_by_the_edition_that_its_clock_runs_by() -> None:
    """The second edition comes into force after the start of the clock and before its end."""
    bars, does_not = 'late = "barred"', ""
    for first, later, codes in ((bars, does_not, ["TIME_BARRED"]), (does_not, bars, [])):
        rules = rules_of(
            pack_of(clause("review", "5日", more=first, **WINDOW)),
            pack_of(clause("review", "5日", more=later, **WINDOW), edition="2", since="2025-06-07"),
        )
        matter = Matter(rules, *CLOSED_ONCE, UNSATISFIED.format("6-05"))
        if codes:
            assert matter.codes(ONE.format("6-20")) == codes
        else:
            assert matter.take(ONE.format("6-20")).state("review", "2025-06-20 12:00") == "late"
