"""What a pack file becomes."""

from fractions import Fraction

import pytest

from sla_engine.policy.clause import Scope, Text
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.vocabulary import ACTS
from sla_engine.worktime import Term, Unit, parse_instant
from tests.unit.policy.minimal import MINIMAL, changed


def test_a_clause_carries_what_its_table_says() -> None:
    clause = parse_pack(MINIMAL).clause("solve")
    assert clause.name == Text("办结", "solve")
    assert clause.scope is Scope.PETITION
    assert clause.match({"kind": "投诉"})
    assert not clause.match({"kind": "咨询"})
    assert (clause.start, clause.stop_any, clause.stop_all) == (("dispatched",), ("resolved",), ())
    assert (clause.term.amount.n, clause.term.amount.unit) == (Fraction(10), Unit.WORKDAYS)
    assert clause.pauses == {"P-HEAR"}
    assert clause.extension is not None
    assert clause.extension.basis == ("示例规定",)
    assert [rung.id for rung in clause.rungs] == ["warn", "talk"]


def test_what_a_clause_leaves_out_has_the_least_surprising_value() -> None:
    clause = parse_pack(MINIMAL).clause("talk-plan")
    assert clause.term == Term(clause.term.amount, "as_is", "end_of_day", False)
    assert (clause.hours, clause.repeat, clause.revision) == ("office", False, "recompute")
    assert (clause.extension, clause.status) == (None, "default")


def test_one_value_may_stand_for_a_list_of_one() -> None:
    listed = parse_pack(changed(('start = "dispatched"', 'start = ["dispatched"]')))
    assert listed.clause("solve") == parse_pack(MINIMAL).clause("solve")


def test_a_tier_may_be_written_as_a_number_or_as_text() -> None:
    text = parse_pack(changed(("match = { tier = [1] }", 'match = { tier = "1" }')))
    assert text.clause("talk-plan").match({"tier": "1"})
    assert parse_pack(MINIMAL).clause("talk-plan").match({"tier": "1"})


def test_acts_have_words_of_their_own_until_the_pack_gives_others() -> None:
    assert parse_pack(MINIMAL).acts["talk"] == ACTS["talk"]
    renamed = parse_pack(
        changed(("[roles]", '[acts]\ntalk = { zh = "约谈", en = "talk" }\n\n[roles]'))
    )
    assert renamed.acts["talk"] == Text("约谈", "talk")
    assert renamed.acts["warn"] == ACTS["warn"]


def test_every_mark_that_starts_a_clock_is_an_anchor() -> None:
    assert parse_pack(MINIMAL).anchors == {"dispatched", "held"}


@pytest.mark.parametrize(
    ("stated", "instant"),
    [
        ("", "2024-01-01T00:00:00+08:00"),
        ("recorded_at = 2023-12-20\n", "2023-12-20T00:00:00+08:00"),
        ("recorded_at = 2023-12-20T09:30:00+08:00\n", "2023-12-20T09:30:00+08:00"),
        ('recorded_at = "2023-12-20T01:30:00Z"\n', "2023-12-20T09:30:00+08:00"),
    ],
)
def test_an_edition_is_known_from_the_day_stated_or_else_from_the_day_in_force(
    stated: str, instant: str
) -> None:
    pack = parse_pack(changed(("settle", f"{stated}settle")))
    assert pack.recorded_at == parse_instant(instant)


def test_where_the_office_hours_come_from_reaches_the_reader() -> None:
    cited = parse_pack(MINIMAL).cited["hours.office"]
    assert (cited.basis, cited.status) == (("示例规定",), "default")


def test_the_digest_is_that_of_the_rules_and_not_of_their_layout_or_cases() -> None:
    digest = parse_pack(MINIMAL).digest
    laid_out = "# 注释\n" + MINIMAL.replace("\n\n", "\n\n\n").replace(" = ", "  =  ")
    assert parse_pack(laid_out).digest == digest
    assert parse_pack(MINIMAL[: MINIMAL.index("[[case]]")]).digest == digest
    assert parse_pack(changed(("10个工作日", "11个工作日"))).digest != digest
    assert parse_pack(changed(('basis = ["示例规定"]', 'basis = ["另一规定"]'))).digest != digest


def test_a_case_is_read_into_instants() -> None:
    case = parse_pack(
        changed(
            (
                "+08:00 }]\n",
                '+08:00 }, { type = "suspended", at = "2024-09-20T01:00:00Z", '
                'ground = "P-HEAR" }]\nknown_at = 2024-10-01T00:00:00+08:00\n',
            ),
            ("rungs = { warn", 'rungs = { talk = "none", warn'),
        )
    ).cases[0]
    assert [(fact.type, dict(fact.fields)) for fact in case.facts] == [
        ("dispatched", {}),
        ("suspended", {"ground": "P-HEAR"}),
    ]
    assert case.facts[1].at == parse_instant("2024-09-20T09:00:00+08:00")
    assert case.known_at == parse_instant("2024-10-01T00:00:00+08:00")
    assert case.expect[0].due == parse_instant("2024-09-30T00:00:00+08:00")
    assert case.expect[0].rungs == {
        "talk": None,
        "warn": parse_instant("2024-09-25T08:30:00+08:00"),
    }


def test_a_pack_names_its_clauses_and_levels() -> None:
    pack = parse_pack(MINIMAL)
    assert pack.clause("solve").id == "solve"
    with pytest.raises(KeyError):
        pack.clause("sovle")
    level = pack.level(10)
    assert level is not None
    assert level.name.zh == "预警"
    assert pack.level(11) is None
