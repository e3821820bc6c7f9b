"""Every error code speaks Chinese and English and asks for nothing that a fault does not have."""

import re
from string import Formatter

import pytest

from sla_engine.errors import CATALOGUE, Message
from tests.house.tree import modules

PLACEHOLDERS = {"found", "where", "allowed"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Message]:
    """The catalogue with every module imported, for codes are registered where they are raised."""
    imported = [module.__name__ for module in modules()]
    assert "sla_engine.errors" in imported
    return CATALOGUE


def complaints(code: str, message: Message) -> list[str]:
    """What is wrong with one message, in words."""
    chinese, english = (message.zh, message.hint_zh), (message.en, message.hint_en)
    wanted = {name for text in chinese + english for _, name, _, _ in Formatter().parse(text)}
    checks = {
        "a code is upper case, digits and underscores": re.fullmatch("[A-Z][A-Z0-9_]+", code),
        "the Chinese text is Chinese": all(CHINESE.search(text) for text in chinese if text),
        "the English text has no Chinese": not any(CHINESE.search(text) for text in english),
        "both texts are there": message.zh.strip() and message.en.strip(),
        "a hint is in both languages or in none": bool(message.hint_zh) == bool(message.hint_en),
        "placeholders are found, where, allowed": wanted - {None} <= PLACEHOLDERS,
    }
    return [f"{code}: {rule}" for rule, holds in checks.items() if not holds]


def test_every_code_has_sound_text_in_both_languages(catalogue: dict[str, Message]) -> None:
    assert catalogue
    found = [each for code, message in catalogue.items() for each in complaints(code, message)]
    assert found == []


@pytest.mark.parametrize(
    "message",
    [
        Message("", "late"),
        Message("late", "late"),
        Message("晚了", ""),
        Message("晚了", "晚了"),
        Message("晚了", "late", hint_zh="快办"),
        Message("晚了{days}天", "late"),
    ],
)
def test_a_message_with_a_gap_is_found(message: Message) -> None:
    assert complaints("LATE", message)
