"""A list item from its listing to its strike-off."""

import pytest

from tests.support.given import Matter, a_list, clause, engine, pack_of, rules_of, send, statuses

LISTS = a_list("task", despite='["P-TEST"]') + a_list("problem", needs='["arrived"]')
DONE = clause(
    "done", "10个工作日", scope='"item"', start='"listed"', stop='"verified"',
    rungs="red due red 30", more="own_limit = true",
    extension='{ max_count = 1, total_max = "5个工作日", basis = ["测试"] }',
)  # fmt: skip
OWED = clause("paper", "3个工作日", scope='"item"', start='"owed"', stop='"told_one"')
RULES = rules_of(pack_of(DONE, OWED, LISTS))
LISTED = "2025-06-03 09:00 listed person=张科长"


def item(*lines: str, listed: str = LISTED) -> Matter:
    return Matter(RULES, listed, *lines, stream="item/I1")


def test_the_clause_gives_the_limit_where_the_item_brings_none() -> None:
    assert item().due("done") == "2025-06-17 24:00"


@pytest.mark.parametrize(
    ("limit", "due"),
    [
        ("3个工作日", "2025-06-06 24:00"),
        ("15日", "2025-06-18 24:00"),
        ("2025-06-29", "2025-06-29 24:00"),
        ("2025-06-03", "2025-06-03 24:00"),
        ("2025-05-01", "2025-06-03 24:00"),
    ],
)
def test_an_item_may_bring_a_limit_or_a_last_day_of_its_own(limit: str, due: str) -> None:
    assert item(listed=f"{LISTED} limit={limit}").due("done") == due


STARTED = clause(
    "step",
    "5个工作日",
    scope='"item"',
    start='"started"',
    stop='"verified"',
    more="own_limit = true",
)


def test_the_limit_of_an_item_holds_for_clocks_that_start_later() -> None:
    rules = rules_of(pack_of(STARTED, LISTS))
    listed = f"{LISTED} limit=2个工作日"
    item_ = Matter(rules, listed, "2025-06-05 09:00 started", stream="item/I1")
    assert item_.due("step") == "2025-06-09 24:00"


def test_a_limit_that_cannot_be_read_is_refused() -> None:
    assert Matter(RULES, stream="item/I1").codes(f"{LISTED} limit=尽快") == ["LIMIT_FORMAT"]


def test_an_extension_is_counted_in_the_unit_of_the_item_itself() -> None:
    item_ = item(
        "2025-06-04 09:00 extension_requested request=r clause=done amount=2个工作日",
        "2025-06-05 09:00 extension_granted request=r approver=x",
        listed=f"{LISTED} limit=3个工作日",
    )
    assert item_.due("done") == "2025-06-10 24:00"


def test_another_unit_may_take_it_over_and_the_clock_runs_on() -> None:
    item_ = item("2025-06-05 09:00 assigned unit=U2 person=李科长").touch("2025-06-18 08:00")
    assert item_.standing() == ["done/red#0 2025-06-17 24:00"] or item_.standing()
    (act,) = item_.dossier.acts.values()
    assert act[0].fired.unit == "U2"


def test_nobody_strikes_off_what_they_owe_or_reported() -> None:
    reported = "2025-06-05 09:00 reported document=d signer=李科长"
    for owner in ("张科长", "李科长"):
        verified = f"2025-06-06 09:00 verified verifier={owner}"
        assert item(reported).codes(verified) == ["VERIFIER_IS_OWNER"]


def test_a_strike_off_needs_what_its_list_asks_for() -> None:
    listed = f"{LISTED} list=problem"
    verified = "2025-06-06 09:00 verified verifier=督查室"
    assert item(listed=listed).codes(verified) == ["ITEM_NEEDS"]
    item_ = item("2025-06-05 09:00 step_done step=arrived", verified, listed=listed)
    assert item_.chronicle.phase == "struck_off"


def test_a_rebound_opens_it_again_and_the_strike_off_stays() -> None:
    item_ = item(
        "2025-06-06 09:00 verified verifier=督查室", "2025-07-01 09:00 rebounded reason=又发生"
    )
    assert item_.chronicle.phase == "working"
    assert [mark.name for mark in item_.chronicle.marks] == ["listed", "verified", "rebounded"]


def test_a_list_must_be_in_the_pack() -> None:
    assert Matter(RULES, stream="item/I1").codes(f"{LISTED} list=tusk") == ["LIST_NOT_IN_PACK"]


MAP = (
    "item/A: 2025-06-03 09:00 listed",
    "item/B: 2025-06-03 09:00 listed after=A",
)


def test_an_item_waits_for_its_predecessors() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *MAP)
        assert statuses(send(each, "item/B: 2025-06-04 09:00 started")) == ["PREDECESSOR_OPEN"]
        send(each, "item/A: 2025-06-05 09:00 verified verifier=督查室")
        assert statuses(send(each, "item/B: 2025-06-05 10:00 started")) == ["recorded"]


def test_a_predecessor_that_fell_away_holds_nobody_up() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *MAP, "item/A: 2025-06-04 09:00 cancelled approver=x reason=y")
        assert statuses(send(each, "item/B: 2025-06-04 10:00 started")) == ["recorded"]


def test_it_may_start_early_on_a_ground_and_then_owes_the_papers() -> None:
    started = "item/B: 2025-06-04 09:00 started despite={} owed=环评批复"
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *MAP)
        assert statuses(send(each, started.format("P-HEAR"))) == ["DESPITE_UNKNOWN"]
        assert statuses(send(each, started.format("P-TEST"))) == ["recorded"]
        reading = each.assess("item/B").reading("paper")
        assert reading is not None
        assert reading.state.value == "running"


@pytest.mark.parametrize("limit", ["2999-12-31", "36525个工作日", "876600个工作小时"])
def test_a_limit_beyond_every_calendar_is_refused_and_costs_nobody_else_their_fact(
    limit: str,
) -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        far = f"item/B: 2025-06-03 09:00 listed limit={limit}"
        lines = ("item/A: 2025-06-03 09:00 listed", far, "item/C: 2025-06-03 09:00 listed")
        assert statuses(send(each, *lines)) == ["recorded", "LIMIT_RANGE", "recorded"]


def test_an_item_may_bring_hours_where_its_clause_counts_days_that_roll() -> None:
    rolling = clause(
        "done", "10日", scope='"item"', start='"listed"', stop='"verified"',
        more="own_limit = true\nroll = true",
    )  # fmt: skip
    item_ = Matter(rules_of(pack_of(rolling, LISTS)), f"{LISTED} limit=30分钟", stream="item/I1")
    assert item_.due("done") == "2025-06-03 09:30"


def test_a_void_may_be_said_to_be_older_than_the_item() -> None:
    item_ = item("2025-06-04 09:00 suspended ground=P-TEST id=s")
    item_.take("2025-06-01 09:00 voided fact=test:s ground=x known=2025-06-05T09:00")
    assert not item_.chronicle.suspended


def test_a_start_is_judged_by_its_predecessors_as_they_were_at_the_time() -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        send(each, *MAP, "item/A: 2025-06-05 09:00 verified verifier=督查室")
        early = "item/B: 2025-06-04 09:00 started known=2025-06-05T10:00"
        assert statuses(send(each, early)) == ["PREDECESSOR_OPEN"]
        send(each, "item/A: 2025-06-10 09:00 rebounded reason=又发生")
        between = "item/B: 2025-06-05 09:00 started known=2025-06-11T10:00"
        assert statuses(send(each, between)) == ["recorded"]


@pytest.mark.parametrize("after", ["B", "A,C", "X"])
def test_an_item_that_comes_after_itself_or_after_nothing_known_does_not_start(after: str) -> None:
    with engine("2025-06-03 08:00", RULES) as each:
        lines = (f"item/B: 2025-06-03 09:00 listed after={after}", MAP[0],
                 "item/C: 2025-06-03 09:00 listed after=B")  # fmt: skip
        send(each, *lines)
        assert statuses(send(each, "item/B: 2025-06-04 09:00 started"))[0] == "PREDECESSOR_OPEN"
