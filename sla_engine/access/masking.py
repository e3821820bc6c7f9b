"""Personal data as those see it who have no business with it."""

import re
from collections.abc import Mapping

_DIGITS = re.compile(r"[0-9Xx]")
_HIDDEN = "***"
_PLACE = re.compile(r"^(.{2,}?[省市]|.{2,}?自治区)?(.{1,8}?[市州盟])?(.{1,8}?[区县旗])?")


def masked_fields(fields: Mapping[str, str], masks: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Every field masked by what `masks` says its name is; a name that it does not know is hidden
    whole."""
    kinds = {name: kind for kind, names in masks.items() for name in names}
    return {name: masked(value, kinds.get(name, "")) for name, value in fields.items()}


def masked(value: str, kind: str = "name") -> str:
    """A value of a kind (name, phone, number, address, mail) with what identifies it starred out;
    of any other kind nothing is shown but that there is something."""
    text = value.strip()
    if not text:
        return ""
    masks = {
        "name": _name,
        "phone": lambda told: _middle(told, 3, 4),
        "number": lambda told: _middle(told, 0, 4),
        "address": _address,
        "mail": _mail,
    }
    mask = masks.get(kind)
    return mask(text) if mask else _HIDDEN


def _name(text: str) -> str:
    """张三丰 → 张**; Ann Lee → A**."""
    return text[0] + "*" * min(max(len(text) - 1, 1), 2)


def _middle(text: str, head: int, tail: int) -> str:
    """The first and last digits; of a number that is short for that, none."""
    digits = "".join(_DIGITS.findall(text))
    if len(digits) < 2 * (head + tail) - 3:
        return _HIDDEN
    return digits[:head] + "*" * (len(digits) - head - tail) + digits[-tail:]


def _address(text: str) -> str:
    """Down to the district, not to the street."""
    found = _PLACE.match(text)
    return (found.group(0) if found else "") + _HIDDEN


def _mail(text: str) -> str:
    name, at, host = text.rpartition("@")
    return f"{name[0]}{_HIDDEN}@{host}" if at and name else _HIDDEN
