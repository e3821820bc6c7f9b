"""The screens of the three administrators, from asking for an account to seeing who did it."""

from collections.abc import Iterator

import pytest

from sla_engine.access.reading import read_personal
from sla_engine.access.registrar import Actor
from sla_engine.wiring import Engine
from tests.support.access import PASSWORD, browser, signed_in, staffed

FORM = {"name": "li", "title": "李明", "roles": ["handler"], "unit": "水务局"}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with staffed() as engine:
        yield engine


def test_an_account_takes_two_administrators(engine: Engine) -> None:
    system, security = signed_in(engine, "system"), signed_in(engine, "security")
    shown = system.post("/accounts", data=FORM).text
    password = shown.split("<code>")[1].split("</code>")[0]
    there = browser(engine)
    form = {"name": "li", "password": password}
    assert there.post("/login", data=form).status_code == 401
    assert "/accounts/li/approve" not in system.get("/accounts").text
    assert "/accounts/li/approve" in security.get("/accounts").text
    assert security.post("/accounts/li/approve", data={"request": "9"}).status_code == 422
    assert security.post("/accounts/li/approve", data={"request": "1"}).status_code == 303
    assert there.post("/login", data=form).headers["location"] == "/password"
    page = system.get("/accounts/li").text
    assert "李明" in page
    assert password not in page


def test_roles_that_are_kept_apart_are_refused_at_the_form(engine: Engine) -> None:
    system = signed_in(engine, "system")
    refused = system.post("/accounts", data={**FORM, "roles": ["system", "audit"], "unit": ""})
    assert refused.status_code == 422
    assert "三员分立" in refused.text
    assert system.get("/accounts/li").status_code == 404


def test_an_account_is_changed_reset_locked_and_closed(engine: Engine) -> None:
    system, security = signed_in(engine, "system"), signed_in(engine, "security")
    there = signed_in(engine, "intake")

    def does(what: str, **form: object) -> int:
        return system.post(f"/accounts/intake/{what}", data=form).status_code

    assert does("roles", roles=["reviewer"]) == 303
    waiting = engine.access.rights.account("intake").ask
    assert waiting is not None
    asked = {"request": str(waiting.request), "reason": "不需要"}
    assert security.post("/accounts/intake/reject", data=asked).status_code == 303
    assert engine.access.rights.account("intake").roles == ("intake",)
    assert does("lock", reason="休假") == 303
    assert there.get("/password").status_code == 303
    assert "已锁定" in system.get("/accounts").text
    assert does("unlock") == 303
    assert does("reset") == 200
    old = {"name": "intake", "password": PASSWORD}
    assert browser(engine).post("/login", data=old).status_code == 401
    assert does("close", reason="调离") == 303
    assert engine.access.rights.account("intake").state == "closed"
    assert system.post("/accounts/system/close").status_code == 422


def test_the_auditor_finds_who_did_it_and_who_read_whose_data(engine: Engine) -> None:
    with engine.log.transact() as tx:
        tx.keep_personal("P1", {"name": "张三丰"})
    by = Actor("supervisor", "supervisor", "console:supervisor")
    told, now = ("ZZ1", "callback"), engine.clock.now()
    read_personal(engine.log, engine.access.table, "P1", told, by, now)
    signed_in(engine, "system").post("/accounts", data=FORM)
    engine.follow()
    audit = signed_in(engine, "audit")
    everything = audit.get("/audit").text
    assert "张三丰" not in everything
    read = audit.get("/audit?what=subject.read").text
    assert "用途 回访" in read
    assert "<td>申请开户</td>" not in read
    by_system = audit.get("/audit?who=system").text
    assert "<td>申请开户</td>" in by_system
    assert "用途 回访" not in by_system
    assert "用途 回访" in audit.get("/audit?about=ZZ1").text
    assert "<td>申请开户</td>" in audit.get("/audit?about=account/li").text
    assert audit.get("/audit?cursor=nonsense").status_code == 400


def test_the_register_is_read_page_by_page(engine: Engine) -> None:
    for _ in range(30):
        signed_in(engine, "system").post("/logout")
    engine.follow()
    audit, seen, path = signed_in(engine, "audit"), 0, "/audit?who=system"
    for _ in range(9):
        page = audit.get(path).text
        seen += page.count("<td>登录</td>") + page.count("<td>退出</td>")
        if "cursor=" not in page:
            break
        path = "/audit" + page.split('href="')[-1].split('"')[0].replace("&amp;", "&")
    assert seen == 60


@pytest.mark.parametrize("path", ["/accounts", "/accounts/audit", "/keys", "/login", "/password"])
def test_every_screen_speaks_english_when_asked(engine: Engine, path: str) -> None:
    page = signed_in(engine, "system").get(path, headers={"accept-language": "en"})
    assert page.headers["content-language"] == "en"
    assert '<html lang="en">' in page.text
