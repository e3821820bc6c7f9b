"""How instants, lengths and other people's text look."""

import pytest

from sla_engine.cli.output import plain
from sla_engine.showing.written import deadline, duration, tight, when
from sla_engine.worktime import parse_instant

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-10-10T17:30:00+08:00", "2026-10-10 17:30"),
        ("2026-10-10T17:30:05+08:00", "2026-10-10 17:30:05"),
        ("2026-10-10T17:30:00.000001+08:00", "2026-10-10 17:30"),
        ("2026-10-10T16:00:00Z", "2026-10-11 00:00"),
    ],
)
def test_an_instant_is_shown_at_beijing_time_with_seconds_where_there_are_any(
    text: str, shown: str
) -> None:
    assert when(parse_instant(text)) == shown


def test_a_term_that_ends_at_midnight_ends_at_24_of_the_day_before() -> None:
    assert deadline(parse_instant("2024-09-30T00:00:00+08:00")) == "2024-09-29 24:00"
    assert deadline(parse_instant("2024-09-29T18:00:00+08:00")) == "2024-09-29 18:00"
    assert (deadline(None), when(None)) == ("—", "—")


@pytest.mark.parametrize(
    ("micros", "zh", "en"),
    [
        (0, "0秒", "0 s"),
        (40 * SECOND, "40秒", "40 s"),
        (65 * MINUTE, "1小时5分", "1 h 5 min"),
        (-(2 * DAY + 3 * HOUR + 4 * MINUTE), "2天3小时", "2 d 3 h"),
        (DAY, "1天", "1 d"),
    ],
)
def test_a_length_is_told_in_its_two_largest_units(micros: int, zh: str, en: str) -> None:
    assert (duration(micros), duration(micros, "en")) == (zh, en)


def test_other_peoples_text_cannot_command_the_terminal() -> None:
    assert plain("住\x1b[31m建\u202e局\x07\x9b") == "住�[31m建�局��"
    assert plain("两\n行\t") == "两\n行\t"


def test_chinese_beside_digits_is_set_without_a_space() -> None:
    assert tight("10 个工作日解决问题") == "10个工作日解决问题"
    assert tight("left 3 days") == "left 3 days"
