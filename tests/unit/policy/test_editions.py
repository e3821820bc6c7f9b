"""Packs beside one another: editions of one name, and the pack that governs another one's talks."""

import pytest

from sla_engine.catalog import load_almanac
from sla_engine.errors import Refusal
from sla_engine.policy.clause import Pack
from sla_engine.policy.editions import governed, lint_editions
from sla_engine.policy.lint import lint, parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.worktime import parse_instant
from tests.unit.policy.minimal import FILE, MINIMAL, changed

ALMANACS = {"cn": load_almanac("cn")}


def _edition(edition: str, begin: str, end: str = "") -> str:
    until = f"\neffective_to = {end}" if end else ""
    return changed(
        ('edition = "2024-01"', f'edition = "{edition}"'),
        ("effective_from = 2024-01-01", f"effective_from = {begin}{until}"),
    )


@pytest.mark.parametrize(
    ("first", "second", "codes"),
    [
        (("a", "2024-01-01"), ("b", "2025-01-01"), []),
        (("a", "2024-01-01", "2025-01-01"), ("b", "2025-01-01"), []),
        (("a", "2024-01-01", "2025-01-02"), ("b", "2025-01-01"), ["EDITIONS_OVERLAP"]),
        (("a", "2024-01-01"), ("b", "2024-01-01"), ["EDITIONS_OVERLAP"]),
        (("a", "2024-01-01"), ("a", "2025-01-01"), ["PACK_DUPLICATE"]),
    ],
)
def test_one_edition_of_a_name_is_in_force_on_a_day(
    first: tuple[str, ...], second: tuple[str, ...], codes: list[str]
) -> None:
    packs = [parse_pack(_edition(*first)), parse_pack(_edition(*second))]
    faults = lint_editions(reversed(packs))
    assert [fault.code for fault in faults] == codes
    assert all("demo" in fault.where for fault in faults)


def test_an_overlap_is_told_with_the_day_it_begins() -> None:
    packs = [
        parse_pack(_edition("a", "2024-01-01", "2025-06-01")),
        parse_pack(_edition("b", "2025-01-01")),
    ]
    fault = lint_editions(packs)[0]
    assert "与版本 a 的有效期重叠，冲突日期：2025-01-01" in fault.zh()
    assert "overlaps that of edition a, on 2025-01-01" in fault.en()


def test_editions_of_different_names_do_not_meet() -> None:
    other = parse_pack(changed(('name = "demo"', 'name = "other"')))
    assert lint_editions([parse_pack(MINIMAL), other]) == []


def test_a_rulebook_takes_no_editions_that_are_in_each_others_way() -> None:
    packs = [parse_pack(_edition("a", "2024-01-01")), parse_pack(_edition("b", "2024-01-01"))]
    with pytest.raises(Refusal) as refusal:
        Rulebook(ALMANACS, packs)
    assert refusal.value.code == "EDITIONS_OVERLAP"
    assert Rulebook(ALMANACS, packs[:1]).alone(packs[1]).packs == (packs[1],)


# -------------------------------------------------------------------------------------- talks

BORROWED = MINIMAL[: MINIMAL.index("[talk]")] + MINIMAL[MINIMAL.index("[[case]]") :]


def _borrowing(begin: str = "2024-01-01", tier: int = 1) -> str:
    """A pack without rules for talks of its own."""
    text = BORROWED.replace('name = "demo"', 'name = "small"')
    text = text.replace("settle", 'talks_by = "demo"\nsettle').replace("tier = 1", f"tier = {tier}")
    return text.replace("effective_from = 2024-01-01", f"effective_from = {begin}")


def _codes(text: str, *beside: Pack) -> list[str]:
    return [fault.code for fault in lint(text, FILE, Rulebook(ALMANACS, beside))]


def test_a_pack_may_borrow_its_talks_from_one_that_has_rules_for_them() -> None:
    assert _codes(_borrowing(), parse_pack(MINIMAL)) == []


def test_talks_are_not_borrowed_from_a_pack_that_is_not_there_or_borrows_itself() -> None:
    bare = parse_pack(_borrowing().replace('"small"', '"demo"').replace('by = "demo"', 'by = "x"'))
    (fault,) = lint(_borrowing(), FILE, Rulebook(ALMANACS, [bare]))
    assert (fault.code, fault.where) == ("TALKS_BY_UNKNOWN", f"{FILE} pack.talks_by")
    assert "没有主管约谈的政策包“demo”" in fault.zh()
    assert _codes(_borrowing()) == ["TALKS_BY_UNKNOWN"]
    near = lint(_borrowing().replace('by = "demo"', 'by = "dem"'), FILE, _beside(MINIMAL))
    assert near[0].near == "demo"


def _beside(*texts: str) -> Rulebook:
    return Rulebook(ALMANACS, [parse_pack(text) for text in texts])


def test_no_talk_is_proposed_at_a_tier_that_the_governing_pack_has_not() -> None:
    (fault,) = governed(parse_pack(_borrowing(tier=3)), [parse_pack(MINIMAL)], FILE)
    assert (fault.code, fault.where) == ("RUNG_TIER", f"{FILE} clause.solve.rung.talk.tier")
    assert list(governed(parse_pack(_borrowing(tier=2)), [parse_pack(MINIMAL)], FILE)) == []


def test_talks_are_not_left_without_rules_before_the_pack_ends() -> None:
    ending = parse_pack(_edition("a", "2024-01-01", "2025-01-01"))
    following = parse_pack(_edition("b", "2025-01-01"))
    assert _codes(_borrowing(), ending) == ["TALKS_BY_ENDS"]
    assert _codes(_borrowing(), ending, following) == []


def test_talks_go_by_the_edition_in_force_and_before_the_first_by_that() -> None:
    first = parse_pack(_edition("a", "2024-01-01", "2025-01-01"))
    second = parse_pack(_edition("b", "2025-01-01", "2026-01-01"))
    pack = parse_pack(_borrowing("2020-01-01"))
    rules = Rulebook(ALMANACS, [first, second, pack])
    for day, edition in (("2020-06-01", first), ("2024-06-01", first), ("2025-06-01", second)):
        at = parse_instant(f"{day}T00:00:00+08:00")
        assert rules.talks_of(pack, at) is edition
        assert rules.talks_of(pack, at, at) is edition
    late = parse_instant("2026-06-01T00:00:00+08:00")
    with pytest.raises(Refusal) as refusal:
        rules.talks_of(pack, late)
    assert refusal.value.code == "POLICY_NOT_IN_FORCE"
    assert rules.talks_of(first, late) is first, "a pack with rules of its own governs its talks"
