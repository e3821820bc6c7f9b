"""What people do over HTTP: to one dossier, as they saw it, and what their role gives them."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from sla_engine.dossier.fold import fold
from sla_engine.escalation.kinds import ADDRESSED, kind_of
from sla_engine.service.intake import accepted, parse
from sla_engine.service.tracking import ALPHABET, code_of, matches, petitioner_of
from sla_engine.web.gate import NOT_YOURS
from sla_engine.web.permits import is_of, permission_for, unit_concerned
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import engine_at, move_to
from tests.support.web import client

DATA = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}
AT = "2024-09-13T08:40:00+08:00"
NOW = "2024-09-13T09:00:00+08:00"


def fact(type_: str, id_: str, at: str = AT, **data: Any) -> dict[str, Any]:
    return {"petition": "P1", "type": type_, "id": id_, "source": "12345", "at": at, "data": data}


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A petition that unit U1 leads and U2 assists."""
    with engine_at(parse_instant(NOW)) as engine:
        engine.take([
            parse(fact("registered", "e1", **DATA)),
            parse(fact("admitted", "e2")),
            parse(fact("dispatched", "e3", unit="U1", assignment="A1")),
            parse(fact("dispatched", "e4", unit="U2", assignment="A2", lead=False)),
        ])  # fmt: skip
        yield engine


def send(
    who: TestClient, type_: str, key: str = "k1", match: str | None = None, **body: Any
) -> Any:
    headers = {"Idempotency-Key": key, **({"If-Match": match} if match else {})}
    return who.post("/v1/petitions/P1/facts", json={"type": type_, **body}, headers=headers)


def tag(engine: Engine, stream: str = "petition/P1") -> str:
    return f'"{len(engine.events(stream))}"'


# ---------------------------------------------------------------------------------------- versions


def test_a_command_takes_its_dossier_id_source_and_time_from_the_request(engine: Engine) -> None:
    answer = send(client(engine, "supervisor"), "accepted", "k1", tag(engine))
    assert (answer.status_code, answer.json()["stream"]) == (201, "petition/P1")
    recorded = engine.events("petition/P1")[answer.json()["version"] - 1]
    assert (recorded.meta.source, recorded.meta.key) == ("console:supervisor", "k1")
    assert recorded.meta.occurred_at == parse_instant(NOW)
    assert recorded.meta.actor == "supervisor"


def test_people_say_which_version_they_saw(engine: Engine) -> None:
    blind = send(client(engine, "supervisor"), "accepted")
    assert (blind.status_code, blind.json()["code"]) == (428, "MATCH_MISSING")
    for wrong in ("4", 'W/"4"', '"x"'):
        answer = send(client(engine, "supervisor"), "accepted", match=wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "MATCH_WRONG")


def test_whoever_saw_an_older_version_is_told_the_newer_one(engine: Engine) -> None:
    stale = tag(engine)
    first = send(client(engine, "supervisor"), "accepted", "k1", stale)
    second = send(client(engine, "supervisor"), "suspended", "k2", stale, data={"ground": "P-TEST"})
    assert (second.status_code, second.json()["code"]) == (412, "STREAM_ELSEWHERE")
    assert second.headers["etag"] == first.headers["etag"] == tag(engine)
    third = send(
        client(engine, "supervisor"), "suspended", "k2", second.headers["etag"],
        data={"ground": "P-TEST"},
    )  # fmt: skip
    assert third.status_code == 201


def test_sent_again_it_is_answered_again_whatever_was_seen(engine: Engine) -> None:
    supervisor, stale = client(engine, "supervisor"), tag(engine)
    first = send(supervisor, "accepted", "k1", stale)
    move_to(engine, parse_instant("2024-09-13T09:10:00+08:00"))
    again = send(supervisor, "accepted", "k1", stale)
    assert (again.status_code, again.json()["status"]) == (200, "repeated")
    assert again.json()["version"] == first.json()["version"]
    other = send(supervisor, "resolved", "k1", tag(engine))
    assert (other.status_code, other.json()["code"]) == (422, "KEY_REUSED")


def test_a_unit_says_nothing_about_the_time_before_it_was_late(engine: Engine) -> None:
    handler = client(engine, "handler", unit="U1")
    early = send(
        handler, "step_done", "k1", tag(engine), at=NOW, data={"step": "feedback_to_platform"}
    )
    move_to(engine, parse_instant("2024-09-13T12:00:00+08:00"))
    late = send(handler, "step_done", "k2", tag(engine), at=NOW, data={"step": "onsite_arrived"})
    assert (late.status_code, late.json()["code"]) == (403, "HELD_AGAINST_YOU")
    again = send(
        handler, "step_done", "k1", tag(engine), at=NOW, data={"step": "feedback_to_platform"}
    )
    assert (early.status_code, again.status_code) == (201, 200)
    now = send(handler, "step_done", "k3", tag(engine), data={"step": "onsite_arrived"})
    assert now.status_code == 201


def test_what_was_due_meanwhile_does_not_make_a_version_stale(engine: Engine) -> None:
    """The acts that a command itself finds due are the engine's word and not another's."""
    seen = tag(engine)
    clock: Any = engine.clock
    clock.set(parse_instant("2024-09-13T18:00:00+08:00"))
    answer = send(
        client(engine, "supervisor"), "accepted", "k1", seen, at="2024-09-13T17:59:00+08:00"
    )
    assert answer.status_code == 201
    assert answer.json()["version"] > int(seen.strip('"')) + 1
    assert answer.headers["etag"] == tag(engine)


def test_of_two_in_one_transaction_the_second_has_not_seen_the_first(engine: Engine) -> None:
    seen = len(engine.events("petition/P1"))
    from msgspec.structs import replace

    both = [
        replace(parse(fact("accepted", "a", NOW)), seen=seen),
        replace(parse(fact("suspended", "b", NOW, ground="P-TEST")), seen=seen),
    ]
    first, second = engine.take(both)
    assert first.status == "recorded"
    assert [fault.code for fault in second.faults] == ["STREAM_ELSEWHERE"]


def test_the_tag_after_a_command_does_not_cover_what_another_did(engine: Engine) -> None:
    from sla_engine.service.handler import Outcome
    from sla_engine.web.api.commands import _tag

    supervisor = client(engine, "supervisor")
    answer = send(supervisor, "accepted", "k1", tag(engine))
    version = answer.json()["version"]
    own = _tag(supervisor.app.state.house, Outcome("recorded", "petition/P1", version))  # type: ignore[attr-defined]
    engine.take([parse(fact("suspended", "z", NOW, ground="P-TEST"))])
    later = _tag(supervisor.app.state.house, Outcome("recorded", "petition/P1", version))  # type: ignore[attr-defined]
    assert own == later != tag(engine)


# ------------------------------------------------------------------------------------------ systems


def test_systems_need_no_version_and_may_send_batches(engine: Engine) -> None:
    hotline = client(engine, "intake", person=False)
    both = [
        {"type": "accepted", "id": "x1", "at": NOW},
        {"type": "resolved", "id": "x2", "at": NOW},
    ]
    answer = hotline.post("/v1/petitions/P1/facts", json=both)
    assert [each["status"] for each in answer.json()["answers"]] == ["recorded", "recorded"]
    people = client(engine, "supervisor").post("/v1/petitions/P1/facts", json=both)
    assert (people.status_code, people.json()["code"]) == (422, "ONE_AT_A_TIME")
    keyed = hotline.post("/v1/petitions/P1/facts", json=both, headers={"Idempotency-Key": "x"})
    assert keyed.json()["code"] == "ONE_AT_A_TIME"


def test_the_body_may_repeat_the_address_and_not_contradict_it(engine: Engine) -> None:
    hotline = client(engine, "intake", person=False)
    said = {"type": "accepted", "petition": "P1", "id": "k1"}
    headers = {"Idempotency-Key": '"k1"'}
    assert hotline.post("/v1/petitions/P1/facts", json=said, headers=headers).status_code == 201
    other = {**said, "petition": "P2", "id": "k2"}
    answer = hotline.post("/v1/petitions/P1/facts", json=other, headers=headers)
    assert {each["pointer"] for each in answer.json()["errors"]} == {"/petition", "/id"}
    assert hotline.post("/v1/petitions/P1/facts", json=3).json()["code"] == "INPUT_NOT_JSON"


def test_a_key_without_an_id_is_no_key(engine: Engine) -> None:
    answer = client(engine, "intake", person=False).post(
        "/v1/petitions/P1/facts", json={"type": "accepted"}
    )
    assert {each["pointer"] for each in answer.json()["errors"]} == {"/id"}


def test_dossiers_of_every_kind_have_an_address(engine: Engine) -> None:
    talk = {"type": "proposed", "at": NOW, "data": {
        "pack": "zaozhuang-2110", "region": "CN-3704", "unit": "U1", "tier": 1, "causes": ["x"],
    }}  # fmt: skip
    headers = {"Idempotency-Key": "t1"}
    supervisor = client(engine, "supervisor")
    opened = supervisor.post("/v1/talks/U1/T1/facts", json=talk, headers=headers)
    assert (opened.status_code, opened.json()["stream"]) == (201, "talk/U1/T1")
    for kind in ADDRESSED:
        answer = supervisor.post(f"/v1/{kind}s/N/facts", json={}, headers=headers)
        assert answer.json()["code"] == "FIELD_MISSING"


# ---------------------------------------------------------------------------------- who does what


def test_the_table_has_a_permission_for_every_fact_and_no_other() -> None:
    for kind in ADDRESSED:
        for name in accepted(kind):
            assert permission_for(kind, name)
    with pytest.raises(KeyError):
        permission_for("petition", "rung_fired")


def test_a_role_does_what_the_table_gives_it(engine: Engine) -> None:
    reviewer = send(client(engine, "reviewer"), "accepted", match=tag(engine))
    assert (reviewer.status_code, reviewer.json()["code"]) == (403, "NOT_ALLOWED")
    handler = client(engine, "handler", unit="U1")
    dispatch = send(handler, "dispatched", match=tag(engine), data={"unit": "U3"})
    assert (dispatch.status_code, dispatch.json()["code"]) == (403, "NOT_ALLOWED")
    assert send(handler, "accepted", match=tag(engine)).status_code == 201


@pytest.mark.parametrize(
    ("unit", "assignment", "status"),
    [("U1", "A1", 201), ("U1", "", 201), ("U2", "A2", 201), ("U2", "A1", 403), ("U2", "", 403),
     ("U3", "A1", 403), ("U1", "A9", 403)],
)  # fmt: skip
def test_a_handler_acts_on_the_assignments_of_their_own_unit(
    unit: str, assignment: str, status: int, engine: Engine
) -> None:
    data = {"assignment": assignment} if assignment else {}
    handler = client(engine, "handler", unit=unit)
    answer = send(handler, "accepted", match=tag(engine), data=data)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["code"] == NOT_YOURS
    else:
        assert engine.events("petition/P1")[-1].meta.unit == unit


def test_a_handler_does_not_speak_for_another_unit(engine: Engine) -> None:
    answer = send(client(engine, "handler", unit="U1"), "accepted", match=tag(engine), unit="U2")
    assert answer.json()["code"] == NOT_YOURS


def test_the_key_of_a_units_system_is_narrowed_as_well(engine: Engine) -> None:
    system = client(engine, "intake", unit="U2", person=False)
    own = fact("accepted", "s1", NOW, assignment="A2") | {"source": "api:intake"}
    assert system.post("/v1/facts", json=own).status_code == 201
    other = fact("accepted", "s2", NOW, assignment="A1") | {"source": "api:intake"}
    assert system.post("/v1/facts", json=other).json()["code"] == NOT_YOURS


def test_a_unit_does_not_sign_for_the_office(engine: Engine) -> None:
    said = {"member": "U1", "signer": "局长", "opening": 0, "new": 0, "struck_off": 0,
            "carried_over": 0}  # fmt: skip
    handler = client(engine, "handler", unit="U1")
    for side, member in (("office", "U1"), ("unit", "U2")):
        body = {"type": "statement_signed", "data": {**said, "side": side, "member": member}}
        answer = handler.post(
            "/v1/rounds/R1/facts",
            json=body,
            headers={"Idempotency-Key": "r", "If-Match": '"1"'},
        )
        assert answer.json()["code"] == NOT_YOURS


def test_whose_business_a_dossier_is(engine: Engine) -> None:
    dossier = engine.dossier("petition/P1")
    assert [is_of(unit, dossier) for unit in ("U1", "U2", "U3")] == [True, True, False]
    assert not is_of("U1", fold("petition/none", []))
    opened = parse({
        "dispute": "D1", "type": "opened", "id": "d", "source": "x", "at": NOW, "data": {
            "pack": "disputes-generic", "kind": "review", "subject": "petition/P1",
            "claim": "not_late", "claimant": "U1", "clause": "arrive",
        },
    })  # fmt: skip
    assert unit_concerned(fold("dispute/D1", []), opened.event) == "U1"
    assert kind_of("dispute/D1").name == "dispute"


# ------------------------------------------------------------------------------------ tracking code


def test_a_petitioner_is_told_a_code_until_they_are_erased(engine: Engine) -> None:
    hotline = client(engine, "intake", person=False)
    told = hotline.get("/v1/petitions/P1/tracking-code").json()
    assert told["no"] == "P1"
    assert len(told["code"]) == 8
    assert set(told["code"]) <= set(ALPHABET)
    subject = petitioner_of(engine.log, "P1")
    assert subject == "of/P1"
    spaced = f" {told['code'][:4].lower()}-{told['code'][4:]} "
    assert matches(engine.log, subject, "P1", spaced)
    assert not matches(engine.log, subject, "P2", told["code"])
    assert not matches(engine.log, subject, "P1", "")
    assert code_of(engine.log, subject, "P2") != told["code"]
    engine.erase(subject, "依申请")
    assert not matches(engine.log, subject, "P1", told["code"])
    gone = hotline.get("/v1/petitions/P1/tracking-code")
    assert (gone.status_code, gone.json()["code"]) == (410, "SUBJECT_ERASED")


def test_there_is_no_code_where_there_is_no_petition(engine: Engine) -> None:
    hotline = client(engine, "intake", person=False)
    assert hotline.get("/v1/petitions/P9/tracking-code").status_code == 404
    assert client(engine, "supervisor").get("/v1/petitions/P1/tracking-code").status_code == 403
    assert petitioner_of(engine.log, "P9") is None
