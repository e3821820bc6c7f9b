"""Read models are read in pages: a range of keys, from either end, from wherever one left off."""

from hypothesis import given
from hypothesis import strategies as st

from sla_engine.followers.projector import Shelves
from sla_engine.store.application import open_memory
from tests.conformance.store.samples import OpenLog
from tests.support.sizes import examples

KEYS = [f"due|{unit}|{n:04d}" for unit in ("*", "=区住建局") for n in range(1_200)]


def filled(log: OpenLog, keys: list[str] | None = None) -> OpenLog:
    with log.transact() as tx:
        tx.put_rows("docket", 1, {key: {"k": key} for key in reversed(keys or KEYS)})
        tx.put_rows("docket", 2, {"due|*|0005x": {"k": "of a rebuild"}})
        tx.put_rows("board", 1, {"due|*|0005y": {"k": "of another model"}})
    return log


def read_through(log: OpenLog, prefix: str, size: int, descending: bool) -> list[str]:
    found, after = list[str](), ""
    while rows := log.page("docket", 1, prefix, after, size, descending):
        assert len(rows) <= size
        assert all(row == {"k": key} for key, row in rows)
        found += [key for key, _ in rows]
        after = found[-1]
    return found


def test_pages_put_together_are_the_range_in_either_direction(log: OpenLog) -> None:
    filled(log)
    for prefix in ("", "due|*|", "due|=区住建局|", "due|*|01"):
        wanted = [key for key in KEYS if key.startswith(prefix)]
        assert read_through(log, prefix, 500, descending=False) == wanted
        assert read_through(log, prefix, 500, descending=True) == wanted[::-1]
    assert log.page("docket", 1, "due|*|9") == []
    assert log.page("unknown", 1) == []


def test_a_page_begins_behind_a_key_that_need_not_be_there(log: OpenLog) -> None:
    filled(log)

    def page(after: str, descending: bool = False) -> list[str]:
        return [key for key, _ in log.page("docket", 1, "due|*|", after, 2, descending)]

    assert page("due|*|0007") == ["due|*|0008", "due|*|0009"]
    assert page("due|*|0007", descending=True) == ["due|*|0006", "due|*|0005"]
    assert page("due|*|00075") == ["due|*|0008", "due|*|0009"]
    assert page("due|*|00075", descending=True) == ["due|*|0007", "due|*|0006"]
    # A key before or behind the whole range is as good as its end.
    assert page("a") == ["due|*|0000", "due|*|0001"]
    assert page("z", descending=True) == ["due|*|1199", "due|*|1198"]
    assert page("z") == page("a", descending=True) == []


def test_rows_that_come_and_go_shift_no_page(log: OpenLog) -> None:
    filled(log)
    first = log.page("docket", 1, "due|*|", limit=3)
    with log.transact() as tx:
        tx.put_rows("docket", 1, {"due|*|00001": {"k": "new"}, first[-1][0]: None})
    after = first[-1][0]
    assert [key for key, _ in log.page("docket", 1, "due|*|", after, 2)] == [
        "due|*|0003",
        "due|*|0004",
    ]


def test_many_rows_are_read_by_their_keys_at_once(log: OpenLog) -> None:
    filled(log)
    found = log.rows_of("docket", 1, [*KEYS[:1_100], "gone", KEYS[0]])
    assert found == {key: {"k": key} for key in KEYS[:1_100]}
    assert log.rows_of("docket", 1, []) == {}


def test_keys_of_a_range_are_counted(log: OpenLog) -> None:
    filled(log)
    ranges = [("due|*|0010", "due|*|0020"), ("due|=", "due|>"), ("due|*|0020", "due|*|0010")]
    assert log.count_rows("docket", 1, ranges) == [10, 1_200, 0]
    assert log.count_rows("docket", 1, ranges * 300) == [10, 1_200, 0] * 300
    assert log.count_rows("docket", 1, []) == []


@examples(30)
@given(
    st.sets(st.text("a|区\U0010fffd", max_size=4)),
    st.text("a|区", max_size=2),
    st.text("a|区\U0010fffd", max_size=4),
    st.integers(1, 5),
    st.booleans(),
)
def test_a_page_is_what_sorting_everything_would_give(
    keys: set[str], prefix: str, after: str, limit: int, descending: bool
) -> None:
    log = open_memory()
    try:
        with log.transact() as tx:
            tx.put_rows("m", 1, {key: {} for key in keys})
        ordered = sorted((key for key in keys if key.startswith(prefix)), reverse=descending)
        behind = [
            key for key in ordered if not after or (key < after if descending else key > after)
        ]
        found = log.page("m", 1, prefix, after, limit, descending)
        assert [key for key, _ in found] == behind[:limit]
    finally:
        log.close()


def test_whoever_reads_while_a_rebuild_is_swapped_in_reads_the_new_rows(log: OpenLog) -> None:
    """Between the look at the generation and the look at the rows."""
    shelf = Shelves(filled(log))
    assert shelf.row("docket", KEYS[0]) == {"k": KEYS[0]}
    reads = 0

    class Between:
        """Swaps generations after the first time somebody asks which one is current."""

        def __getattr__(self, name: str) -> object:
            return getattr(log, name)

        def memory(self, follower: str) -> dict[str, bytes]:
            nonlocal reads
            found = dict(log.memory(follower))
            reads += 1
            if reads == 1:
                with log.transact() as tx:
                    tx.remember(follower, {"generation": b"2"})
                    tx.drop_rows("docket", keep=2)
            return found

    between: OpenLog = Between()  # type: ignore[assignment]  # a log but for one method
    assert [row for _, row in Shelves(between).page("docket", "due|")] == [{"k": "of a rebuild"}]
    assert shelf.row("docket", KEYS[0]) is None
    assert shelf.counts("docket", [("due|", "due}")]) == [1]
