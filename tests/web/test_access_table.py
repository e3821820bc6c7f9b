"""The table of who may do what, word by word: whoever changes it changes this page as well."""

from itertools import combinations

import pytest

from sla_engine.access.masking import masked, masked_fields
from sla_engine.access.table import shipped
from sla_engine.errors import Refusal
from sla_engine.record import EVENTS

TABLE = shipped()

#                        intake handler supervisor reviewer system security audit
MATRIX = """
facts:append               x      .        .          .       .      .       .
facts:any-source           .      .        .          .       .      .       .
petition:read              x      x        x          x       .      .       .
petition:work              .      x        x          .       .      .       .
petition:supervise         .      .        x          .       .      .       .
talk:read                  .      x        x          x       .      .       .
talk:write                 .      .        x          .       .      .       .
talk:answer                .      x        .          .       .      .       .
board:read                 .      x        x          x       .      .       .
dispute:read               .      x        x          x       .      .       .
dispute:file               .      x        x          .       .      .       .
dispute:rule               .      .        .          x       .      .       .
replay:run                 .      .        x          x       .      .       .
rules:read                 x      x        x          x       .      .       .
rules:propose              .      .        x          .       .      .       .
rules:approve              .      .        x          x       .      .       .
personal:read              .      x        x          .       .      .       .
export                     .      .        x          x       .      .       .
account:own                x      x        x          x       x      x       x
account:read               .      .        .          .       x      x       .
account:manage             .      .        .          .       x      .       .
grant:approve              .      .        .          .       .      x       .
system:read                .      .        .          .       x      .       .
audit:read                 .      .        .          .       .      .       x
"""
ROLES = ("intake", "handler", "supervisor", "reviewer", "system", "security", "audit")
ADMINISTRATORS = ROLES[4:]
TOGETHER = {
    frozenset(pair)
    for pair in (("intake", "supervisor"), ("intake", "reviewer"), ("supervisor", "reviewer"))
}
"""The only pairs of roles that one person may hold."""


def test_every_role_may_do_what_the_table_says_and_nothing_else() -> None:
    rows = [line.split() for line in MATRIX.strip().splitlines()]
    told = {
        role: {permission for permission, *marks in rows if marks[place] == "x"}
        for place, role in enumerate(ROLES)
    }
    assert {role: set(TABLE.may([role])) for role in TABLE.roles} == told
    assert {permission for permission, *_ in rows} == set(TABLE.permissions)


def test_several_roles_may_do_what_each_of_them_may() -> None:
    assert TABLE.may(["intake", "reviewer"]) == TABLE.may(["intake"]) | TABLE.may(["reviewer"])
    assert TABLE.may([]) == TABLE.may(["no such role"]) == frozenset()


@pytest.mark.parametrize("pair", [*combinations(ROLES, 2)], ids="+".join)
def test_no_two_roles_are_held_together_but_those_that_may_be(pair: tuple[str, str]) -> None:
    if frozenset(pair) in TOGETHER:
        TABLE.refuse_together(pair)
        return
    with pytest.raises(Refusal) as refused:
        TABLE.refuse_together(pair)
    assert {fault.code for fault in refused.value.faults} == {"ROLES_TOGETHER"}


def test_the_three_administrators_see_no_business_data() -> None:
    business = TABLE.may(ROLES[:4]) - {"account:own"}
    assert TABLE.may(ADMINISTRATORS) & business == set()


def test_every_fault_of_a_choice_of_roles_is_told_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        TABLE.refuse_together(["system", "security", "king", "queen"])
    assert [fault.code for fault in refused.value.faults] == [
        "ACCOUNT_ROLE_UNKNOWN", "ACCOUNT_ROLE_UNKNOWN", "ROLES_TOGETHER",
    ]  # fmt: skip


def test_only_a_handler_belongs_to_a_unit() -> None:
    assert [role for role in ROLES if TABLE.of_unit([role])] == ["handler"]


def test_whoever_approves_is_never_whoever_may_ask() -> None:
    for wire, approval in TABLE.approvals.items():
        assert f"{wire}/1" in EVENTS
        asks = {role for role in ROLES if approval.asks in TABLE.may([role])}
        approves = {role for role in ROLES if approval.approves in TABLE.may([role])}
        assert asks
        assert approves
        assert asks & approves == set()
        for one in asks:
            for other in approves:
                with pytest.raises(Refusal):
                    TABLE.refuse_together([one, other])


def test_a_key_is_for_nothing_that_a_person_must_answer_for() -> None:
    administration = TABLE.may(ADMINISTRATORS)
    answered_for = {
        "petition:work", "petition:supervise", "talk:write", "talk:answer", "dispute:rule",
        "dispute:file", "rules:propose", "rules:approve", "personal:read",
    }  # fmt: skip
    assert TABLE.keys.scopes & (administration | answered_for) == set()
    assert set(TABLE.permissions) >= TABLE.keys.scopes
    with pytest.raises(Refusal) as refused:
        TABLE.refuse_scopes(["facts:append", "personal:read", "audit:read"])
    assert [fault.found for fault in refused.value.faults] == ["audit:read", "personal:read"]


def test_the_table_names_nothing_that_is_not_in_it() -> None:
    for role in TABLE.roles.values():
        assert role.permissions <= set(TABLE.permissions)
    for apart in TABLE.apart:
        assert apart.these | apart.those <= set(TABLE.roles)


def test_a_purpose_is_one_of_those_there_are() -> None:
    TABLE.check_purpose("callback")
    with pytest.raises(Refusal) as refused:
        TABLE.check_purpose("")
    assert refused.value.code == "PURPOSE_UNKNOWN"


# ----------------------------------------------------------------------------------------- masks


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("name", "张三丰", "张**"),
        ("name", "欧阳锋", "欧**"),
        ("name", "李", "李*"),
        ("name", " Ann Lee ", "A**"),
        ("name", "", ""),
        ("phone", "13912345678", "139****5678"),
        ("phone", "139-1234-5678", "139****5678"),
        ("phone", "0632-3318012", "063****8012"),
        ("phone", "110", "***"),
        ("number", "370402199001011234", "**************1234"),
        ("number", "37040219900101123X", "**************123X"),
        ("address", "山东省枣庄市市中区光明西路1号", "山东省枣庄市市中区***"),
        ("address", "光明西路1号", "***"),
        ("mail", "zhang@example.cn", "z***@example.cn"),
        ("mail", "nonsense", "***"),
        ("anything else", "秘密", "***"),
    ],
)
def test_what_identifies_is_starred_out(kind: str, value: str, shown: str) -> None:
    assert masked(value, kind) == shown


def test_a_field_goes_by_its_name_and_one_that_nobody_knows_is_hidden() -> None:
    fields = {"姓名": "张三丰", "phone": "13912345678", "diagnosis": "x"}
    shown = masked_fields(fields, TABLE.masks)
    assert shown == {"姓名": "张**", "phone": "139****5678", "diagnosis": "***"}
