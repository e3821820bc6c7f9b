"""How the instant of a rung is written (`due-3个工作日`) and how it is said to people."""

import re
import unicodedata
from fractions import Fraction

from sla_engine.errors import refuse
from sla_engine.policy.clause import Anchor, Text, When
from sla_engine.policy.faults import PACK_WHEN
from sla_engine.worktime import Amount, Unit

_FORMS = "start / start+60分钟 / 80% / due-3个工作日 / due-2日 / due-2个工作小时 / due / due+2小时"
_PERCENT = re.compile(r"(\d{1,9})%", re.ASCII)
_ANCHORED = re.compile(r"(start|due)(?:\s*([+-])\s*(.+))?", re.ASCII)
_DUE_UNITS = (Unit.WORKDAYS, Unit.CALENDAR_DAYS, Unit.CLOCK_HOURS, Unit.WORK_HOURS)
_AT_START = Amount(Fraction(0), Unit.CLOCK_HOURS)


def parse_when(text: str) -> When:
    """Pack text -> `When`.

    `start` is the start itself. Before and after `due`, offsets are whole working days (openings),
    natural days (midnights), hours or working hours. Raises `Refusal` PACK_WHEN or one of
    `Amount.parse`.
    """
    plain = unicodedata.normalize("NFKC", text.strip())
    if found := _PERCENT.fullmatch(plain):
        return When(Anchor.PERCENT, percent=int(found[1]))
    anchored = _ANCHORED.fullmatch(plain)
    if anchored is None:
        raise refuse(PACK_WHEN, "", text, _FORMS)
    anchor, sign, amount = anchored.groups()
    offset = Amount.parse(amount) if amount is not None else None
    if anchor == "due":
        if offset is not None and offset.unit not in _DUE_UNITS:
            raise refuse(PACK_WHEN, "", text, _FORMS)
        return When(Anchor.DUE, {None: 0, "-": -1, "+": 1}[sign], offset)
    if sign == "-":
        raise refuse(PACK_WHEN, "", text, _FORMS)
    return When(Anchor.START, 1, offset if offset is not None else _AT_START)


def say_when(when: When) -> Text:
    """The instant of a rung in words."""
    if when.anchor is Anchor.PERCENT:
        return Text(f"期限过去{when.percent}%时", f"at {when.percent} % of the term")
    if when.offset is None:
        return Text("逾期即时", "at the first late instant")
    if when.anchor is Anchor.START:
        return _after_start(when.offset)
    if when.offset.unit is Unit.WORKDAYS:
        return _opening(when.sign, when.offset)
    before = when.sign < 0
    if when.offset.unit is Unit.CALENDAR_DAYS:
        return Text(
            f"到期日{'前' if before else '后'}{when.offset} 0 时",
            f"at 0:00, {when.offset.en()} {'before' if before else 'after'} the due date",
        )
    return Text(
        f"到期{'前' if before else '后'}{when.offset}",
        f"{when.offset.en()} {'before' if before else 'after'} the due instant",
    )


def _after_start(offset: Amount) -> Text:
    if not offset.n:
        return Text("起算即时", "at the start")
    return Text(f"起算后{offset}", f"{offset.en()} after the start")


def _opening(sign: int, offset: Amount) -> Text:
    if not offset.n:
        return Text("到期日上班时", "at the opening of the due date")
    side, english = ("前", "before") if sign < 0 else ("后", "after")
    return Text(
        f"到期日{side}第{offset.n}个工作日上班时",
        f"at the opening of working day {offset.n} {english} the due date",
    )
