"""How instants and lengths are written for people, and sentences put together, in two languages.

Times are shown at +08:00, to the minute unless there are seconds. Instants that end a day are
shown as 24:00 of that day, as officials write them.
"""

import re
from collections.abc import Iterable
from typing import Literal

from sla_engine.showing.plain import Bilingual, rfc3339

Instant = int

_MINUTE, _HOUR, _DAY = 60_000_000, 3_600_000_000, 86_400_000_000

_LOOSE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=\w)|(?<=\w) (?=[\u4e00-\u9fff])")


def when(instant: Instant | None, none: str = "—") -> str:
    """For people: `2026-10-10 17:30`, with seconds where there are any."""
    if instant is None:
        return none
    day, _, clock = (rfc3339(instant) or "").partition("T")
    hours, minutes, seconds = clock.removesuffix("+08:00").split(":")
    return f"{day} {hours}:{minutes}" + ("" if seconds.startswith("00") else f":{seconds[:2]}")


def deadline(instant: Instant | None, none: str = "—") -> str:
    """An instant at which something ends: midnight is 24:00 of the day before."""
    if instant is None:
        return none
    shown = when(instant)
    return f"{when(instant - _DAY)[:10]} 24:00" if shown.endswith(" 00:00") else shown


def duration(micros: int, lang: str = "zh", units_shown: int = 2) -> str:
    """A length in words, its largest units: 2天3小时, 1小时5分, 40秒."""
    days, rest = divmod(abs(micros), _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    units = ("d", "h", "min", "s") if lang == "en" else ("天", "小时", "分", "秒")
    counts = (days, hours, minutes, rest // 1_000_000)
    gap = " " if lang == "en" else ""
    told = [f"{n}{gap}{unit}" for n, unit in zip(counts, units, strict=True) if n][:units_shown]
    return gap.join(told) or f"0{gap}{units[-1]}"


def tight(text: str) -> str:
    """Chinese without spaces beside digits and letters, where a narrow column would break it."""
    return _LOOSE.sub("", text)


class Speech:
    """Speaks one of two languages; Chinese unless told otherwise."""

    lang: Literal["zh", "en"] | str = "zh"

    def word(self, text: Bilingual) -> str:
        return text.en if self.lang == "en" else text.zh

    def listed(self, parts: Iterable[str]) -> str:
        """Several things named one after the other."""
        return (", " if self.lang == "en" else "、").join(parts)

    def sentence(self, parts: Iterable[str]) -> str:
        """Several statements in one line."""
        return ("; " if self.lang == "en" else "；").join(parts)
