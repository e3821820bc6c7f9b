"""Codes, keys and the envelope: what everything else stands on."""

import pytest

from sla_engine.errors import (
    UNPUBLISHED_YEAR,
    Fault,
    Refusal,
    UnpublishedYear,
    refuse,
    register,
    shorten,
)
from sla_engine.identity import canonical, commitment, digest, rung_key, talk_id
from sla_engine.petition.events import Accepted
from sla_engine.record import EVENTS, Event, fields_of, type_name, wire


def test_a_code_has_one_meaning() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        register(UNPUBLISHED_YEAR, "x", "x")


def test_a_fault_says_where_what_and_what_to_do_in_both_languages() -> None:
    fault = Fault(UNPUBLISHED_YEAR, "calendar", "2027", near="2026")
    assert fault.zh().startswith("calendar: 2027年")
    assert fault.zh().endswith("；是不是“2026”？")
    assert fault.en().endswith("; did you mean “2026”?")
    assert fault.as_dict()["found"] == "2027"


def test_a_refusal_carries_every_fault_and_is_named_by_the_first() -> None:
    both = (Fault(UNPUBLISHED_YEAR, "", "2027"), Fault("FIELD_MISSING", "id"))
    refusal = Refusal(both)
    assert (refusal.code, refusal.faults) == (UNPUBLISHED_YEAR, both)
    assert "; id: this field is required" in str(refusal)
    with pytest.raises(AssertionError):
        Refusal(())


def test_an_unpublished_year_is_a_refusal_that_knows_its_year() -> None:
    refusal = UnpublishedYear(2027, "solve")
    assert (refusal.year, refusal.code, refusal.faults[0].where) == (
        2027,
        UNPUBLISHED_YEAR,
        "solve",
    )


def test_what_is_echoed_is_bounded() -> None:
    assert shorten("x" * 80) == "x" * 80
    assert shorten("x" * 81) == f"{'x' * 80}… (81 characters)"
    assert shorten(5) == "5"
    assert len(refuse("FIELD_WRONG", "", "y" * 10_000).faults[0].found) < 120


def test_equal_content_has_equal_bytes_whatever_its_order() -> None:
    assert canonical({"b": 1, "a": "诉"}) == canonical({"a": "诉", "b": 1})
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


def test_a_commitment_depends_on_the_secret() -> None:
    one, other = (commitment(secret, {"phone": "1"}) for secret in (b"a", b"b"))
    assert one != other
    assert one == commitment(b"a", {"phone": "1"})


def test_keys_are_derived_from_what_they_name() -> None:
    assert rung_key("solve", "1", 2, "red") == "solve|1|2|red"
    assert talk_id("U1", "c") == talk_id("U1", "c")
    assert talk_id("U1", "c") != talk_id("U1", "d")


def test_a_wire_name_is_taken_once_and_gives_the_type_its_name() -> None:
    assert type_name(Accepted) == type_name(Accepted("A1")) == "accepted"
    assert EVENTS["petition.accepted/1"] is Accepted
    assert fields_of(Accepted("A1")) == {"assignment": "A1"}
    with pytest.raises(ValueError, match="is taken by Accepted"):

        @wire("petition.accepted/1")
        class Another(Event):
            pass
