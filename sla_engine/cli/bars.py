"""Bars for a terminal, in whole and eighth blocks; Chinese labels keep their width."""

from fractions import Fraction
from unicodedata import east_asian_width

_FULL, _EIGHTHS = "█", " ▏▎▍▌▋▊▉"
_GROUND = "·"


def bar(numerator: int, denominator: int, cells: int = 20) -> str:
    """A share from 0 to 1 as exactly so many cells; of nothing, no bar at all.

    Whatever is less than whole shows at least one cell unfilled, and whatever is more than
    nothing a trace: 9 999 of 10 000 is not everything.
    """
    if denominator <= 0:
        return " " * cells
    share = min(max(Fraction(numerator, denominator), Fraction(0)), Fraction(1))
    eighths = int(share * cells * 8)
    if share > 0:
        eighths = max(eighths, 1)
    if share < 1:
        eighths = min(eighths, cells * 8 - 8)
    full, rest = divmod(eighths, 8)
    drawn = _FULL * full + (_EIGHTHS[rest] if rest else "")
    return drawn + _GROUND * (cells - len(drawn))


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def padded(text: str, width: int) -> str:
    """A text filled with spaces to a width in columns; a longer one is left as it is."""
    return text + " " * max(0, width - columns(text))
