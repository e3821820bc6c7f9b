"""Stable error codes with Chinese and English text.

A `Fault` says what was found, where, what was allowed and what to do. A `Refusal` is the one
exception that carries faults: all of them at once where a person edits a file. Codes never
change their meaning; their texts live in `CATALOGUE` so that one page shows every refusal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """Text of one code: `zh` and `en` are `str.format` templates over found/where/allowed."""

    zh: str
    en: str
    hint_zh: str = ""
    hint_en: str = ""


CATALOGUE: dict[str, Message] = {}


def register(code: str, zh: str, en: str, hint_zh: str = "", hint_en: str = "") -> str:
    """Add a code to the catalogue once, beside the module that raises it; returns the code."""
    if code in CATALOGUE:
        raise ValueError(f"error code {code} registered twice")
    CATALOGUE[code] = Message(zh, en, hint_zh, hint_en)
    return code


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong.

    `code` is stable; `where` is a place a person can find (file and key, line, field);
    `found` is the offending value, shortened; `allowed` says what would have been right; `near`
    is the one allowed value that `found` was probably meant to be.
    """

    code: str
    where: str = ""
    found: str = ""
    allowed: str = ""
    near: str = ""

    def zh(self) -> str:
        return self._render("zh")

    def en(self) -> str:
        return self._render("en")

    def _render(self, language: str) -> str:
        message = CATALOGUE[self.code]
        template, hint = (
            (message.zh, message.hint_zh) if language == "zh" else (message.en, message.hint_en)
        )
        values = {"where": self.where, "found": self.found, "allowed": self.allowed}
        text = template.format(**values)
        if hint:
            text += ("。" if language == "zh" else ". ") + hint.format(**values)
        if self.near:
            asked = "；是不是“{}”？" if language == "zh" else "; did you mean “{}”?"
            text += asked.format(self.near)
        return f"{self.where}: {text}" if self.where else text

    def as_dict(self) -> dict[str, str]:
        """JSON-ready: code, where, found, allowed, near, zh, en."""
        return {
            "code": self.code,
            "where": self.where,
            "found": self.found,
            "allowed": self.allowed,
            "near": self.near,
            "zh": self.zh(),
            "en": self.en(),
        }


def shorten(value: Any, limit: int = 80) -> str:
    """A value as a reader can bear it: no megabyte echoed back into a log."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


class Refusal(Exception):
    """Input or a command that cannot be taken; carries one or more faults, never personal data."""

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        assert self.faults, "a refusal names at least one fault"
        super().__init__("; ".join(fault.en() for fault in self.faults))

    @property
    def code(self) -> str:
        return self.faults[0].code


class Conflict(Refusal):
    """Another writer was quicker and nothing was written: read again, decide anew
    (`ports.attempt`)."""


class Unavailable(Refusal):
    """Something the work needs is away, busy or full, which is nobody's fault. Whether anything was
    written may be unknown, so it is tried again later under the same keys."""


def refuse(code: str, where: str = "", found: Any = "", allowed: str = "") -> Refusal:
    """Shorthand: `raise refuse(CODE, where, found, allowed)`."""
    return Refusal(Fault(code, where, shorten(found), allowed))


UNPUBLISHED_YEAR = register(
    "UNPUBLISHED_YEAR",
    "{found}年的放假安排通知尚未发布（或未装入），不能确定工作日",
    "no State Council holiday notice is known for {found}, so its working days are not certain",
    "装入该年通知，或接受标明依据的暂定期限",
    "load that year's notice, or accept a provisional deadline that names its basis",
)


class UnpublishedYear(Refusal):
    """A working day was asked for in a year that has no known notice (design: never guess)."""

    def __init__(self, year: int, where: str = "") -> None:
        self.year = year
        super().__init__(Fault(UNPUBLISHED_YEAR, where, str(year)))
