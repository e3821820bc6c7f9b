"""`sla-engine delivery`: what a person sees and does about dead letters."""

from pathlib import Path

import pytest

from sla_engine.clock import SystemClock, VirtualClock
from sla_engine.delivery import letters
from sla_engine.delivery.channel import Outcome, Result
from sla_engine.store.application import open_sqlite
from tests.conformance.delivery.deeds import append, fired
from tests.support.shell import Shell
from tests.unit.delivery.post import FAILED, Sack, courier

REFUSED = Outcome(Result.REFUSED, "HTTP_400")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A store of which channel `bus` has two dead letters, one message that waits, one sent."""
    path = tmp_path / "store.sqlite"
    log, clock = open_sqlite(path), VirtualClock(SystemClock().now())
    for n in range(4):
        append(log, f"petition/P{n}", fired())
    fates = {"petition/P0@1": [REFUSED], "petition/P1@1": [REFUSED], "petition/P2@1": [FAILED]}
    courier(log, Sack(fates), clock).run()
    log.close()
    return Shell(path)


def test_without_a_command_every_channel_is_shown(shell: Shell) -> None:
    (row,) = shell("--json", "delivery").lines
    assert (row["channel"], row["waiting"], row["dead"], row["disabled"]) == ("bus", 1, 2, "")
    assert "死信" in shell("delivery").out


def test_dead_letters_are_listed_with_their_reason(shell: Shell) -> None:
    rows = shell("--json", "delivery", "list", "bus").lines
    assert [(row["id"], row["reason"], row["refused"]) for row in rows] == [
        ("petition/P0@1", "HTTP_400", True),
        ("petition/P1@1", "HTTP_400", True),
    ]
    assert "红牌" in shell("delivery", "list", "bus").out


def test_what_waits_is_listed_with_its_next_try(shell: Shell) -> None:
    (row,) = shell("--json", "delivery", "list", "bus", "--waiting").lines
    assert (row["id"], row["failures"]) == ("petition/P2@1", 1)
    assert row["next"] > row["since"]
    assert "petition/P2@1" in shell("delivery", "list", "bus", "--waiting").out


def test_a_dead_letter_is_shown_as_its_receiver_would_read_it(shell: Shell) -> None:
    shown = shell("--json", "delivery", "show", "bus", "petition/P0@1").document
    assert shown["message"]["id"] == "petition/P0@1"
    assert '"type": "act"' in shell("delivery", "show", "bus", "petition/P0@1").out


def test_dead_letters_are_sent_again_one_by_one_or_all(shell: Shell) -> None:
    answer = shell("--json", "delivery", "replay", "bus", "petition/P1@1")
    assert answer.document == {"done": ["petition/P1@1"]}
    assert shell("delivery", "replay", "bus", "--all").out.strip() == "待重投: petition/P0@1"
    (row,) = shell("--json", "delivery").lines
    assert (row["waiting"], row["dead"]) == (3, 0)


def test_no_more_dead_letters_are_sent_again_than_the_file_of_endpoints_lets_wait(
    shell: Shell,
) -> None:
    """One message waits already; the secrets of the endpoints are nobody's business here."""
    file = shell.store.with_name("endpoints.toml")
    hook = 'kind = "webhook"\nname = "hook"\nurl = "https://x.example"\nsecrets = ["NOT_HERE"]'
    file.write_text(f"in_flight = 2\n[[endpoint]]\n{hook}\n")
    shell.environment["SLA_ENGINE_DELIVERY"] = str(file)
    answer = shell("--json", "delivery", "replay", "bus", "--all")
    assert answer.document == {"done": ["petition/P0@1"]}
    file.write_text("in_flight = 0")
    assert shell("--json", "delivery", "replay", "bus", "--all").codes == ["ENDPOINT_WRONG"]


def test_the_log_is_sent_again_from_a_position(shell: Shell) -> None:
    assert shell("delivery", "replay", "bus", "--from", "2", "--to", "3").status == 0
    log, sack = open_sqlite(shell.store), Sack()
    courier(log, sack, VirtualClock(SystemClock().now())).run()
    assert sorted(sack.ids) == ["petition/P1@1", "petition/P2@1"]
    log.close()


def test_dead_letters_are_dropped(shell: Shell) -> None:
    asked = shell("delivery", "drop", "bus", "--all")
    assert (asked.status, "放弃 2 封死信" in asked.err) == (1, True)
    assert shell("--json", "delivery", "drop", "bus", "--all", "--yes").document == {
        "done": ["petition/P0@1", "petition/P1@1"]
    }
    assert shell("--json", "delivery", "list", "bus").lines == []


def test_a_channel_that_was_not_closed_need_not_be_enabled(shell: Shell) -> None:
    assert shell("--json", "delivery", "enable", "bus").document == {"done": []}
    log = open_sqlite(shell.store)
    gone = Sack({"petition/P9@1": [Outcome(Result.GONE, "HTTP_410", away=True)]})
    append(log, "petition/P9", fired())
    courier(log, gone, VirtualClock(SystemClock().now())).run()
    assert letters.standing(log, "bus").disabled == "HTTP_410"
    log.close()
    assert shell("--json", "delivery", "enable", "bus").document == {"done": ["bus"]}


@pytest.mark.parametrize(
    ("words", "code", "status"),
    [
        (("list", "nowhere"), "CHANNEL_UNKNOWN", 1),
        (("show", "bus", "petition/P9@1"), "MESSAGE_NOT_DEAD", 1),
        (("replay", "bus", "petition/P9@1"), "MESSAGE_NOT_DEAD", 1),
        (("replay", "bus"), "WHICH_LETTERS", 2),
        (("replay", "bus", "--all", "--from", "1"), "WHICH_LETTERS", 2),
        (("drop", "bus"), "WHICH_LETTERS", 2),
        (("list", "--waiting"), "WHICH_LETTERS", 2),
    ],
)
def test_what_cannot_be_meant_is_refused(
    shell: Shell, words: tuple[str, ...], code: str, status: int
) -> None:
    answer = shell("--json", "delivery", *words)
    assert (answer.codes, answer.status) == ([code], status)
