"""How much of something a test goes through: little at every change, all of it with SOAK=1."""

import os

from hypothesis import settings

SOAK = os.environ.get("SOAK") == "1"
PROPERTY = 5_000
"""Examples of a property in the soak run, unless an example is a city of its own."""


def examples(few: int, full: int = PROPERTY) -> settings:
    """So many examples of a property whose examples take long."""
    return settings(max_examples=full if SOAK else few)
