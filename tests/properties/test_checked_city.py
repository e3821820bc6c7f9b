"""Whatever happens in a city, the independent checker verifies every derivation of the engine."""

import os
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from sla_engine.sla.case import GivenNotice
from tests.properties.test_replay import REVISED, REVISION, city_of, streams
from tests.support.checked import checked, written


@given(seed=st.integers(0, 10**6), stop=st.integers(0, 10**6))
@settings(max_examples=60 if os.environ.get("SOAK") else 8, deadline=None)
def test_every_derivation_in_a_citys_life_is_verified(seed: int, stop: int) -> None:
    """With returns, extensions, mergers, voids, facts that come late and a calendar revision."""
    with city_of(seed, petitions=6) as (engine, steps):
        for _ in islice(steps, 20 + stop % 120):
            pass
        engine.run_due()
        now = engine.clock.now()
        notices = [GivenNotice(REVISION, REVISED)] if now >= REVISED else []
        for stream in streams(engine):
            case = written(engine.assess(stream, now), notices=notices)
            against = [reason for reason in checked(case) if reason is not None]
            assert against == [], stream
