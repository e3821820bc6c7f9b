"""How the instant of a rung is written and said."""

import pytest

from sla_engine.errors import Refusal
from sla_engine.policy.clause import Anchor, When
from sla_engine.policy.when import parse_when, say_when
from sla_engine.worktime import Amount


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("start", When(Anchor.START, 1, Amount.parse("0小时"))),
        ("start+60分钟", When(Anchor.START, 1, Amount.parse("1小时"))),
        ("start + 4日", When(Anchor.START, 1, Amount.parse("4日"))),
        ("80%", When(Anchor.PERCENT, percent=80)),
        ("due", When(Anchor.DUE)),
        ("due-3个工作日", When(Anchor.DUE, -1, Amount.parse("3个工作日"))),
        ("due-0个工作日", When(Anchor.DUE, -1, Amount.parse("0个工作日"))),
        ("due-2日", When(Anchor.DUE, -1, Amount.parse("2日"))),
        ("due+2小时", When(Anchor.DUE, 1, Amount.parse("2小时"))),
        ("due-2个工作小时", When(Anchor.DUE, -1, Amount.parse("2个工作小时"))),
        ("due＋2小时", When(Anchor.DUE, 1, Amount.parse("2小时"))),
        (" 80％ ", When(Anchor.PERCENT, percent=80)),
    ],
)
def test_an_instant_is_read(text: str, when: When) -> None:
    assert parse_when(text) == when


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%",
        "due-",
        "due 3个工作日",
        "start-1小时",
        "due-1个月",
        "due+0.5个工作日",
        "到期前3日",
        "-3%",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_when(text)
    assert refusal.value.code in ("PACK_WHEN", "AMOUNT_FORMAT")


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("start", "起算即时", "at the start"),
        ("start+60分钟", "起算后1小时", "1 hour after the start"),
        ("80%", "期限过去80%时", "at 80 % of the term"),
        ("due", "逾期即时", "at the first late instant"),
        ("due-0个工作日", "到期日上班时", "at the opening of the due date"),
        (
            "due-3个工作日",
            "到期日前第3个工作日上班时",
            "at the opening of working day 3 before the due date",
        ),
        (
            "due+1个工作日",
            "到期日后第1个工作日上班时",
            "at the opening of working day 1 after the due date",
        ),
        ("due-2日", "到期日前2日 0 时", "at 0:00, 2 days before the due date"),
        ("due+2小时", "到期后2小时", "2 hours after the due instant"),
        ("due-2个工作小时", "到期前2个工作小时", "2 working hours before the due instant"),
    ],
)
def test_an_instant_is_said_in_both_languages(text: str, zh: str, en: str) -> None:
    said = say_when(parse_when(text))
    assert (said.zh, said.en) == (zh, en)
