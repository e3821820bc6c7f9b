"""A list is walked page by page: none of it twice, none left out, and never for long."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.paging import BUDGET, CHUNK, NEVER, Page, Way, instant, place, sealed, walk
from sla_engine.errors import Refusal
from sla_engine.projection import Columns


class Rows:
    """A shelf with one table. Counts the rows that are read from it."""

    def __init__(self, rows: dict[str, Columns]) -> None:
        self.all = rows
        self.read = 0

    def page(
        self,
        table: str,
        prefix: str = "",
        after: str = "",
        limit: int = 50,
        descending: bool = False,
    ) -> list[tuple[str, Columns]]:
        keys = sorted((key for key in self.all if key.startswith(prefix)), reverse=descending)
        if after:
            keys = [key for key in keys if (key < after if descending else key > after)]
        self.read += len(keys[:limit])
        return [(key, self.all[key]) for key in keys[:limit]]

    def rows(self, table: str, prefix: str = "") -> Iterator[tuple[str, Columns]]:
        raise AssertionError("a page never reads a whole table")

    def row(self, table: str, key: str) -> Columns | None:
        return self.all.get(key)

    def rows_of(self, table: str, keys: object) -> dict[str, Columns]:
        raise AssertionError("nothing is looked up")

    def counts(self, table: str, ranges: object) -> list[int]:
        raise AssertionError("nothing is counted")


def numbered(count: int) -> Rows:
    return Rows({f"due|*|{instant(n)}|p{n}": {"n": n} for n in range(count)})


def numbers(page: Page) -> list[int]:
    return [row["n"] for row in page.rows]


@given(
    st.integers(0, 30),
    st.integers(1, 8),
    st.integers(1, 4),
    st.booleans(),
    st.tuples(st.integers(0, 30), st.integers(0, 30)),
)
@settings(deadline=None)
def test_pages_put_together_are_the_list(
    count: int, limit: int, every: int, descending: bool, bounds: tuple[int, int]
) -> None:
    low, high = bounds
    begin, end = (f"due|*|{instant(n)}" for n in ((high, low) if descending else (low, high)))
    shelf, way = numbered(count), Way("t", "due|*|", begin, end, descending)
    wanted = [n for n in range(count) if low <= n < high and n % every == 0]
    found, cursor = list[int](), ""
    while True:
        page = walk(shelf, way, cursor, limit, lambda row: row["n"] % every == 0)
        assert len(page.rows) <= limit
        assert not page.exhausted
        found += numbers(page)
        cursor = page.next
        if not cursor:
            break
    assert found == (wanted[::-1] if descending else wanted)


def test_a_filter_that_fits_nothing_gives_up_after_its_budget_and_says_where_to_go_on() -> None:
    shelf, way = numbered(BUDGET * 2 + 5), Way("t", "due|*|")
    page = walk(shelf, way, "", 50, lambda row: row["n"] == BUDGET * 2)
    assert (page.rows, page.exhausted, shelf.read) == ([], True, BUDGET)
    page = walk(shelf, way, page.next, 50, lambda row: row["n"] == BUDGET * 2)
    assert (page.rows, page.exhausted) == ([], True)
    page = walk(shelf, way, page.next, 50, lambda row: row["n"] == BUDGET * 2)
    assert page == ([{"n": BUDGET * 2}], "", False)


def test_a_page_without_a_filter_reads_one_row_more_than_it_shows() -> None:
    shelf = numbered(CHUNK)
    page = walk(shelf, Way("t", "due|*|"), "", 20)
    assert (numbers(page), shelf.read) == (list(range(20)), 21)
    assert not page.exhausted


def test_the_last_page_ends_the_list_though_it_is_full() -> None:
    assert walk(numbered(20), Way("t", "due|*|"), "", 20).next == ""


@pytest.mark.parametrize("cursor", ["?", "%%%", "AAAA", "ZHVlfD1VfA", "_w", sealed("due|=U|1")])
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(Refusal) as refused:
        walk(numbered(3), Way("t", "due|*|"), cursor, 2)
    assert refused.value.code == "CURSOR_WRONG"
    assert cursor in str(refused.value)


def test_a_cursor_outlives_its_row() -> None:
    shelf = numbered(6)
    page = walk(shelf, Way("t", "due|*|"), "", 2)
    del shelf.all[f"due|*|{instant(1)}|p1"]
    shelf.all[f"due|*|{instant(0)}|p"] = {"n": -1}
    assert numbers(walk(shelf, Way("t", "due|*|"), page.next, 2)) == [2, 3]


def test_parts_of_a_key_cannot_be_taken_for_each_other() -> None:
    assert place("due", "=A|B") != place("due", "=A", "B")
    assert not place("due", "=A|B").startswith(place("due", "=A"))
    assert instant(5) < instant(50) < instant(1_773_000_000_000_000) < instant(None)
    assert instant(-1) == instant(0)
    assert len(instant(NEVER)) == 16
