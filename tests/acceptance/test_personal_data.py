"""Personal data stays out of the log, and erasing it moves no deadline and no replay digest."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import AnomalyNoted
from sla_engine.errors import Refusal
from sla_engine.replay.state import state_of
from sla_engine.service.handler import Outcome, outcome_dict
from sla_engine.service.intake import parse
from sla_engine.wiring import Engine
from tests.support.given import SHIPPED, instant, shown, to
from tests.support.history import judged

NAME, PHONE, STORY = "欧阳锋刃", "13812345678", "我家住在某某小区三号楼"
PERSONAL = {"name": NAME, "phone": PHONE, "story": STORY}
SECRETS = (NAME, PHONE, STORY)
REGISTERED: dict[str, Any] = {
    "petition": "P1",
    "type": "registered",
    "id": "r1",
    "source": "12345",
    "at": "2025-06-03T09:00:00+08:00",
    "petitioner": "citizen-7",
    "personal": PERSONAL,
    "data": {
        "pack": "zaozhuang-2110",
        "kind": "投诉",
        "region": "CN-3704",
        "subject": "enterprise",
    },
}
DISPATCHED: dict[str, Any] = {
    **{key: REGISTERED[key] for key in ("petition", "source")},
    "type": "dispatched",
    "id": "d1",
    "at": "2025-06-03T10:00:00+08:00",
    "data": {"unit": "U1", "assignment": "A1"},
}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Engine]:
    clock = VirtualClock(instant("2025-06-03 12:00"))
    with Engine.open(tmp_path / "store.sqlite", clock, rules=SHIPPED) as engine:
        take(engine, REGISTERED, DISPATCHED)
        to(engine, "2025-06-25 12:00")
        yield engine


def take(engine: Engine, *sent: dict[str, Any]) -> list[Outcome]:
    return engine.take([parse(each) for each in sent])


def later(name: str, **more: Any) -> dict[str, Any]:
    """A further fact about the petition, as of the clock's last stop."""
    sent = {key: REGISTERED[key] for key in ("petition", "source")}
    at = "2025-06-25T11:00:00+08:00"
    return {**sent, "type": name, "id": f"{name}-1", "at": at, **more}


def left_in(folder: Path) -> set[str]:
    """Which secrets any file of the store still holds."""
    found = b"".join(path.read_bytes() for path in folder.iterdir())
    return {secret for secret in SECRETS if secret.encode() in found}


def in_log(engine: Engine) -> list[str]:
    """Secrets in the bytes of any event."""
    events = engine.log.recorder.select_notifications(None, 1_000_000)
    stored = b"".join(event.state + str(event.originator_id).encode() for event in events)
    assert len(stored) > 1_000, "an empty log proves nothing"
    return [secret for secret in SECRETS if secret.encode() in stored]


# ------------------------------------------------------------------------------ not in the log


def test_no_event_holds_a_name_a_number_or_a_story(running: Engine) -> None:
    assert in_log(running) == []
    assert running.log.personal("citizen-7") == PERSONAL


def test_nor_does_a_fact_that_brings_more_of_it_later(running: Engine) -> None:
    more = {"phone": PHONE, "address": STORY}
    (outcome,) = take(running, later("suspended", personal=more, data={"ground": "P-TEST"}))
    assert outcome.status == "recorded"
    assert in_log(running) == []
    assert running.log.personal("citizen-7") == {**PERSONAL, **more}


def test_read_models_and_alarms_are_free_of_it(running: Engine) -> None:
    rows = [*running.rows("petition_card"), *running.rows("worklist"), *running.log.alarms()]
    text = repr(rows)
    assert "P1" in text
    assert not any(secret in text for secret in SECRETS)


# -------------------------------------------------------------------------------------- erasure


def test_an_erasure_changes_no_reading_no_act_and_no_digest(running: Engine) -> None:
    def told() -> tuple[object, ...]:
        dossier = running.dossier("petition/P1")
        assert running.verify().identical
        state = state_of(dossier, running.rules, running.clock.now())
        return state, judged(running), dossier.acts, running.next_alarm()

    before = told()
    assert dict(running.dossier("petition/P1").acts), "a petition without acts proves little"
    running.erase("citizen-7", "本人申请")
    assert told() == before


def test_after_an_erasure_nothing_is_left_in_any_file(running: Engine, tmp_path: Path) -> None:
    assert left_in(tmp_path) == set(SECRETS)
    running.erase("citizen-7", "本人申请")
    assert left_in(tmp_path) == set()
    assert running.log.personal("citizen-7") == {}


def test_the_secret_is_gone_and_none_is_made_anew(running: Engine) -> None:
    with running.log.transact() as tx:
        assert tx.secret("citizen-7")
    running.erase("citizen-7", "本人申请")
    with pytest.raises(Refusal) as refused, running.log.transact() as tx:
        tx.secret("citizen-7")
    assert refused.value.code == "SUBJECT_ERASED"


def test_that_there_was_an_erasure_is_recorded_without_saying_of_what(running: Engine) -> None:
    running.erase("citizen-7", "本人申请")
    (erased,) = running.events("subject/citizen-7")
    assert shown(erased.meta.recorded_at) == "2025-06-25 12:00"
    assert in_log(running) == []


def test_data_that_came_with_a_later_fact_is_erased_with_the_rest(
    running: Engine, tmp_path: Path
) -> None:
    take(running, later("suspended", personal={"address": STORY}, data={"ground": "P-TEST"}))
    running.erase("citizen-7", "本人申请")
    assert left_in(tmp_path) == set()


def test_a_petitioner_without_a_reference_can_be_erased_too(
    running: Engine, tmp_path: Path
) -> None:
    unnamed = {key: each for key, each in REGISTERED.items() if key != "petitioner"}
    take(running, {**unnamed, "petition": "P2", "id": "r2"})
    more = {"address": STORY}
    take(running, {**later("admitted", personal=more), "petition": "P2"})
    assert running.log.personal("of/P2") == {**PERSONAL, **more}
    running.erase("citizen-7", "本人申请")
    assert left_in(tmp_path) != set()
    running.erase("of/P2", "本人申请")
    assert left_in(tmp_path) == set()


# ------------------------------------------------------------------------ sent again after erasure


def test_the_registration_is_still_recognised_when_it_is_sent_again(running: Engine) -> None:
    assert take(running, REGISTERED)[0].status == "repeated"
    running.erase("citizen-7", "本人申请")
    (again,) = take(running, REGISTERED)
    assert (again.status, again.version) == ("repeated", 1)
    assert running.log.personal("citizen-7") == {}


def test_another_person_under_the_same_id_is_noticed_as_long_as_it_can_be(running: Engine) -> None:
    other = {**REGISTERED, "personal": {**PERSONAL, "name": "另一人"}}
    assert take(running, other)[0].faults[0].code == "KEY_REUSED"
    running.erase("citizen-7", "本人申请")
    assert take(running, other)[0].status == "repeated"
    changed = {**REGISTERED, "data": {**REGISTERED["data"], "kind": "建议"}}
    assert take(running, changed)[0].faults[0].code == "KEY_REUSED"
    noted = [each.event for each in running.events("petition/P1")]
    assert sum(isinstance(event, AnomalyNoted) for event in noted) == 2
    assert in_log(running) == []


def test_a_registration_without_its_personal_data_is_another_body(running: Engine) -> None:
    bare = {key: each for key, each in REGISTERED.items() if key != "personal"}
    assert take(running, bare)[0].faults[0].code == "KEY_REUSED"


def test_an_erased_petitioner_comes_back_under_a_new_reference(
    running: Engine, tmp_path: Path
) -> None:
    running.erase("citizen-7", "本人申请")
    again = {**REGISTERED, "petition": "P3", "id": "r3"}
    assert take(running, again)[0].faults[0].code == "SUBJECT_ERASED"
    assert left_in(tmp_path) == set()
    assert running.events("petition/P3") == []
    assert take(running, {**again, "petitioner": "citizen-8"})[0].status == "recorded"


# --------------------------------------------------------------------------- refused and written


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"data": {**REGISTERED["data"], "region": "枣庄"}}, "REGION_UNKNOWN"),
        ({"data": {**REGISTERED["data"], "pack": "none"}}, "POLICY_UNKNOWN"),
        ({"at": "2025-12-03T09:00:00+08:00"}, "IN_THE_FUTURE"),
        ({"at": "2019-06-03T09:00:00+08:00"}, "POLICY_NOT_IN_FORCE"),
        ({"petition": "P1"}, "ALREADY_REGISTERED"),
        ({"type": "resolved", "data": {}}, "NOT_REGISTERED"),
    ],
)
def test_of_what_is_refused_nothing_is_kept(
    running: Engine, change: dict[str, Any], code: str
) -> None:
    personal = {"name": "司徒无名"}
    sent = {**REGISTERED, "petition": "P9", "id": "r9", "petitioner": "c9", "personal": personal}
    (outcome,) = take(running, {**sent, **change})
    assert outcome.faults[0].code == code
    assert running.log.personal("c9") == {}
    assert "司徒" not in repr(outcome_dict(outcome))


def test_neither_answers_nor_logs_quote_personal_data(
    running: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    other = {**REGISTERED, "personal": {**PERSONAL, "phone": "13900000000"}}
    early = later("callback_done", personal=PERSONAL, data={"satisfied": True})
    running.erase("citizen-7", "本人申请")
    outcomes = take(running, other, early, {**REGISTERED, "petition": "P4", "id": "r4"})
    said = repr([outcome_dict(each) for each in outcomes]) + caplog.text
    assert not any(secret in said for secret in (*SECRETS, "13900000000"))
    assert [each.status for each in outcomes] == ["repeated", "refused", "refused"]
