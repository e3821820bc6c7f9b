"""Dead letters from the command line: looked at, sent again, dropped."""

from pathlib import Path

import pytest

from tests.conformance.streams.desk import (
    STREAM,
    Sender,
    accepting,
    consumer,
    drain,
    life,
    plainly,
    step,
    until,
)
from tests.support.shell import Shell

BROKEN = b'{"petition": "P1", "type": "registered", "personal": {"phone": "13800001234"}}'


@pytest.fixture
def shell(tmp_path: Path, redis_url: str) -> Shell:
    return Shell(tmp_path / "store.sqlite", SLA_ENGINE_REDIS=redis_url, SLA_ENGINE_INTAKE=STREAM)


@pytest.fixture
def sender(redis_url: str) -> Sender:
    """One who has sent two facts that cannot be read, and four whose bodies were trimmed away."""
    sender = Sender(redis_url)
    sender.send(*life("P2"))
    sender.redis.xgroup_create(STREAM, "sla-engine", id="0")
    sender.redis.xreadgroup("sla-engine", "one that died", {STREAM: ">"})
    sender.redis.xtrim(STREAM, maxlen=0, approximate=False)
    sender.post(BROKEN, b"no json")
    with consumer(redis_url, plainly(accepting([]))) as intake:
        drain(intake, sender)
        until(lambda: len(sender.dead()) == 6, lambda: step(intake))
    return sender


def test_letters_are_listed_shown_replayed_and_dropped(shell: Shell, sender: Sender) -> None:
    listed = shell("letter", "list", "--json").lines
    assert [each["faults"][0]["code"] for each in listed][:2] == ["FIELD_MISSING", "INPUT_NOT_JSON"]
    assert (listed[0]["stream"], listed[0]["bytes"]) == ("petition/P1", len(BROKEN))
    assert listed[0]["sent"].endswith("+08:00")

    shown = shell("letter", "show", listed[0]["letter"])
    assert "FIELD_MISSING" in shown.out
    assert "13800001234" not in shown.out + shell("letter", "list").out
    body = shell("letter", "show", listed[0]["letter"], "--body", "--json").document["body"]
    assert body.encode() == BROKEN

    one = shell("letter", "replay", listed[0]["letter"], "--json").document
    assert [each["entry"] for each in one["replayed"]] == sender.waiting()
    rest = shell("letter", "replay", "--all", "--json").document
    assert (len(rest["replayed"]), len(rest["left"])) == (1, 4)
    assert sender.unsettled() == 2

    dropped = shell("letter", "drop", "--all", "--yes", "--json").document["dropped"]
    assert dropped == rest["left"]
    assert shell("letter", "list", "--json").lines == []


@pytest.mark.parametrize("words", [("replay",), ("drop", "--all", "1-1"), ("drop", "--yes")])
def test_letters_are_named_or_all_of_them_are_meant(
    words: tuple[str, ...], shell: Shell, redis_url: str
) -> None:
    answer = shell("letter", *words, "--json")
    assert (answer.status, answer.codes) == (2, ["LETTERS_UNNAMED"])


def test_a_letter_that_is_not_there_leaves_the_others_where_they_are(
    shell: Shell, sender: Sender
) -> None:
    first = shell("letter", "list", "--json").lines[0]["letter"]
    answer = shell("letter", "drop", first, "1-1", "--yes", "--json")
    assert (answer.status, answer.codes) == (1, ["LETTER_UNKNOWN"])
    assert len(sender.dead()) == 6


def test_without_an_address_of_redis_the_command_says_how_to_set_one(tmp_path: Path) -> None:
    answer = Shell(tmp_path / "store.sqlite")("letter", "list", "--json")
    assert (answer.status, answer.codes) == (2, ["REDIS_UNSET"])


def test_a_redis_that_is_away_is_told_from_a_fault_in_the_input(tmp_path: Path) -> None:
    away = Shell(tmp_path / "store.sqlite", SLA_ENGINE_REDIS="redis://127.0.0.1:1")
    answer = away("letter", "list", "--json")
    assert (answer.status, answer.codes) == (3, ["REDIS_AWAY"])
