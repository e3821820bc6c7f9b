"""Where random values come from: the machine, or whatever a test passes instead."""

from collections.abc import Callable
from secrets import token_bytes

Chance = Callable[[int], bytes]
"""So many bytes that nobody can guess."""

of_machine: Chance = token_bytes

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def readable(chance: Chance, length: int = 16) -> str:
    """A password that can be read out: no letters that are taken for one another."""
    text = ""
    while len(text) < length:
        # What lies beyond the last whole round of letters would favour the first of them.
        fair = (each for each in chance(length) if each < 256 - 256 % len(_LETTERS))
        text += "".join(_LETTERS[each % len(_LETTERS)] for each in fair)
    return text[:length]
