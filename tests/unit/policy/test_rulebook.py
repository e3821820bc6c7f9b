"""The rulebook: which edition, which calendar, which working time."""

from dataclasses import replace
from datetime import date

import pytest

from sla_engine.catalog import load_almanac
from sla_engine.errors import Refusal
from sla_engine.policy.clause import Pack
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.worktime import Notice, parse_instant
from tests.unit.policy.minimal import changed

MIDNIGHT = parse_instant("2025-01-01T00:00:00+08:00")


def _edition(edition: str, begin: str, end: str = "", recorded: str = "") -> Pack:
    until = f"\neffective_to = {end}" if end else ""
    known = f"\nrecorded_at = {recorded}" if recorded else ""
    return parse_pack(
        changed(
            ('edition = "2024-01"', f'edition = "{edition}"'),
            ("effective_from = 2024-01-01", f"effective_from = {begin}{until}{known}"),
        )
    )


FIRST = _edition("first", "2024-01-01")
SECOND = _edition("second", "2025-01-01", "2026-01-01", recorded="2025-03-01")


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return Rulebook({"cn": load_almanac("cn")}, [SECOND, FIRST])


@pytest.mark.parametrize(
    ("on", "edition"),
    [
        (date(2024, 1, 1), "first"),
        (date(2024, 12, 31), "first"),
        (date(2025, 1, 1), "second"),
        (date(2025, 12, 31), "second"),
    ],
)
def test_an_edition_is_in_force_until_the_next_one_begins(
    rules: Rulebook, on: date, edition: str
) -> None:
    assert rules.pack("demo", on).edition == edition


def test_the_day_of_an_edition_begins_at_local_midnight(rules: Rulebook) -> None:
    assert rules.pack_on("demo", MIDNIGHT - 1) is FIRST
    assert rules.pack_on("demo", MIDNIGHT) is SECOND


def test_an_edition_that_was_not_yet_known_does_not_count(rules: Rulebook) -> None:
    known = parse_instant("2025-03-01T00:00:00+08:00")
    assert rules.pack("demo", date(2025, 1, 1), known - 1) is FIRST
    assert rules.pack("demo", date(2025, 1, 1), known) is SECOND


@pytest.mark.parametrize("on", [date(2023, 12, 31), date(2026, 1, 1)])
def test_a_day_without_an_edition_is_refused_and_told_which_there_are(
    rules: Rulebook, on: date
) -> None:
    with pytest.raises(Refusal) as refusal:
        rules.pack("demo", on)
    fault = refusal.value.faults[0]
    assert (fault.code, fault.found) == ("POLICY_NOT_IN_FORCE", on.isoformat())
    assert fault.allowed == "second [2025-01-01, 2026-01-01); first [2024-01-01, …)"


def test_an_unknown_pack_is_refused_and_told_which_there_are(rules: Rulebook) -> None:
    with pytest.raises(Refusal) as refusal:
        rules.pack_on("dome", MIDNIGHT)
    fault = refusal.value.faults[0]
    assert (fault.code, fault.found, fault.allowed) == ("POLICY_UNKNOWN", "dome", "demo")


def test_a_pack_is_found_again_by_its_digest(rules: Rulebook) -> None:
    assert rules.pack_by_digest(FIRST.digest) is FIRST
    with pytest.raises(Refusal) as refusal:
        rules.pack_by_digest("0" * 64)
    assert refusal.value.code == "RULES_CHANGED"


def test_a_pack_needs_its_calendar() -> None:
    with pytest.raises(Refusal) as refusal:
        Rulebook({}, [FIRST])
    assert refusal.value.code == "PACK_CALENDAR_UNKNOWN"


def test_a_pack_takes_the_place_of_its_edition_and_of_no_other(rules: Rulebook) -> None:
    changed_first = parse_pack(
        changed(('edition = "2024-01"', 'edition = "first"'), ("10个工作日", "11个工作日"))
    )
    with_it = rules.with_pack(changed_first)
    assert with_it.pack("demo", date(2024, 6, 1)) is changed_first
    assert with_it.pack("demo", date(2025, 6, 1)) is SECOND
    assert rules.pack("demo", date(2024, 6, 1)) is FIRST


def test_a_calendar_is_what_was_known_then(rules: Rulebook) -> None:
    before = rules.calendar(FIRST, "CN-3704", parse_instant("2019-03-21T12:00:00+08:00"))
    after = rules.calendar(FIRST, "CN-3704", parse_instant("2019-03-22T12:00:00+08:00"))
    assert not before.is_workday(date(2019, 4, 28))
    assert after.is_workday(date(2019, 4, 28))


def test_a_calendar_of_a_region_differs_from_that_of_the_country(rules: Rulebook) -> None:
    assert rules.calendar(FIRST, "CN-37").is_workday(date(2023, 4, 23))
    assert not rules.calendar(FIRST, "CN-4501").is_workday(date(2023, 4, 23))


def test_a_year_without_a_notice_is_provisional(rules: Rulebook) -> None:
    known = parse_instant("2024-06-01T00:00:00+08:00")
    assert 2025 in rules.calendar(FIRST, "CN-37", known).provisional_years


def test_the_same_question_about_a_calendar_is_answered_with_the_same_object(
    rules: Rulebook,
) -> None:
    known = parse_instant("2024-06-01T00:00:00+08:00")
    assert rules.calendar(FIRST, "CN-37", known) is rules.calendar(SECOND, "CN-37", known + 1)


@pytest.mark.parametrize("known", ["1990-01-01", "2018-12-10", "2019-06-01", "2026-11-01"])
def test_a_pinned_calendar_is_found_again_whenever_it_was_drawn(
    rules: Rulebook, known: str
) -> None:
    drawn = rules.calendar(FIRST, "CN-4501", parse_instant(f"{known}T00:00:00+08:00"))
    assert rules.calendar_by_digest(FIRST, "CN-4501", drawn.digest).digest == drawn.digest


def test_a_calendar_that_is_nowhere_to_be_found_means_changed_rules(rules: Rulebook) -> None:
    with pytest.raises(Refusal) as refusal:
        rules.calendar_by_digest(FIRST, "CN-37", "0" * 64)
    assert refusal.value.code == "RULES_CHANGED"


def _notice(region: str) -> Notice:
    return Notice(
        number="测试〔2026〕1号",
        title="测试通知",
        region=region,
        issued=date(2026, 11, 20),
        published=date(2026, 11, 20),
        covers=(2027,) if region == "CN" else (),
        off={date(2027, 6, 1): "测试"},
        work={},
    )


def test_a_new_notice_makes_a_new_rulebook_and_leaves_the_pins_of_the_old_one(
    rules: Rulebook,
) -> None:
    old = rules.calendar(FIRST, "CN-37")
    told = rules.with_notice(_notice("CN"))
    assert 2027 in told.calendar(FIRST, "CN-37").published
    assert 2027 not in rules.calendar(FIRST, "CN-37").published
    assert told.calendar_by_digest(FIRST, "CN-37", old.digest).digest == old.digest


def test_a_regional_notice_goes_to_the_calendar_of_its_country(rules: Rulebook) -> None:
    two = Rulebook({"nl": load_almanac("nl"), **rules.almanacs}, rules.packs)
    told = two.with_notice(_notice("CN-37"))
    assert len(told.almanacs["cn"].notices) == len(rules.almanacs["cn"].notices) + 1
    assert told.almanacs["nl"] is two.almanacs["nl"]


def test_a_notice_of_a_country_without_a_calendar_is_refused(rules: Rulebook) -> None:
    with pytest.raises(Refusal) as refusal:
        rules.with_notice(_notice("CNX"))
    assert refusal.value.code == "PACK_CALENDAR_UNKNOWN"


def test_working_time_is_compiled_once_for_calendar_and_hours(rules: Rulebook) -> None:
    calendar = rules.calendar(FIRST, "CN-37")
    assert rules.timetable(FIRST, "office", calendar) is rules.timetable(SECOND, "office", calendar)


def test_a_clock_that_runs_24x7_measures_working_days_by_the_office_hours(rules: Rulebook) -> None:
    calendar = rules.calendar(FIRST, "CN-37")
    assert rules.timetable(FIRST, "24x7", calendar) is rules.timetable(FIRST, "office", calendar)


def test_a_revision_counts_from_its_publication_and_not_from_its_loading(rules: Rulebook) -> None:
    old = rules.calendar(FIRST, "CN-37")
    loaded = parse_instant("2026-11-25T09:00:00+08:00")
    told = rules.with_notice(replace(_notice("CN"), recorded=loaded))
    published = parse_instant("2026-11-20T00:00:00+08:00")
    assert told.revised_at(FIRST, "CN-37", old.digest, loaded) == published
    assert told.revised_at(FIRST, "CN-37", old.digest, loaded - 1) == loaded - 1


def test_what_is_remembered_stays_within_bounds(
    rules: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sla_engine.policy.rulebook._KEPT", 2)
    fresh = Rulebook(rules.almanacs, rules.packs)
    drawn = {region: fresh.calendar(FIRST, region) for region in ("CN", "CN-34", "CN-37", "CN-45")}
    assert len(fresh._known) <= 2
    assert all(fresh.calendar(FIRST, region) is drawn[region] for region in drawn)


def test_an_edition_known_only_later_leaves_its_time_without_one(rules: Rulebook) -> None:
    with pytest.raises(Refusal) as refusal:
        rules.pack_on("demo", MIDNIGHT, parse_instant("2023-06-01T00:00:00+08:00"))
    assert refusal.value.code == "POLICY_NOT_IN_FORCE"


def test_equal_rules_have_an_equal_digest_whatever_the_order_they_are_given_in() -> None:
    one, other = (load_almanac("cn"), load_almanac("cn"))
    assert Rulebook({"cn": one}, [FIRST, SECOND]).digest == (
        Rulebook({"cn": other}, [SECOND, FIRST]).digest
    )


def test_whatever_is_learned_changes_the_digest_of_the_rules(rules: Rulebook) -> None:
    notice = Notice(
        title="试行通知", region="CN-3411", published=date(2026, 1, 5), off={date(2026, 1, 6): "试"}
    )
    later = replace(SECOND, recorded_at=SECOND.recorded_at + 1)
    digests = {
        rules.digest,
        rules.with_notice(notice).digest,
        rules.with_notice(replace(notice, recorded=MIDNIGHT)).digest,
        rules.with_pack(later).digest,
        rules.alone(FIRST).digest,
    }
    assert len(digests) == 5
