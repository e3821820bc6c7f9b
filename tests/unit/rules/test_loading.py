"""Notices and editions to be loaded, and the rulebook as the log has it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sla_engine.errors import Refusal
from sla_engine.policy.clause import Pack
from sla_engine.policy.lint import lint, parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Event, Instant, Meta, Recorded
from sla_engine.rules.events import RULES as STREAM
from sla_engine.rules.events import NoticeLoaded
from sla_engine.rules.loading import Loading, notice_loading, pack_loading, with_loaded
from sla_engine.rules.texts import edition_of, notice_of
from sla_engine.worktime import Notice, parse_instant
from tests.support.campaign import LOADED, NOTICE, PACK, RULES

NEXT = PACK.replace('edition = "1"', 'edition = "2"').replace("2010-01-01", "2025-07-01")
EARLIER = parse_instant("2025-06-05T00:00:00+08:00")
"""The first instant of the day on which the notice was published."""


def packs(
    rules: Rulebook, *texts: str, loaded: frozenset[str] = frozenset(), used: bool = False
) -> Loading:
    files = {f"{index}.toml": text for index, text in enumerate(texts)}
    return pack_loading(rules, loaded, files, LOADED, lambda _pack: used, lambda *_: [])


def codes(rules: Rulebook, *texts: str) -> list[str]:
    with pytest.raises(Refusal) as refused:
        packs(rules, *texts)
    return [fault.code for fault in refused.value.faults]


def as_recorded(events: Sequence[Event], at: Instant = LOADED) -> list[Recorded]:
    return [
        Recorded(STREAM, version, version, Meta(occurred_at=at, recorded_at=at), event)
        for version, event in enumerate(events, 1)
    ]


def from_log(rules: Rulebook, *loadings: Loading) -> Rulebook:
    return with_loaded(rules, as_recorded([e for each in loadings for e in each.events.values()]))


def since(rules: Rulebook, edition: str) -> Instant:
    (pack,) = (pack for pack in rules.packs if pack.edition == edition)
    return pack.recorded_at


def known(rules: Rulebook, number: str = "演练〔2025〕9号") -> Notice:
    (notice,) = (each for each in rules.almanacs["cn"].notices if each.number == number)
    return notice


# ----------------------------------------------------------------------------------------- editions


def test_an_edition_is_known_from_when_it_was_loaded() -> None:
    rules = from_log(RULES, packs(RULES, NEXT))
    july = parse_instant("2025-07-02T09:00:00+08:00")
    assert since(rules, "2") == LOADED
    assert rules.pack_on("demo", july, LOADED).edition == "2"
    assert rules.pack_on("demo", july, LOADED - 1).edition == "1"


def test_an_edition_that_was_used_before_stays_known_as_its_file_says() -> None:
    text = NEXT.replace("2025-07-01", "2025-05-01")
    rules = from_log(RULES, packs(RULES, text, used=True))
    assert since(rules, "2") == parse_instant("2025-05-01T00:00:00+08:00")


def test_what_is_foreseen_is_what_the_log_then_says() -> None:
    loading = packs(RULES, NEXT)
    assert loading.rules.digest == from_log(RULES, loading).digest
    revision = notice_loading(RULES, frozenset(), NOTICE, LOADED)
    assert revision.rules.digest == from_log(RULES, revision).digest


def test_a_released_edition_never_changes() -> None:
    changed = PACK.replace("10个工作日", "8个工作日")
    assert codes(RULES, changed) == ["EDITION_CHANGED"]
    rules = from_log(RULES, packs(RULES, NEXT))
    assert codes(rules, NEXT.replace("10个工作日", "8个工作日")) == ["EDITION_CHANGED"]
    assert codes(RULES, NEXT, NEXT.replace("10个工作日", "8个工作日")) == ["EDITION_CHANGED"]


def test_an_edition_is_loaded_once_however_it_is_commented() -> None:
    first = packs(RULES, NEXT)
    rules = from_log(RULES, first)
    again = packs(rules, f"# 说明\n{NEXT}", loaded=frozenset(first.events))
    assert again.events == {}
    assert again.rules is rules
    assert again.campaign == first.campaign


def test_editions_in_force_on_one_day_are_refused_together_with_every_other_fault() -> None:
    assert codes(RULES, NEXT.replace("2025-07-01", "2010-01-01")) == ["EDITIONS_OVERLAP"]
    assert codes(RULES, NEXT, NEXT.replace('edition = "2"', 'edition = "3"')) == [
        "EDITIONS_OVERLAP"
    ]
    found = codes(RULES, NEXT.replace('act = "red"', 'act = "rad"'), "[pack")
    assert {"ACT_UNKNOWN", "PACK_SYNTAX"} <= set(found)


def test_a_pack_whose_calendar_is_not_there_is_refused() -> None:
    assert codes(RULES, NEXT.replace('calendar = "cn"', 'calendar = "mars"')) == [
        "PACK_CALENDAR_UNKNOWN"
    ]


def test_several_editions_are_one_loading_whatever_their_order() -> None:
    later = NEXT.replace('edition = "2"', 'edition = "3"').replace("2025-07-01", "2025-08-01")
    one, other = packs(RULES, NEXT, later), packs(RULES, later, NEXT)
    assert one.campaign == other.campaign
    assert len(one.events) == 2
    assert one.campaign != packs(RULES, NEXT).campaign


def test_an_edition_that_a_later_release_has_otherwise_or_in_the_way_gives_way_to_the_logs() -> (
    None
):
    loading = packs(RULES, NEXT)

    def shipping(*more: Pack) -> Rulebook:
        return Rulebook(RULES.almanacs, [*RULES.packs, *more])

    other = parse_pack(NEXT.replace("10个工作日", "8个工作日"))
    overlapping = replace(other, edition="2025-07")
    for release in (shipping(other), shipping(overlapping)):
        assert from_log(release, loading).digest == from_log(RULES, loading).digest


def test_an_edition_that_a_later_release_would_find_fault_with_is_read_all_the_same() -> None:
    text = NEXT + NEXT[NEXT.rindex("[[clause]]") :].replace("feedback", "reply").replace(
        "5个", "6个"
    )
    assert [fault.code for fault in lint(text)] == ["CLAUSE_CONTRADICTS"]
    assert edition_of(text, LOADED).recorded_at == LOADED
    with pytest.raises(Refusal):
        edition_of("[pack", LOADED)


# ------------------------------------------------------------------------------------------ notices


def test_a_notice_is_known_from_when_it_was_loaded() -> None:
    loading = notice_loading(RULES, frozenset(), NOTICE, LOADED)
    assert known(from_log(RULES, loading)).recorded == LOADED
    assert notice_loading(loading.rules, frozenset(loading.events), NOTICE, LOADED).events == {}


def test_a_notice_that_shipped_before_it_was_loaded_stays_known_since_its_publication() -> None:
    shipped = RULES.with_notice(replace(notice_of(NOTICE, 0), recorded=None))
    loading = notice_loading(shipped, frozenset(), NOTICE, LOADED)
    assert known(from_log(shipped, loading)).recorded == EARLIER
    assert known(from_log(RULES, loading)).recorded == EARLIER, "also where it does not ship"


def test_a_notice_that_a_later_release_ships_in_other_words_is_the_logs() -> None:
    """Otherwise a new release could not open the store, or would know too early of it."""
    loading = notice_loading(RULES, frozenset(), NOTICE, LOADED)
    other = replace(notice_of(NOTICE, 0), recorded=None, verified=True, source="通知原文")
    release = RULES.with_notice(other)
    assert known(from_log(release, loading)) == known(from_log(RULES, loading))


def test_a_notice_loaded_by_an_earlier_release_is_known_since_it_was_first_heard_of() -> None:
    old = NoticeLoaded("演练〔2025〕9号", "digest", NOTICE)
    assert known(with_loaded(RULES, as_recorded([old]))).recorded == LOADED
    shipped = RULES.with_notice(replace(notice_of(NOTICE, 0), recorded=None))
    assert known(with_loaded(shipped, as_recorded([old]))).recorded == EARLIER


def test_a_notice_that_contradicts_or_has_no_calendar_is_refused() -> None:
    rules = from_log(RULES, notice_loading(RULES, frozenset(), NOTICE, LOADED))
    for text, code in (
        (NOTICE.replace("2025-06-09", "2025-06-10"), "NOTICE_CONFLICT"),
        (NOTICE.replace('region = "CN"', 'region = "NL"'), "PACK_CALENDAR_UNKNOWN"),
        ("title", "CATALOG_UNREADABLE"),
    ):
        with pytest.raises(Refusal) as refused:
            notice_loading(rules, frozenset(), text, LOADED)
        assert refused.value.code == code
