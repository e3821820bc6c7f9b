"""Coming in by password: sessions, lock-out, and what an outsider can learn, which is nothing."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from sla_engine.access.events import AccountLocked, AccountOpened, LoggedIn, LoggedOut
from sla_engine.access.passwords import Passwords
from sla_engine.access.registrar import PASSWORD as KIND
from sla_engine.access.sessions import SESSION
from sla_engine.errors import Refusal
from sla_engine.settings import Settings
from sla_engine.wiring import Engine
from tests.support.access import (
    CHEAP,
    HERE,
    PASSWORD,
    browser,
    employ,
    later,
    signed_in,
    staffed,
)

SETTINGS = Settings(
    tolerance_s=0, session_idle_s=600, session_s=3_600, login_failures=3, address_failures=6,
    lockout_s=900,
)  # fmt: skip


@pytest.fixture
def engine() -> Iterator[Engine]:
    with staffed(SETTINGS) as engine:
        yield engine


def told(engine: Engine, name: str) -> list[str]:
    return [each.event.NAME for each in engine.events(f"account/{name}")][3:]


def test_whoever_comes_in_is_known_until_they_leave(engine: Engine) -> None:
    there = signed_in(engine, "system")
    assert there.get("/accounts").status_code == 200
    left = there.post("/logout")
    assert (left.status_code, left.headers["location"]) == (303, "/login")
    assert there.get("/accounts").headers["location"] == "/login?next=%2Faccounts"
    assert told(engine, "system") == ["logged_in", "logged_out"]


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(engine: Engine) -> None:
    form = {"name": "system", "password": PASSWORD}
    cookie = browser(engine).post("/login", data=form).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "Secure" not in cookie
    secure = browser(engine, https=True).post("/login", data=form).headers["set-cookie"]
    assert secure.startswith("__Host-session=")
    assert "Secure" in secure
    assert "Path=/" in secure
    assert "Domain" not in secure


def test_the_store_holds_a_digest_of_the_cookie_and_not_the_cookie(engine: Engine) -> None:
    there = signed_in(engine, "system")
    token = there.cookies["session"]
    ((name, kept),) = engine.log.vault.all(SESSION, engine.clock.now())
    assert name == hashlib.sha256(token.encode()).hexdigest()
    assert (kept.owner, kept.value) == ("system", b"")
    assert len(token) == 64


def test_a_session_ends_unused_and_at_last_in_any_case(engine: Engine) -> None:
    idle, busy = signed_in(engine, "system"), signed_in(engine, "security")
    for _ in range(6):
        later(engine, 590)
        assert busy.get("/accounts").status_code == 200
    assert idle.get("/accounts").status_code == 303
    later(engine, 61)
    assert busy.get("/accounts").status_code == 303


def test_a_login_gives_a_new_session_and_ends_the_one_before(engine: Engine) -> None:
    there = signed_in(engine, "system")
    first = there.cookies["session"]
    there.post("/login", data={"name": "system", "password": PASSWORD})
    assert there.cookies["session"] != first
    thief = browser(engine)
    thief.cookies.set("session", first)
    assert thief.get("/accounts").status_code == 303


def test_a_session_ends_with_its_account_and_with_its_rights(engine: Engine) -> None:
    there, registrar = signed_in(engine, "system"), engine.access.registrar
    registrar.ask_roles("system", ["intake"], "", HERE)
    assert there.get("/accounts").status_code == 200
    registrar.approve("system", HERE)
    assert there.get("/accounts").status_code == 303
    again = signed_in(engine, "system")
    registrar.close("system", "", HERE)
    assert again.get("/accounts").status_code == 303


def test_a_person_who_is_locked_is_out_at_once_and_one_whose_name_was_guessed_at_is_not(
    engine: Engine,
) -> None:
    there = signed_in(engine, "system")
    stranger = browser(engine)
    for _ in range(3):
        stranger.post("/login", data={"name": "system", "password": "wrong"})
    assert engine.access.rights.account("system").locked(engine.clock.now())
    assert there.get("/accounts").status_code == 200
    engine.access.registrar.lock("system", AccountLocked(reason="查办"), HERE)
    assert there.get("/accounts").status_code == 303


def test_after_so_many_failures_even_the_right_password_is_not_heard_for_a_while(
    engine: Engine,
) -> None:
    there = browser(engine)
    for _ in range(3):
        wrong = there.post("/login", data={"name": "system", "password": "wrong"})
        assert wrong.status_code == 401
    right = {"name": "system", "password": PASSWORD}
    assert there.post("/login", data=right).status_code == 401
    assert told(engine, "system") == ["locked"]
    later(engine, 901)
    assert there.post("/login", data=right).status_code == 303


def test_failures_are_counted_for_all_processes_together(engine: Engine) -> None:
    for _ in range(3):
        with pytest.raises(Refusal):
            engine.access.doors.enter("system", "wrong", "10.0.0.1")
        employ(engine, SETTINGS)
    with pytest.raises(Refusal):
        engine.access.doors.enter("system", PASSWORD, "10.0.0.2")


def test_an_address_that_fails_with_many_names_is_not_heard(engine: Engine) -> None:
    doors = engine.access.doors
    for number in range(6):
        with pytest.raises(Refusal):
            doors.enter(f"name{number}", "wrong", "10.0.0.1")
    with pytest.raises(Refusal) as refused:
        doors.enter("system", PASSWORD, "10.0.0.1")
    assert refused.value.code == "LOGIN_LATER"
    assert doors.enter("system", PASSWORD, "10.0.0.2").token


def test_a_login_that_succeeds_forgets_the_failures_before_it(engine: Engine) -> None:
    doors = engine.access.doors
    for _ in range(2):
        for _ in range(2):
            with pytest.raises(Refusal):
                doors.enter("system", "wrong", "")
        doors.enter("system", PASSWORD, "")


@pytest.mark.parametrize(
    "name", ["nobody", "audit", "closed", "pending", "a/b", "x\0y", "长" * 400]
)
def test_no_answer_tells_whether_there_is_such_an_account(engine: Engine, name: str) -> None:
    registrar = engine.access.registrar
    registrar.establish(AccountOpened("closed", "x", ("intake",)), HERE, PASSWORD)
    registrar.close("closed", "", HERE)
    registrar.open(AccountOpened("pending", "x", ("intake",)), HERE, PASSWORD)
    password = "wrong" if name == "audit" else PASSWORD
    with pytest.raises(Refusal) as refused:
        engine.access.doors.enter(name, password, "")
    assert [fault.as_dict()["zh"] for fault in refused.value.faults] == [
        "账号或口令不对，或者账号现在不能登录。多次输错会被锁定一段时间；可请系统管理员重置口令"
    ]


def test_as_much_is_hashed_for_a_name_that_nobody_has(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, kept: str, password: str) -> bool:
        compared.append(password)
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    for name in ("system", "nobody", "a/b"):
        with pytest.raises(Refusal):
            engine.access.doors.enter(name, "wrong", "")
    assert compared == ["wrong"] * 3


def test_a_password_is_hashed_anew_when_the_parameters_have_changed(engine: Engine) -> None:
    vault, now = engine.log.vault, engine.clock.now()
    before = vault.get(KIND, "system", now)
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    engine.access.doors._passwords = Passwords(stronger)
    engine.access.doors.enter("system", PASSWORD, "")
    after = vault.get(KIND, "system", now)
    assert before is not None
    assert after is not None
    assert before.value.startswith(b"$argon2id$")
    assert b"t=2" in after.value
    assert before.value != after.value


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("Correct-Horse", True),
        ("correct horse battery staple", True),
        ("Short-1", False),
        ("onlyletters", False),
        ("Li-Ming-2024-li", False),
        ("x" * 400, False),
    ],
)
def test_a_password_is_long_enough_and_not_the_account_s_name(password: str, good: bool) -> None:
    passwords = Passwords(CHEAP)
    if good:
        passwords.check(password, "li")
    else:
        with pytest.raises(Refusal) as refused:
            passwords.check(password, "li")
        assert password not in str(refused.value.faults[0].as_dict())


def test_a_temporary_password_opens_nothing_but_its_own_replacement(engine: Engine) -> None:
    opened = AccountOpened("li", "李明", ("system",))
    temporary = engine.access.registrar.establish(opened, HERE)
    there = browser(engine)
    came = there.post("/login", data={"name": "li", "password": temporary})
    assert came.headers["location"] == "/password"
    assert there.get("/accounts").status_code == 403
    first = there.cookies["session"]
    form = {"old": temporary, "new": "New-Password-1", "again": "New-Password-1"}
    assert there.post("/password", data={**form, "old": "x"}).status_code == 422
    assert there.post("/password", data={**form, "again": "x"}).status_code == 422
    assert there.post("/password", data={**form, "new": "a", "again": "a"}).status_code == 422
    assert there.post("/password", data=form).status_code == 303
    assert there.get("/accounts").status_code == 200
    assert there.cookies["session"] != first
    assert signed_in(engine, "li", "New-Password-1").get("/accounts").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("/accounts?x=1", "/accounts?x=1"),
        ("https://evil.example/", "/accounts"),
        ("//evil.example/", "/accounts"),
        ("/\\evil.example", "/accounts"),
        ("", "/accounts"),
    ],
)
def test_whoever_comes_in_goes_on_here_and_nowhere_else(
    engine: Engine, wanted: str, got: str
) -> None:
    form = {"name": "system", "password": PASSWORD, "next": wanted}
    assert browser(engine).post("/login", data=form).headers["location"] == got


def test_a_password_is_nowhere_in_the_log_and_not_in_the_store(engine: Engine) -> None:
    signed_in(engine, "system")
    events = [str(each) for each in engine.log.scan()]
    kept = [str(secret) for kind in (KIND, SESSION) for secret in engine.log.vault.all(kind, 0)]
    assert events
    assert kept
    assert [each for each in (*events, *kept) if PASSWORD in each] == []


def test_comings_and_goings_are_recorded_with_where_from(engine: Engine) -> None:
    there = signed_in(engine, "system")
    there.post("/logout")
    *_, came, left = engine.events("account/system")
    assert came.event == LoggedIn("password", "testclient")
    assert left.event == LoggedOut()
    assert (came.meta.actor, came.meta.role, came.meta.source) == (
        "system", "system", "console:system",
    )  # fmt: skip


def test_the_same_engine_with_other_settings_is_another_house(engine: Engine) -> None:
    employ(engine, replace(SETTINGS, session_idle_s=10))
    there = signed_in(engine, "system")
    later(engine, 11)
    assert there.get("/accounts").status_code == 303
