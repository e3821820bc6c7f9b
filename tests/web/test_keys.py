"""Systems come in by a key: shown once, kept as a digest, for some things and for some time."""

import hashlib
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from sla_engine.access.doors import KEY_WRONG
from sla_engine.access.key import read
from sla_engine.access.registrar import KEY_SECRET, Actor, Issued, Wanted
from sla_engine.errors import Fault, Refusal
from sla_engine.wiring import Engine
from tests.support.access import HERE, SECOND, a_key, browser, later, signed_in, staffed


@pytest.fixture
def engine() -> Iterator[Engine]:
    with staffed() as engine:
        yield engine


def refused(engine: Engine, text: str, address: str = "10.0.0.1") -> bool:
    """Whether a key is refused, with one and the same answer for everything that is wrong."""
    faults: tuple[Fault, ...] = ()
    try:
        engine.access.doors.system(text, address)
    except Refusal as refusal:
        faults = refusal.faults
    assert faults in ((), (Fault(KEY_WRONG),))
    return bool(faults)


def other(text: str) -> str:
    """A key with one character changed."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def test_a_key_is_kept_as_a_digest_of_256_random_bits(engine: Engine) -> None:
    issued = a_key(engine, "facts:append")
    written = read(issued.text)
    assert written is not None
    kept = engine.log.vault.get(KEY_SECRET, issued.id, 0)
    assert kept is not None
    assert kept.value == hashlib.sha256(written.secret.encode()).digest()
    assert len(bytes.fromhex(written.secret)) == 32
    assert issued.text == f"sla_{issued.id}_{written.secret}"
    assert [each for each in engine.log.scan() if written.secret in str(each)] == []


@pytest.mark.parametrize(
    "text", ["", "x", "sla_", "sla_000000000000_" + "0" * 64, "Bearer", "sla_" + "0" * 77]
)
def test_what_is_no_key_is_none(engine: Engine, text: str) -> None:
    assert refused(engine, text)


def test_a_key_that_is_one_character_off_is_none(engine: Engine) -> None:
    issued = a_key(engine, "facts:append")
    assert not refused(engine, issued.text)
    assert refused(engine, other(issued.text))


def test_a_key_has_no_effect_before_another_person_has_approved_it(engine: Engine) -> None:
    registrar = engine.access.registrar
    system, security = Actor("system", "system", "console:system"), Actor("security")
    issued = registrar.issue(Wanted("x", "x", ["facts:append"]), system)
    assert refused(engine, issued.text)
    with pytest.raises(Refusal):
        registrar.approve_key(issued.id, system)
    registrar.approve_key(issued.id, security)
    assert not refused(engine, issued.text)


def test_a_key_that_was_rejected_or_revoked_has_none_at_once(engine: Engine) -> None:
    registrar = engine.access.registrar
    system = Actor("system", "system", "console:system")
    rejected = registrar.issue(Wanted("x", "x", ["facts:append"]), system)
    registrar.reject_key(rejected.id, "", Actor("security"))
    revoked = a_key(engine, "facts:append")
    assert not refused(engine, revoked.text)
    registrar.revoke(revoked.id, "", system)
    assert refused(engine, rejected.text)
    assert refused(engine, revoked.text)


def test_a_key_expires(engine: Engine) -> None:
    issued = a_key(engine, "facts:append", expires_at=engine.clock.now() + 10 * SECOND)
    later(engine, 9.9)
    assert not refused(engine, issued.text)
    later(engine, 0.1)
    assert refused(engine, issued.text)


def test_a_key_may_be_for_some_networks_alone(engine: Engine) -> None:
    issued = a_key(engine, "facts:append", networks=("10.1.0.0/16", "fd00::/8"))
    assert not refused(engine, issued.text, "10.1.2.3")
    assert not refused(engine, issued.text, "fd00::7")
    for address in ("10.2.0.1", "::1", "", "testclient"):
        assert refused(engine, issued.text, address)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted("x", "", ["facts:append"]), "KEY_SOURCE_WRONG"),
        (Wanted("x", "engine", ["facts:append"]), "KEY_SOURCE_WRONG"),
        (Wanted("x", "console:li", ["facts:append"]), "KEY_SOURCE_WRONG"),
        (Wanted("x", "x", []), "KEY_SCOPES_MISSING"),
        (Wanted("x", "x", ["personal:read"]), "SCOPE_UNKNOWN"),
        (Wanted("x", "x", ["facts:append"], networks=["10.1.0.1/16"]), "KEY_NETWORK_WRONG"),
    ],
)
def test_a_key_that_may_not_be_is_not_made(engine: Engine, wanted: Wanted, code: str) -> None:
    with pytest.raises(Refusal) as found:
        engine.access.registrar.issue(wanted, HERE)
    assert found.value.code == code
    assert [*engine.access.rights.all_keys()] == []


def test_its_last_use_is_known_to_the_minute(engine: Engine) -> None:
    issued, doors = a_key(engine, "facts:append"), engine.access.doors
    assert doors.last_used() == {issued.id: 0}
    used = []
    for _ in range(4):
        doors.system(issued.text, "")
        used.append(doors.last_used()[issued.id])
        later(engine, 30)
    first = used[0]
    assert used == [first, first, first + 60 * SECOND, first + 60 * SECOND]


# ------------------------------------------------------------------------------------- over HTTP


def asked(engine: Engine, headers: dict[str, str]) -> tuple[int, str]:
    """Status and type of an answer to a program."""
    there: TestClient = browser(engine)
    answer = there.get("/accounts", headers={"accept": "application/json", **headers})
    return answer.status_code, answer.json()["code"]


def test_a_key_is_sent_as_a_bearer_or_in_a_header_of_its_own(engine: Engine) -> None:
    issued = a_key(engine, "facts:append")
    for headers in ({"authorization": f"Bearer {issued.text}"}, {"x-api-key": issued.text}):
        assert asked(engine, headers) == (403, "NOT_ALLOWED")
    assert asked(engine, {"x-api-key": other(issued.text)}) == (401, "KEY_WRONG")
    assert asked(engine, {"authorization": "Basic x"}) == (401, "NOT_KNOWN")
    assert asked(engine, {}) == (401, "NOT_KNOWN")


def test_a_wrong_key_is_not_made_up_for_by_a_session(engine: Engine) -> None:
    there = signed_in(engine, "system")
    answer = there.get("/accounts", headers={"x-api-key": "x", "accept": "application/json"})
    assert answer.status_code == 401


def test_the_console_issues_a_key_that_is_shown_once(engine: Engine) -> None:
    system, security = signed_in(engine, "system"), signed_in(engine, "security")
    form = {"title": "热线", "source": "12345", "scopes": ["facts:append"], "days": "30"}
    page = system.post("/keys", data=form).text
    (key,) = engine.access.rights.all_keys()
    shown = Issued(key.id, page[page.index("sla_") :][:81])
    assert read(shown.text) is not None
    assert shown.text not in system.get("/keys").text
    assert refused(engine, shown.text)
    assert system.post(f"/keys/{key.id}/approve").status_code == 403
    assert security.post(f"/keys/{key.id}/approve").status_code == 303
    assert not refused(engine, shown.text)
    assert "待批准" not in security.get("/keys").text
    assert system.get(f"/keys/{key.id}").status_code == 200
    assert system.get("/keys/none").status_code == 404
    assert system.post("/keys", data={**form, "days": "0"}).status_code == 422
    assert system.post(f"/keys/{key.id}/revoke").status_code == 303
    assert refused(engine, shown.text)
