"""Dated roles, and dispatch by them."""

from sla_engine.roster.kind import holders
from tests.support.given import Matter, clause, engine, instant, pack_of, rules_of, send, statuses

ROUTES = """
[[route]]
match = { matter = ["住建"] }
unit = "区住建局"
basis = "测试"
[[route]]
match = { matter = ["园区"] }
role = "handler"
basis = "测试"
"""
ROLES = '[roles]\nhandler = { zh = "联络员", en = "liaison" }\n'
RULES = rules_of(pack_of(clause("solve", "5个工作日"), ROLES, ROUTES))
APPOINTED = "2025-01-01 09:00 appointed role=handler holder=王某 unit=园区办"


def test_a_role_is_held_from_its_appointment_until_it_ends() -> None:
    roster = Matter(
        RULES,
        APPOINTED,
        "2025-06-01 09:00 relieved role=handler holder=王某",
        stream="roster/CN-3704",
    )
    for when, found in (("2024-12-31 09:00", 0), ("2025-05-31 09:00", 1), ("2025-06-01 09:00", 0)):
        assert len(holders(roster.chronicle, "handler", "", instant(when))) == found


def test_whoever_holds_it_for_the_matter_goes_before_whoever_holds_it_for_all() -> None:
    own = "2025-02-01 09:00 appointed role=handler holder=赵某 about=甲公司 unit=镇政府"
    roster = Matter(RULES, APPOINTED, own, stream="roster/CN-3704").chronicle
    at = instant("2025-03-01 09:00")
    assert [each.holder for each in holders(roster, "handler", "甲公司", at)] == ["赵某"]
    assert [each.holder for each in holders(roster, "handler", "乙公司", at)] == ["王某"]


def test_only_who_is_in_office_can_be_relieved() -> None:
    roster = Matter(RULES, APPOINTED, stream="roster/CN-3704")
    assert roster.codes("2025-06-01 09:00 relieved role=handler holder=李某") == ["NOT_IN_OFFICE"]


def test_a_dispatch_without_a_unit_follows_the_catalogue() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, "roster/CN-3704: " + APPOINTED)
        for no, matter, outcome in (
            ("P1", "住建", "recorded"),
            ("P2", "园区", "recorded"),
            ("P3", "教育", "ROUTE_NONE"),
        ):
            send(each, f"{no}: 2025-06-03 09:00 registered matter={matter}")
            assert statuses(send(each, f"{no}: 2025-06-03 10:00 dispatched")) == [outcome]
        assert each.events("petition/P1")[-1].event.unit == "区住建局"
        assert each.events("petition/P2")[-1].event.unit == "园区办"


def test_a_holder_without_a_unit_does_not_stand_in_the_way_of_one_who_has_one() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, "roster/CN-3704: 2025-01-01 09:00 appointed role=handler holder=李某")
        send(each, "roster/CN-3704: " + APPOINTED.replace("01-01", "01-02"))
        send(each, "P1: 2025-06-03 09:00 registered matter=园区")
        assert statuses(send(each, "P1: 2025-06-03 10:00 dispatched")) == ["recorded"]


def test_a_petition_without_a_region_is_routed_by_the_roster_of_its_pack() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, "roster/CN-3704: " + APPOINTED)
        send(each, "P1: 2025-06-03 09:00 registered matter=园区 region=")
        assert statuses(send(each, "P1: 2025-06-03 10:00 dispatched")) == ["recorded"]
