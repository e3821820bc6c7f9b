"""From acts to talks: one open talk per unit, causes that attach, tiers that rise, repetition."""

from collections.abc import Sequence

import pytest

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.escalation.react import Command, Memory, cause_of, react
from sla_engine.record import Event
from sla_engine.talk.events import (
    CauseAttached,
    CauseOverturned,
    Rebounded,
    StruckOff,
    TalkProposed,
    TalkRefused,
    TalkWithdrawn,
    TierRaised,
)
from tests.support.given import clause, pack_of, recorded, talks

PACK = pack_of(clause("solve", "10个工作日"), talks())
BY_PETITION = pack_of(clause("solve", "10个工作日"), talks(group_by="petition"))
PLAIN = pack_of(clause("solve", "10个工作日"))
REGION = "CN-3704"


def fired(
    unit: str = "U1", tier: int = 1, version: int = 0, act: str = "talk", silent: str = ""
) -> RungFired:
    return RungFired("solve", "1", version, "talk", 50, act, 0, 0, tier, (), unit, silent)


def withdrawn(version: int = 0, silent: str = "") -> RungWithdrawn:
    return RungWithdrawn("solve", "1", version, "talk", 9, "overturned", silent)


class Reacting:
    """A process manager that is told one event after another."""

    def __init__(self, grouped_by_petition: bool = False) -> None:
        self.memory = Memory()
        self.pack = BY_PETITION if grouped_by_petition else PACK

    def to(self, event: Event, stream: str = "petition/P1") -> Sequence[Command]:
        return react(self.memory, recorded(event, stream=stream), self.pack, REGION)

    def opened(self, unit: str = "U1", tier: int = 1, stream: str = "petition/P1") -> str:
        """A talk that a first cause led to; its stream."""
        (command,) = self.to(fired(unit, tier), stream)
        self.to(command.event, command.stream)
        return command.stream


def said(commands: Sequence[Command]) -> list[Event]:
    return [command.event for command in commands]


CAUSE = "petition/P1|solve|1|0|talk"


def test_the_first_cause_proposes_a_talk_named_after_unit_and_cause() -> None:
    (command,) = Reacting().to(fired())
    assert command.stream.startswith("talk/U1/")
    assert (command.key, command.cause) == (f"propose|{CAUSE}", CAUSE)
    name = command.stream.removeprefix("talk/")
    assert command.event == TalkProposed(name, "demo", REGION, "U1", 1, (CAUSE,), ("P1",))


def test_two_managers_name_the_same_talk_for_the_same_cause() -> None:
    assert Reacting().opened() == Reacting().opened()


def test_a_later_cause_of_the_same_unit_attaches_to_the_open_talk() -> None:
    manager = Reacting()
    talk = manager.opened()
    (command,) = manager.to(fired(), "petition/P2")
    assert command.stream == talk
    assert command.event == CauseAttached("petition/P2|solve|1|0|talk", "P2")


def test_another_unit_has_a_talk_of_its_own() -> None:
    manager = Reacting()
    assert manager.opened("U1") != manager.opened("U2", stream="petition/P2")


def test_a_graver_cause_raises_the_tier_of_the_open_talk() -> None:
    manager = Reacting()
    talk = manager.opened()
    attached, raised = manager.to(fired(tier=2), "petition/P2")
    assert isinstance(attached.event, CauseAttached)
    assert (raised.stream, raised.event) == (talk, TierRaised(2, f"cause {raised.cause}"))
    assert said(manager.to(fired(tier=2), "petition/P3")) == [
        CauseAttached("petition/P3|solve|1|0|talk", "P3")
    ]


def test_the_same_event_twice_leads_to_nothing_new() -> None:
    manager = Reacting()
    talk = manager.opened()
    assert manager.to(fired()) == ()
    step = fired(act="next_tier")
    (raised,) = manager.to(step, talk)
    assert raised.event == TierRaised(2, "solve/talk")
    assert manager.to(step, talk) == ()
    (attached,) = manager.to(fired(), "petition/P2")
    assert isinstance(attached.event, CauseAttached)
    assert manager.to(fired(), "petition/P2") == ()


def test_a_talk_that_is_not_open_has_no_next_tier_and_neither_has_the_top_one() -> None:
    manager = Reacting()
    assert manager.to(fired(act="next_tier"), "talk/U9/none") == ()
    talk = manager.opened(tier=3)
    assert manager.to(fired(act="next_tier"), talk) == ()


@pytest.mark.parametrize("end", [TalkRefused("L", "x"), TalkWithdrawn("x"), StruckOff("d")])
def test_after_a_talk_has_ended_the_next_cause_proposes_a_new_one(end: Event) -> None:
    manager = Reacting()
    talk = manager.opened()
    manager.to(end, talk)
    (command,) = manager.to(fired(), "petition/P2")
    assert isinstance(command.event, TalkProposed)
    assert command.stream != talk


def test_a_talk_that_rebounds_is_open_again() -> None:
    manager = Reacting()
    talk = manager.opened(tier=2)
    manager.to(StruckOff("d"), talk)
    manager.to(Rebounded("x"), talk)
    (command,) = manager.to(fired(), "petition/P2")
    assert (command.stream, type(command.event)) == (talk, CauseAttached)
    (raised,) = manager.to(fired(act="next_tier"), talk)
    assert raised.event == TierRaised(3, "solve/talk")


def test_a_talk_that_rebounds_beside_a_new_one_leaves_the_new_one_open() -> None:
    manager = Reacting()
    old = manager.opened()
    manager.to(StruckOff("d"), old)
    new = manager.opened(stream="petition/P2")
    manager.to(Rebounded("x"), old)
    (command,) = manager.to(fired(), "petition/P3")
    assert command.stream == new


def test_a_talk_raised_by_hand_is_remembered_at_its_tier() -> None:
    manager = Reacting()
    talk = manager.opened()
    manager.to(TierRaised(3, "x", "L"), talk)
    assert said(manager.to(fired(tier=2), "petition/P2")) == [
        CauseAttached("petition/P2|solve|1|0|talk", "P2")
    ]
    assert manager.to(fired(act="next_tier"), talk) == ()


def test_a_raise_read_late_does_not_lower_the_tier() -> None:
    """The commands of one batch come back through the log after all of it was read."""
    manager = Reacting()
    talk = manager.opened()
    manager.to(fired(tier=2), "petition/P2")
    manager.to(fired(act="next_tier"), talk)
    manager.to(TierRaised(2, "cause"), talk)
    assert manager.to(fired(act="next_tier", version=1), talk) == ()


def test_a_fallen_step_to_the_next_tier_leaves_a_talk_without_causes_open() -> None:
    manager = Reacting()
    manager.to(TalkProposed("T9", "demo", REGION, "U1", 1, (), ()), "talk/T9")
    manager.to(fired(act="next_tier"), "talk/T9")
    (fallen,) = manager.to(withdrawn(), "talk/T9")
    assert isinstance(fallen.event, CauseOverturned)
    (command,) = manager.to(fired(), "petition/P2")
    assert command.stream == "talk/T9"


def test_a_talk_proposed_by_hand_takes_the_later_causes_of_its_unit() -> None:
    manager = Reacting()
    by_hand = TalkProposed("T9", "demo", REGION, "U1", 2, ("寒暑",), ())
    manager.to(by_hand, "talk/T9")
    (command,) = manager.to(fired())
    assert command.stream == "talk/T9"


# ---------------------------------------------------------------------------------- overturned


def test_a_withdrawn_act_overturns_its_cause_wherever_it_led() -> None:
    manager = Reacting()
    talk = manager.opened()
    (command,) = manager.to(withdrawn())
    assert command == Command(talk, f"overturn|{CAUSE}", CAUSE, CauseOverturned(CAUSE))
    assert manager.to(withdrawn()) == ()


def test_a_withdrawn_act_that_led_nowhere_overturns_nothing() -> None:
    assert Reacting().to(withdrawn()) == ()


def test_a_cause_that_falls_after_the_strike_off_is_still_brought_to_its_talk() -> None:
    manager = Reacting()
    talk = manager.opened()
    manager.to(StruckOff("d"), talk)
    (command,) = manager.to(withdrawn())
    assert command.stream == talk


def test_a_new_cause_does_not_join_a_talk_whose_last_cause_has_just_fallen() -> None:
    """Both are read in one batch, before the talk's withdrawal is in the log."""
    manager = Reacting()
    talk = manager.opened()
    manager.to(withdrawn())
    (command,) = manager.to(fired(version=1))
    assert isinstance(command.event, TalkProposed)
    assert command.stream != talk


def test_a_talk_with_another_cause_left_stays_open() -> None:
    manager = Reacting()
    talk = manager.opened()
    manager.to(fired(), "petition/P2")
    manager.to(withdrawn())
    (command,) = manager.to(fired(), "petition/P3")
    assert command.stream == talk


def test_a_talk_proposed_by_hand_does_not_fall_with_what_attached_to_it() -> None:
    manager = Reacting()
    manager.to(TalkProposed("T9", "demo", REGION, "U1", 1, ("寒暑",), ()), "talk/T9")
    manager.to(fired())
    manager.to(withdrawn())
    (command,) = manager.to(fired(), "petition/P2")
    assert command.stream == "talk/T9"


# ------------------------------------------------------------------------------------ left alone


@pytest.mark.parametrize("silent", ["history", "superseded", "overturned"])
def test_what_nobody_was_told_leads_to_nothing(silent: str) -> None:
    manager = Reacting()
    assert manager.to(fired(silent=silent)) == ()
    manager.opened()
    assert manager.to(withdrawn(silent="overturned")) == ()


def test_other_acts_lead_to_nothing() -> None:
    assert Reacting().to(fired(act="red")) == ()


def test_a_breach_that_is_no_units_leads_to_no_talk() -> None:
    assert Reacting().to(fired(unit="")) == ()


def test_a_pack_without_talk_rules_leads_to_nothing() -> None:
    assert react(Memory(), recorded(fired()), PLAIN, REGION) == ()


# ---------------------------------------------------------------------- one by one (一事一谈)


def test_a_pack_may_hold_one_talk_for_each_petition() -> None:
    manager = Reacting(grouped_by_petition=True)
    first = manager.opened("U1")
    second = manager.opened("U1", stream="petition/P2")
    assert first != second
    (command,) = manager.to(fired("U1", version=1))
    assert (command.stream, type(command.event)) == (first, CauseAttached)


def test_where_talks_go_by_petition_a_change_of_unit_proposes_a_talk_with_the_new_one() -> None:
    manager = Reacting(grouped_by_petition=True)
    manager.opened("U1")
    manager.to(withdrawn())
    (command,) = manager.to(fired("U2", version=1))
    assert isinstance(command.event, TalkProposed)
    assert command.event.unit == "U2"


def test_the_name_of_a_cause_is_the_key_of_its_act() -> None:
    assert cause_of("petition/P1", fired(version=3)) == "petition/P1|solve|1|3|talk"
    assert cause_of("petition/P1", withdrawn(version=3)) == "petition/P1|solve|1|3|talk"
