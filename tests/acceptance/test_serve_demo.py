"""A newcomer's first minute: the program serves without preparation, and with a furnished city."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sla_engine.cli import demo_city, serve
from sla_engine.clock import SystemClock
from sla_engine.serving import logs
from sla_engine.wiring import Engine
from tests.support.access import browser, signed_in
from tests.support.served import Served, until
from tests.support.shell import Shell

ROLES = {"supervisor", "handler", "reviewer", "system", "security", "audit"}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "sla-engine.sqlite")


def test_it_serves_without_any_preparation(shell: Shell, tmp_path: Path) -> None:
    with Served(shell, tmp_path) as served:
        until(served.ready, "it is ready")
        status, text = served.get("/openapi.json")
        assert (status, json.loads(text)["openapi"]) == (200, "3.1.0")
        assert "/v1/facts" in json.loads(text)["paths"]
        assert served.get("/login")[0] == 200
        assert served.get("/v1/petitions")[0] == 401
        assert served.stop() == 0
    assert shell.store.is_file()


def test_the_demonstration_prints_one_login_for_each_role_and_each_lets_its_role_in(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A city smaller than the one that is shown; it is furnished and told, and not served."""
    stores: list[str] = []

    def run(_process: Any, settings: Any, *_rest: Any) -> bool:
        stores.append(settings.store)
        return True

    monkeypatch.setattr(demo_city, "furnish", partial(demo_city.furnish, petitions=12))
    monkeypatch.setattr(serve, "_run", run)
    monkeypatch.setattr(logs, "configure", lambda _role: None)
    said = shell("serve", "--demo", "--port", "0", "--store", tmp_path / "demo.sqlite").out
    logins = dict(re.findall(r"^(\w+) +(\w{16})  ", said, re.MULTILINE))
    (key,) = re.findall(r"^X-API-Key +(sla_\w+)", said, re.MULTILINE)
    assert logins.keys() == ROLES
    assert stores == [str(tmp_path / "demo.sqlite")]
    with Engine.open(stores[0], SystemClock()) as engine:
        for name, password in logins.items():
            page = signed_in(engine, name, password).get("/", follow_redirects=True)
            assert (page.status_code, page.url.path == "/login") == (200, False), name
        listed = browser(engine).get("/v1/petitions", headers={"X-API-Key": key}).json()
        assert listed["rows"], "something has happened in the city"
