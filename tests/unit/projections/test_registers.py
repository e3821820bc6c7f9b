"""Orders of supervision, callbacks to be made, candidates for a merge, the roster, repetition."""

from collections.abc import Sequence

from projections.callbacks import Callbacks
from projections.duplicates import Duplicates, candidates
from projections.repetition import Repetition
from projections.roster import Roster
from projections.supervision import Supervision
from sla_engine.dossier.events import AnomalyNoted, RungFired, RungWithdrawn, Voided
from sla_engine.petition.events import (
    CallbackDone,
    Dispatched,
    Merged,
    Registered,
    Resolved,
    ReworkOrdered,
)
from sla_engine.projection import Columns
from sla_engine.roster.events import Appointed, Relieved
from sla_engine.unit.events import Counted, Discounted
from tests.support.sheets import Fact, clock, noon, on, sheet, told

OPENED = on(1, Registered("ZZ1", "p", "投诉", "R", matter="噪音"))


def ordered(rung: str, act: str, version: int = 0) -> RungFired:
    return RungFired(
        "solve", "1", version, rung, 40, act, noon(9), noon(9), unit="甲", to=("督查",)
    )


def test_every_order_has_a_row_with_its_number_and_when_it_was_settled() -> None:
    facts = [OPENED, on(9, ordered("urge", "urge")), on(9, ordered("red", "red"))]
    facts += [on(10, ordered("sup", "supervise"))]
    running = sheet(Supervision(), told("petition/ZZ1", facts), [clock("solve", 2, due=8)])
    rows = running["supervision"]
    assert list(rows) == ["petition/ZZ1|solve|1|0|urge", "petition/ZZ1|solve|1|0|sup"]
    row = rows["petition/ZZ1|solve|1|0|sup"]
    shown = ("stream", "unit", "act", "due", "to", "number", "stands", "settled_at")
    assert [row[name] for name in shown] == [
        "petition/ZZ1", "甲", "supervise", noon(9), ["督查"], 4, True, None,
    ]  # fmt: skip
    ended = sheet(Supervision(), told("petition/ZZ1", facts), [clock("solve", 2, 8, stop=12)])
    assert {each["settled_at"] for each in ended["supervision"].values()} == {noon(12)}


def test_a_withdrawn_order_stays_in_the_register_and_no_longer_stands() -> None:
    facts = [on(9, ordered("sup", "supervise")), on(10, RungWithdrawn("solve", "1", 0, "sup", 3))]
    facts.append(on(11, ordered("sup", "supervise", version=1)))
    rows = sheet(Supervision(), told("petition/ZZ1", facts))["supervision"]
    assert [each["stands"] for each in rows.values()] == [False, True]
    assert not Supervision().interested(AnomalyNoted("KEY_REUSED"))


def waiting(facts: Sequence[Fact]) -> dict[str, Columns]:
    return sheet(Callbacks(), told("petition/ZZ1", [OPENED, *facts]))["callbacks"]


def test_a_petition_waits_to_be_called_back_from_each_resolution_until_somebody_asks() -> None:
    facts = [
        on(2, Dispatched("甲", "A1")),
        on(3, Resolved()),
        on(4, CallbackDone(satisfied=False, answers={"smooth": "no"})),
        on(5, ReworkOrdered("乙", "A2", "不满意")),
        on(6, Resolved(), "again"),
        on(7, CallbackDone(satisfied=True)),
    ]
    assert waiting(facts[:1]) == waiting(facts[:3]) == waiting(facts[:4]) == waiting(facts) == {}
    (first,), (second,) = waiting(facts[:2]).values(), waiting(facts[:5]).values()
    assert (first["no"], first["unit"], first["resolved_at"]) == ("ZZ1", "甲", noon(3))
    assert (second["unit"], second["answers"]) == ("乙", {"smooth": "no"})
    assert waiting([*facts[:5], on(8, Voided("city:again", "虚假办结"))]) == {}


def test_a_callback_learned_before_its_resolution_is_found_in_its_place() -> None:
    facts = [on(2, Dispatched("甲", "A1")), on(4, CallbackDone(satisfied=False)), on(3, Resolved())]
    assert waiting(facts) == {}


def arrived(no: str, channel: str, petitioner: str = "e7", matter: str = "噪音") -> Fact:
    return on(
        int(no[2:]), Registered(no, "p", "投诉", "R", channel, matter=matter, petitioner=petitioner)
    )


def test_open_petitions_of_one_petitioner_over_several_channels_may_be_one() -> None:
    events = [
        *told("petition/ZZ2", [arrived("ZZ2", "12345")]),
        *told("petition/ZZ1", [arrived("ZZ1", "市长信箱")]),
        *told("petition/ZZ3", [arrived("ZZ3", "市长信箱", matter="供热")]),
        *told("petition/ZZ4", [arrived("ZZ4", "12345", petitioner="")]),
        *told("petition/ZZ5", [arrived("ZZ5", "市长信箱", petitioner="of/ZZ5")]),
    ]
    (group,) = candidates(sheet(Duplicates(), events)["duplicates.cells"].items())
    assert (group.petitioner, group.kind, group.matter) == ("e7", "投诉", "噪音")
    assert [each.stream for each in group.petitions] == ["petition/ZZ1", "petition/ZZ2"]
    merged = told("petition/ZZ2", [arrived("ZZ2", "12345"), on(5, Merged("ZZ1"))])
    again = sheet(Duplicates(), [*events[1:], *merged])["duplicates.cells"]
    assert list(candidates(again.items())) == []


def test_one_channel_twice_is_no_candidate() -> None:
    events = [
        *told("petition/ZZ1", [arrived("ZZ1", "12345")]),
        *told("petition/ZZ2", [arrived("ZZ2", "12345")]),
    ]
    assert list(candidates(sheet(Duplicates(), events)["duplicates.cells"].items())) == []


def test_the_roster_says_who_held_which_role_from_when_to_when() -> None:
    facts = [
        on(1, Appointed("liaison", "甲员", "住建局", "住建局"), "first"),
        on(3, Appointed("liaison", "乙员", "住建局", "住建局")),
        on(5, Relieved("liaison", "甲员", "住建局")),
        on(6, Appointed("leader", "丙员")),
    ]
    rows = sheet(Roster(), told("roster/R", facts))["roster"]
    assert sorted(rows) == ["R|leader|", "R|liaison|住建局"]
    row = rows["R|liaison|住建局"]
    assert [(each["holder"], each["from"], each["to"]) for each in row["holders"]] == [
        ("甲员", noon(1), noon(5)), ("乙员", noon(3), None),
    ]  # fmt: skip
    voided = told("roster/R", [*facts, on(7, Voided("city:first", "误录"))])
    (holder,) = sheet(Roster(), voided)["roster"]["R|liaison|住建局"]["holders"]
    assert holder["holder"] == "乙员"


def test_a_void_elsewhere_is_nothing_to_the_roster() -> None:
    assert sheet(Roster(), told("petition/1", [on(1, Voided("@1", "误"))]))["roster.base"] == {}


def counted(cause: str, what: str = "act:yellow") -> Counted:
    return Counted(what, cause, "p", "R", "甲")


def test_what_is_counted_against_a_unit_stands_until_its_cause_falls() -> None:
    reached = RungFired("twice", "m1", 0, "reached", 50, "talk", noon(3), noon(3), tier=1)
    facts = [on(2, counted("c1")), on(3, counted("c2")), on(3, reached)]
    (row,) = sheet(Repetition(), told("unit/p/甲", facts))["repetition"].values()
    assert (row["counts"], row["level"]) == ({"act:yellow": 2}, 50)
    (trigger,) = row["triggers"].values()
    assert (trigger["trigger"], trigger["tier"], trigger["at"]) == ("twice", 1, noon(3))
    facts += [on(4, Discounted("c1")), on(4, RungWithdrawn("twice", "m1", 0, "reached", 4))]
    (row,) = sheet(Repetition(), told("unit/p/甲", facts))["repetition"].values()
    assert ([each["cause"] for each in row["counted"]], row["triggers"]) == (["c2"], {})
    assert (row["level"], row["unit"]) == (0, "甲")


def test_acts_of_other_streams_give_no_row() -> None:
    act = told("petition/ZZ1", [on(9, ordered("sup", "supervise"))])
    assert sheet(Repetition(), act)["repetition"] == {}
