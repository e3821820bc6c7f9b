"""Which streams are dossiers with clocks."""

import pytest

from sla_engine.errors import Refusal
from sla_engine.escalation.kinds import has_clocks, kind_of


@pytest.mark.parametrize("name", ["petition", "talk", "item", "round", "roster", "unit"])
def test_a_stream_is_of_the_kind_its_prefix_says(name: str) -> None:
    assert kind_of(f"{name}/x").name == name
    assert has_clocks(f"{name}/x")


def test_other_streams_have_no_clocks() -> None:
    assert not has_clocks("rules/notices")
    with pytest.raises(Refusal) as refused:
        kind_of("rules/notices")
    (fault,) = refused.value.faults
    assert (fault.code, fault.found, fault.allowed) == (
        "STREAM_UNKNOWN",
        "rules/notices",
        "petition, talk, item, round, dispute, roster, unit",
    )
