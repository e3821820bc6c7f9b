"""Whose a petition is in the lists: what each owes itself, and the cards that it was given."""

from projections.docket import Filter, page
from sla_engine.wiring import Engine
from tests.support.given import engine, send, submission, to


def shown(there: Engine, unit: str | None) -> list[tuple[str, str, int]]:
    """Clause, card and level of each petition in a list."""
    rows = page(there, Filter(unit=unit)).rows
    return [(row["clause"], row["card"], row["level"]) for row in rows]


def test_what_a_source_tells_whose_clock_runs_ahead_is_the_units_from_the_beginning() -> None:
    with engine("2024-09-09 08:00", tolerance_s=120) as there:
        send(there, "2024-09-09 09:00:00 registered pack=mingguang-three-tier id=a")
        there.take([submission(there, "2024-09-09 09:00:30 dispatched unit=U1 id=b")])
        there.follow()
        for when in ("2024-09-09 09:00:10", "2024-09-12 09:00"):
            to(there, when)
            assert shown(there, "U1") == [("handle", "", 0)]
            assert shown(there, "") == []


def test_what_the_centre_is_late_with_gives_the_unit_neither_card_nor_level() -> None:
    with engine("2024-09-09 08:00") as there:
        send(
            there,
            "2024-09-09 09:00 registered pack=hotline-12345-generic id=a",
            "2024-09-09 09:10 dispatched unit=U1 assignment=A1 id=b",
            "2024-09-09 10:00 return_requested reason=别的单位 id=c",
        )
        to(there, "2024-09-11 09:00")
        assert shown(there, "") == [("return-rule", "red", 30)]
        assert shown(there, "U1") == [("respond", "", 20)]
        assert shown(there, None) == [("respond", "red", 30)]
