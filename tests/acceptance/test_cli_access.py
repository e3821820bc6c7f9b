"""Accounts and keys at the command line: how the first administrators come about."""

from pathlib import Path

import pytest

from sla_engine.wiring import Engine
from tests.support.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path / "store.sqlite", SLA_ENGINE_BY="值班员")
    assert shell("init").status == 0
    return shell


def test_the_first_administrators_are_made_and_can_come_in(shell: Shell) -> None:
    opened = shell("account", "open", "li", "--role", "system", "--title", "李明", "--json")
    assert (opened.document["state"], opened.document["asked"]) == ("pending", ["system"])
    assert shell("account", "approve", "li", "--json").document["state"] == "active"
    second = shell("account", "open", "wang", "--role", "security", "--approve", "--json")
    assert second.document["roles"] == ["security"]
    with Engine.open(shell.store) as engine:
        doors = engine.access.doors
        assert doors.enter("wang", second.document["password"], "").account.must_change
        assert doors.enter("li", opened.document["password"], "").account.roles == ("system",)
        approved = engine.events("account/wang")[2]
    assert (approved.meta.actor, approved.meta.source) == ("值班员", "machine")
    assert [row["account"] for row in shell("account", "list", "--json").lines] == ["li", "wang"]
    listed = shell("account", "list").out
    assert "系统管理员" in listed
    assert opened.document["password"] not in listed


def test_what_may_not_be_held_together_is_refused_here_as_well(shell: Shell) -> None:
    refused = shell("account", "open", "li", "--role", "system", "--role", "audit", "--json")
    assert refused.status == 1
    assert refused.codes == ["ROLES_TOGETHER"]
    assert shell("account", "list", "--json").lines == []


def test_a_password_can_be_reset_an_account_unlocked_and_closed(shell: Shell) -> None:
    first = shell("account", "open", "li", "--role", "audit", "--approve", "--json").document
    second = shell("account", "password", "li", "--json").document
    assert second["state"] == "active"
    assert second["password"] != first["password"]
    assert "temporary password" in shell("account", "password", "li").out
    assert shell("account", "unlock", "li").status == 0
    assert shell("account", "close", "li", "--reason", "调离", "--json").document["roles"] == []
    assert shell("account", "approve", "li", "--json").codes == ["ACCOUNT_IMPOSSIBLE"]


def test_a_key_made_at_the_machine_is_in_effect_until_it_is_revoked(shell: Shell) -> None:
    words = ("key", "issue", "12345", "--scope", "facts:append", "--network", "10.0.0.0/8")
    issued = shell(*words, "--json").document
    with Engine.open(shell.store) as engine:
        assert engine.access.doors.system(issued["key"], "10.0.0.1").source == "12345"
    (row,) = shell("key", "list", "--json").lines
    assert (row["id"], row["state"], row["networks"]) == (issued["id"], "active", ["10.0.0.0/8"])
    assert issued["key"] not in shell("key", "list").out
    assert shell("key", "revoke", issued["id"], "--json").document["state"] == "revoked"
    assert "revoked" in shell("key", "list").out
    assert shell("key", "revoke", issued["id"], "--json").codes == ["KEY_IMPOSSIBLE"]
    assert "sla_" in shell("key", "issue", "other", "--scope", "facts:append").out
    assert shell("key", "issue", "x", "--scope", "audit:read", "--json").codes == ["SCOPE_UNKNOWN"]


def test_a_backup_carries_passwords_and_keys_and_no_sessions(shell: Shell, tmp_path: Path) -> None:
    opened = shell("account", "open", "li", "--role", "system", "--approve", "--json").document
    issued = shell("key", "issue", "12345", "--scope", "facts:append", "--json").document
    with Engine.open(shell.store) as engine:
        token = engine.access.doors.enter("li", opened["password"], "").token
    made = shell("backup", tmp_path / "b.zip")
    assert made.status == 0, made.err
    other = Shell(tmp_path / "other.sqlite")
    restored = other("restore", tmp_path / "b.zip", "--no-erasures")
    assert restored.status == 0, restored.err
    with Engine.open(other.store) as engine:
        doors = engine.access.doors
        assert doors.person(token) is None
        assert doors.enter("li", opened["password"], "").account.roles == ("system",)
        assert doors.system(issued["key"], "").scopes == ("facts:append",)
