"""Sizes: small enough for every change, and full when SOAK=1 is set."""

import os

from hypothesis import HealthCheck, settings

# No deadline: how long an example takes says more about the machine than about the code.
# The small run repeats itself, so that a red gate means a change; the soak run explores.
settings.register_profile(
    "small",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "soak",
    settings.get_profile("small"),
    max_examples=5_000,
    derandomize=False,
    print_blob=True,
)
settings.load_profile("soak" if os.environ.get("SOAK") == "1" else "small")
