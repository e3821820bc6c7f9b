"""A pack's own cases, run by the clocks that run everything else."""

from sla_engine.escalation.cases import run_case
from sla_engine.policy.case import Case, CaseFact
from tests.support.given import SHIPPED, clause, instant, pack_of, rules_of, shown, talks

EXTENSION = '{ max_count = 1, basis = ["测试"] }'
PACK = pack_of(
    clause(
        "solve",
        "10个工作日",
        extension=EXTENSION,
        pauses='["P-HEAR"]',
        rungs="red due red 30",
    ),
    clause("own", "2个工作日", scope='"assignment"', stop='"accepted"'),
    clause(
        "convene", "7日", scope='"talk"', match="{ tier = [2] }", start='"approved"', stop='"held"'
    ),
    talks(),
)
RULES = rules_of(PACK)


def run(*facts: tuple[str, str, dict[str, str]], known: str = "", tier: str = "") -> dict[str, str]:
    """Due instants of a case, by clause."""
    case = Case(
        name="case",
        traits={"tier": tier} if tier else {"kind": "投诉"},
        facts=tuple(CaseFact(name, instant(at), fields) for at, name, fields in facts),
        known_at=instant(known) if known else None,
        expect=(),
    )
    return {reading["clause"]: shown(reading["due"]) for reading in run_case(PACK, case, RULES)}


DISPATCHED = ("2025-06-03 10:00", "dispatched", {"unit": "U1"})


def test_marks_start_and_stop_clocks() -> None:
    assert run(DISPATCHED) == {"solve": "2025-06-17 24:00", "own": "2025-06-05 24:00"}


def test_a_pause_moves_the_due_date_and_an_open_one_leaves_none() -> None:
    suspended = ("2025-06-09 10:00", "suspended", {"ground": "P-HEAR"})
    resumed = ("2025-06-13 09:00", "resumed", dict[str, str]())
    assert run(DISPATCHED, suspended)["solve"] == "-"
    assert run(DISPATCHED, suspended, resumed, resumed)["solve"] == "2025-06-23 24:00"


def test_the_end_of_the_work_ends_a_pause() -> None:
    suspended = ("2025-06-09 10:00", "suspended", {"ground": "P-HEAR"})
    resolved = ("2025-06-13 09:00", "resolved", dict[str, str]())
    assert run(DISPATCHED, suspended, resolved)["solve"] == "2025-06-23 24:00"


def test_an_extension_moves_the_due_date() -> None:
    asked = ("2025-06-10 10:00", "extension_requested", {"clause": "solve", "amount": "5个工作日"})
    granted = ("2025-06-11 10:00", "extension_granted", {"clause": "solve"})
    assert run(DISPATCHED, asked, granted)["solve"] == "2025-06-24 24:00"
    less = ("2025-06-11 10:00", "extension_granted", {"clause": "solve", "amount": "1个工作日"})
    assert run(DISPATCHED, asked, less)["solve"] == "2025-06-18 24:00"


def test_what_ends_the_petition_ends_the_case() -> None:
    readings = run_case(
        PACK,
        Case(
            "case",
            {"kind": "投诉"},
            (
                CaseFact("dispatched", instant("2025-06-03 10:00"), {}),
                CaseFact("withdrawn", instant("2025-06-04 10:00"), {}),
            ),
            None,
            (),
        ),
        RULES,
    )
    dues = [each["due"] for each in readings if each["clause"] == "solve"]
    assert dues == [instant("2025-06-17 24:00")]


def test_a_case_with_a_proposal_is_about_a_talk_and_its_rounds() -> None:
    proposed = ("2025-06-03 09:00", "proposed", dict[str, str]())
    raised = ("2025-06-04 09:00", "tier_raised", {"tier": "2"})
    approved = ("2025-06-04 10:00", "approved", dict[str, str]())
    assert run(proposed, approved, tier="1") == {"approve": "2025-06-05 24:00"}
    assert run(proposed, raised, approved, tier="1")["convene"] == "2025-06-11 24:00"


def test_what_was_known_when_decides_the_calendar() -> None:
    """Vector V4: three working days from 2018-12-26."""
    pack = pack_of(clause("solve", "3个工作日"))
    for known, due in (("2018-12-05 10:00", "2018-12-31"), ("2018-12-06 10:00", "2018-12-29")):
        facts = (CaseFact("dispatched", instant("2018-12-26 10:00"), {}),)
        (reading,) = run_case(pack, Case("c", {}, facts, instant(known), ()), rules_of(pack))
        assert shown(reading["due"]) == f"{due} 24:00"


def test_every_case_of_every_shipped_pack_is_met() -> None:
    ran = 0
    for pack in SHIPPED.packs:
        for case in pack.cases:
            readings = run_case(pack, case, SHIPPED)
            for expected in case.expect:
                dues = [each["due"] for each in readings if each["clause"] == expected.clause]
                assert expected.absent == (not dues), (pack.name, case.name, expected.clause)
                assert expected.due is None or expected.due in dues, (pack.name, case.name)
                ran += 1
    assert ran > 50
