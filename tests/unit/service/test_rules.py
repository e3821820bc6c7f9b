"""Rules in the log: what an edition that is activated moves, what it does not, and who knows it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.errors import Refusal
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Recorded
from sla_engine.service.intake import parse
from sla_engine.service.rules import RulesOfLog
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant, parse_instant
from tests.support import given
from tests.support.campaign import (
    BEGAN,
    LOADED,
    NOTICE,
    PACK,
    RULES,
    dispatched,
    fact,
    filled,
    opened,
    refixed,
)
from tests.support.given import clause, pack_of, rules_of, send, shown, statuses, talks, text_of, to
from tests.support.history import judged

BEGINS = parse_instant("2025-06-16T00:00:00+08:00")
SECOND = (
    PACK.replace('edition = "1"', 'edition = "2"')
    .replace("2010-01-01", "2025-06-16")
    .replace("10个工作日", "8个工作日")
    .replace("5个工作日", "2个工作日")
)
TEXTS = {"demo/2.toml": SECOND}
RETROACTIVE = {"demo/2.toml": SECOND.replace("2025-06-16", "2025-06-01")}


TRAITS = {"pack": "demo", "region": "CN-3704", "kind": "投诉", "subject": "enterprise"}


@pytest.fixture
def store(tmp_path: Path) -> str:
    where = str(tmp_path / "store.sqlite")
    filled(where, 3)
    return where


def at(engine: Engine, when: int) -> Engine:
    clock = engine.clock
    assert isinstance(clock, VirtualClock)
    clock.set(when)
    engine.run_due()
    return engine


def editions(engine: Engine, no: str) -> dict[str, tuple[str, str | None]]:
    """Every clock of a petition: by which edition it runs, and when it is due."""
    return {
        f"{each.clause.id}:{each.cycle.name}": (
            each.cycle.pack.edition,
            None if each.due is None else format_instant(each.due)[:10],
        )
        for each in engine.assess(f"petition/{no}").readings
    }


def take(engine: Engine, no: str, kind: str, data: dict[str, Any], when: int = 0) -> None:
    sent = fact(engine, no, kind, data) | {"id": f"{no}-{engine.log.head()}"}
    if when:
        sent["at"] = format_instant(when)
    (outcome,) = engine.take([parse(sent)])
    assert outcome.status == "recorded", outcome


# ------------------------------------------------------------------------- what moves and what not


def test_activating_an_edition_moves_no_clock_that_runs(store: str) -> None:
    with opened(store) as engine:
        before = editions(engine, "P000")
        report = engine.load_packs(TEXTS)
        assert (report.dossiers, report.refixed, refixed(engine)) == (3, 0, {})
        assert editions(engine, "P000") == before
        assert editions(at(engine, BEGINS), "P000") == before, "nor when it comes into force"
        assert engine.verify().identical


def test_an_edition_in_force_already_moves_no_clock_that_runs_either(store: str) -> None:
    with opened(store) as engine:
        before = editions(engine, "P000")
        assert engine.load_packs(RETROACTIVE).refixed == 0
        assert (
            editions(engine, "P000")
            == before
            == {
                "solve:1": ("1", "2025-06-18"),
                "feedback:A1": ("1", "2025-06-11"),
            }
        )


def test_what_begins_in_an_older_petition_goes_by_the_edition_in_force_then(store: str) -> None:
    """The second unit's clock is new; the clock of the whole matter is never reset."""
    with opened(store) as engine:
        engine.load_packs(TEXTS)
        at(engine, BEGINS - 86_400_000_000)
        take(engine, "P000", "return_requested", {"assignment": "A1", "reason": "职责不符"})
        take(engine, "P000", "return_ruled", {"assignment": "A1", "granted": True})
        at(engine, BEGINS + 9 * 3_600_000_000)
        take(engine, "P000", "dispatched", {"unit": "U9", "assignment": "A2"})
        clocks = editions(engine, "P000")
        assert clocks["feedback:A2"] == ("2", "2025-06-19")
        assert clocks["solve:1"] == ("1", "2025-06-18")
        assert clocks["feedback:A1"][0] == "1"
        assert engine.verify().identical


def test_a_petition_that_begins_later_goes_by_it_entirely(store: str) -> None:
    with opened(store) as engine:
        engine.load_packs(TEXTS)
        dispatched(at(engine, BEGINS + 9 * 3_600_000_000), "N1")
        assert editions(engine, "N1") == {
            "solve:1": ("2", "2025-06-27"),
            "feedback:A1": ("2", "2025-06-19"),
        }


def test_a_fact_learned_late_goes_by_the_edition_in_force_when_it_happened(store: str) -> None:
    """Known by now, in force then: the rule for every fact."""
    with opened(store) as engine:
        engine.load_packs(TEXTS)
        at(engine, BEGINS + 9 * 3_600_000_000)
        for kind, data in (
            ("registered", TRAITS),
            ("dispatched", {"unit": "U1", "assignment": "A1"}),
        ):
            take(engine, "L1", kind, data, when=BEGINS - 3_600_000_000)
        assert editions(engine, "L1")["solve:1"][0] == "1"


def test_a_fact_of_before_the_loading_goes_by_a_retroactive_edition_if_learned_after_it(
    store: str,
) -> None:
    with opened(store) as engine:
        engine.load_packs(RETROACTIVE)
        for kind, data in (
            ("registered", TRAITS),
            ("dispatched", {"unit": "U1", "assignment": "A1"}),
        ):
            take(engine, "L1", kind, data, when=BEGAN)
        assert editions(engine, "L1")["solve:1"][0] == "2"
        assert editions(engine, "P000")["solve:1"][0] == "1", "learned before it"


def test_a_clause_that_only_the_new_edition_has_runs_from_its_next_start() -> None:
    old = clause("solve", "10个工作日")
    new = clause("hear", "3个工作日", stop='"callback_done"')
    later = text_of(old, new, edition="2", since="2025-06-16")
    with given.engine("2025-06-03 09:00", rules_of(pack_of(old))) as engine:
        send(engine, "2025-06-03 09:00 registered")
        send(engine, "2025-06-03 10:00 dispatched unit=U1 assignment=A1")
        engine.load_packs({"demo/2.toml": later})
        to(engine, "2025-06-16 09:00")
        assert engine.assess("petition/P1").reading("hear") is None, "dispatched long ago"
        send(engine, "2025-06-16 10:00 dispatched unit=U2 assignment=A2 lead=false")
        reading = engine.assess("petition/P1").reading("hear")
        assert reading is None, "whoever assists starts no clock of the whole matter"
        send(engine, "2025-06-17 09:00 return_requested assignment=A1 reason=x")
        send(engine, "2025-06-17 10:00 return_ruled assignment=A1 granted=true")
        send(engine, "2025-06-17 11:00 dispatched unit=U3 assignment=A3")
        reading = engine.assess("petition/P1").reading("hear")
        assert reading is not None
        assert (reading.cycle.pack.edition, shown(reading.start)) == ("2", "2025-06-17 11:00")
        assert engine.verify().identical


def test_the_next_tier_of_a_talk_goes_by_the_edition_in_force_then() -> None:
    def edition(limit: str, **more: str) -> str:
        approve = clause("approve", limit, scope='"talk"', start='["proposed", "tier_raised"]',
                         stop='"approved"')  # fmt: skip
        return text_of(talks().partition("[[clause]]")[0], approve, **more)

    first = parse_pack(edition("2个工作日"))
    with given.engine("2025-06-03 09:00", rules_of(first)) as engine:
        send(engine, "talk/U1/t: 2025-06-13 09:00 proposed")
        engine.load_packs({"demo/2.toml": edition("5个工作日", edition="2", since="2025-06-16")})
        raised = send(engine, "talk/U1/t: 2025-06-16 09:00 tier_raised tier=2 reason=x approver=L")
        assert statuses(raised) == ["recorded"]
        clocks = {
            each.cycle.name: (each.cycle.pack.edition, shown(each.due))
            for each in engine.assess("talk/U1/t").readings
        }
    assert list(clocks.values()) == [("1", "2025-06-17 24:00"), ("2", "2025-06-23 24:00")]


def test_what_was_opened_under_a_pack_that_ended_goes_by_the_edition_that_comes() -> None:
    solve, feedback = (
        clause("solve", "10个工作日"),
        clause("feedback", "5个工作日", scope='"assignment"', stop='"accepted"'),
    )
    first = pack_of(solve, feedback, more="effective_to = 2025-06-10")
    with given.engine("2025-06-03 09:00", rules_of(first)) as engine:
        send(engine, "2025-06-03 09:00 registered")
        send(engine, "2025-06-11 10:00 dispatched unit=U1 assignment=A1")
        later = text_of(solve, feedback, edition="2", since="2025-06-12")
        engine.load_packs({"demo/2.toml": later})
        send(engine, "2025-06-13 10:00 dispatched unit=U2 assignment=A2 lead=false")
        clocks = {
            each.key: each.cycle.pack.edition for each in engine.assess("petition/P1").readings
        }
    assert clocks == {
        ("solve", "1"): "1",
        ("feedback", "A1"): "1",
        ("feedback", "A2"): "2",
    }


def test_as_known_then_nobody_knew_of_the_edition(store: str) -> None:
    with opened(store) as engine:
        engine.load_packs(RETROACTIVE)
        assert engine.rules.pack_on("demo", LOADED, LOADED - 1).edition == "1"
        assert engine.rules.pack_on("demo", LOADED, LOADED).edition == "2"


# ------------------------------------------------------------------------------ who knows the rules


def test_a_store_needs_no_folder_for_what_was_activated(store: str) -> None:
    """Tried out from a folder first: activating it changes nothing that was judged."""
    folder = Rulebook(RULES.almanacs, [*RULES.packs, parse_pack(RETROACTIVE["demo/2.toml"])])
    with opened(store, rules=folder) as engine:
        dispatched(engine, "T1")
        assert editions(engine, "T1")["solve:1"][0] == "2"
        engine.follow()
        before = judged(engine)
    with opened(store) as engine, pytest.raises(Refusal) as refused:
        engine.assess("petition/T1")
    assert refused.value.code == "RULES_CHANGED"
    with opened(store, rules=folder) as engine:
        engine.load_packs(RETROACTIVE)
        assert engine.rules.digest == folder.digest, "known as it was in the folder"
    with opened(store) as engine:
        assert editions(engine, "T1")["solve:1"][0] == "2"
        assert engine.verify().identical
        assert judged(engine) == before


def test_an_edition_that_was_tried_out_is_known_as_used_without_its_folder_too(store: str) -> None:
    folder = Rulebook(RULES.almanacs, [*RULES.packs, parse_pack(RETROACTIVE["demo/2.toml"])])
    with opened(store, rules=folder) as engine:
        dispatched(engine, "T1")
    with opened(store) as engine:
        engine.load_packs(RETROACTIVE)
        assert engine.rules.digest == folder.digest


def test_an_edition_that_alone_governs_a_dossier_was_used_though_no_clock_runs(
    tmp_path: Path,
) -> None:
    store = tmp_path / "store.sqlite"
    with opened(store, BEGAN) as engine:
        take(engine, "R1", "registered", TRAITS)
    bare = Rulebook(RULES.almanacs)
    with opened(store, LOADED, rules=bare) as engine:
        engine.load_packs({"demo/1.toml": PACK})
        assert engine.rules.pack_on("demo", BEGAN, BEGAN).edition == "1"


def test_every_process_has_what_one_has_loaded(store: str) -> None:
    with opened(store) as one, opened(store) as other:
        one.load_packs(TEXTS)
        one.load_notice(NOTICE)
        other.refresh_rules()
        assert other.rules.digest == one.rules.digest
    with opened(store) as third:
        assert third.rules.digest == one.rules.digest


def test_the_log_is_read_on_and_not_again(store: str) -> None:
    with opened(store) as engine:
        engine.load_notice(NOTICE)
        asked: list[tuple[str, int]] = []
        read = engine.log.read

        def spy(stream: str, after: int = 0) -> object:
            asked.append((stream, after))
            return read(stream, after)

        engine.log.read = spy  # type: ignore[method-assign, assignment]
        rules = engine.rules
        engine.refresh_rules()
        assert asked == [("rules/notices", 1)]
        assert engine.rules is rules


def test_one_who_has_not_heard_of_the_last_loading_tries_again(store: str) -> None:
    with opened(store) as one, opened(store) as other:
        refresh: Callable[[], None] = other._rules.refresh
        interrupted: list[bool] = []

        def meanwhile() -> None:
            refresh()
            if not interrupted:
                interrupted.append(True)
                one.load_notice(NOTICE)

        other._rules.refresh = meanwhile  # type: ignore[method-assign]
        other.load_packs(TEXTS)
        loaded: list[Recorded] = list(one.log.read("rules/notices"))
        assert [each.event.WIRE for each in loaded] == [
            "rules.notice_loaded/1",
            "rules.pack_loaded/1",
        ]
        assert loaded[0].meta.recorded_at < loaded[1].meta.recorded_at, "each at its own instant"


def test_two_who_load_the_same_load_it_once(store: str) -> None:
    with opened(store) as one, opened(store) as other:
        names = {each.load_packs(TEXTS).campaign.id for each in (one, other)}
        assert len(names) == 1
        assert len(one.log.read("rules/notices")) == 1


def test_a_contradiction_writes_nothing(store: str) -> None:
    with opened(store) as engine:
        head = engine.log.head()
        with pytest.raises(Refusal) as refused:
            engine.load_packs({"demo/1.toml": PACK.replace("10个工作日", "8个工作日")})
        assert (refused.value.code, engine.log.head()) == ("EDITION_CHANGED", head)


def test_a_log_without_loaded_rules_leaves_those_brought_along(store: str) -> None:
    with opened(store) as engine:
        assert RulesOfLog(engine.log, RULES).rules is RULES
