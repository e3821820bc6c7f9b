"""The writer: who waits shares a commit, everybody gets the own answer, nothing grows for ever."""

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from sla_engine.errors import Conflict, Fault, Unavailable
from sla_engine.service.handler import Handler, Outcome
from sla_engine.service.intake import Submission, parse
from sla_engine.service.writer import Limits, Take, Writer
from sla_engine.store.application import open_sqlite
from sla_engine.worktime import parse_instant
from tests.support.given import SHIPPED

AT = "2024-09-13T09:00:00+08:00"
TRAITS = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}


def registered(no: int, **more: object) -> Submission:
    fact = {"petition": f"P{no}", "type": "registered", "id": str(no), "source": "s", "at": AT}
    return parse({**fact, "data": TRAITS, **more})


def outcome(submission: Submission) -> Outcome:
    return Outcome("recorded", submission.stream, 1)


class Store:
    """Stands in for the handler: records what each commit holds, and waits if it is told to."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.entered, self.go = Event(), Event()
        self.go.set()
        self.away = self.conflicts = 0
        self.poison: set[str] = set()

    def __call__(self, submissions: Sequence[Submission]) -> list[Outcome]:
        self.entered.set()
        assert self.go.wait(30)
        if self.away:
            self.away -= 1
            raise Unavailable(Fault("STORE_BUSY", allowed="30"))
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict(Fault("STORE_BUSY"))
        keys = [each.key for each in submissions]
        if self.poison & {*keys}:
            raise ZeroDivisionError("张三 13800000000")
        self.commits.append(keys)
        return [*map(outcome, submissions)]

    def hold(self) -> None:
        """Let nothing through from now on."""
        self.entered.clear()
        self.go.clear()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    with Writer(store) as writer:
        yield writer
        store.go.set()


def with_limits(store: Take, **limits: int) -> Writer:
    return Writer(store, Limits(**limits))


def held(store: Store, writer: Writer, no: int = 0) -> "Future[list[Outcome]]":
    """Keep the writer's thread busy with one submission until the store is let go."""
    store.hold()
    busy = writer.submit([registered(no)])
    assert store.entered.wait(30)
    return busy


def codes(future: "Future[list[Outcome]]") -> list[str]:
    error = future.exception(30)
    assert isinstance(error, Unavailable)
    return [fault.code for fault in error.faults]


def test_sixty_four_threads_share_commits_and_each_gets_its_own_answer(tmp_path: Path) -> None:
    log = open_sqlite(tmp_path / "store.sqlite", wait=30)
    handler, now = Handler(log, lambda: SHIPPED), parse_instant(AT)
    commits, each = Lock(), 4

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        with commits:
            return handler.take(submissions, now)

    with Writer(take) as writer, ThreadPoolExecutor(64) as threads:
        commits.acquire()
        answers = [threads.submit(writer.take, registered(no)) for no in range(64 * each)]
        while writer.depth < 64:
            Event().wait(0.001)
        commits.release()
        streams = [answer.result(60).stream for answer in answers]
    assert streams == [f"petition/P{no}" for no in range(64 * each)]
    assert log.head() >= 64 * each
    assert sum(1 for _ in log.streams("petition/")) == 64 * each
    # The first may be alone; then whoever waits goes together.
    assert writer.commits <= 64 * each // 5
    log.close()


def test_what_waits_while_a_commit_is_under_way_goes_into_the_next(
    store: Store, writer: Writer
) -> None:
    busy = held(store, writer)
    waiting = [writer.submit([registered(no)]) for no in range(1, 6)]
    assert writer.depth == 6
    store.go.set()
    assert busy.result(30) == [outcome(registered(0))]
    assert [each.result(30) for each in waiting] == [[outcome(registered(n))] for n in range(1, 6)]
    assert store.commits == [["0"], ["1", "2", "3", "4", "5"]]
    assert (writer.depth, writer.weight) == (0, 0)
    assert (writer.commits, writer.recorded, writer.largest) == (2, 6, 5)


def test_thousands_in_one_call_keep_an_answer_each_in_their_order(store: Store) -> None:
    facts = [registered(no) for no in range(5_000)]
    random.Random(1).shuffle(facts)
    with with_limits(store, batch=300) as writer:
        assert writer.submit(facts).result(30) == [*map(outcome, facts)]
    assert max(map(len, store.commits)) == 300
    assert len(store.commits) == 17


def test_a_call_spread_over_several_commits_goes_in_the_order_of_time(store: Store) -> None:
    facts = [registered(no, at=f"2024-09-13T09:{no:02}:00+08:00") for no in range(60)]
    with with_limits(store, batch=7) as writer:
        writer.submit(facts[::-1]).result(30)
    assert [key for commit in store.commits for key in commit] == [str(no) for no in range(60)]


def test_an_empty_call_is_answered_at_once(store: Store, writer: Writer) -> None:
    assert writer.submit([]).result(0) == []
    assert store.commits == []


@pytest.mark.parametrize("limits", [{"waiting": 3}, {"waiting_bytes": 4_000}])
def test_beyond_its_limits_the_writer_refuses_instead_of_growing(
    store: Store, limits: dict[str, int]
) -> None:
    with with_limits(store, **limits) as writer:
        answers = [held(store, writer), *(writer.submit([registered(no)]) for no in (1, 2))]
        with pytest.raises(Unavailable) as refused:
            writer.submit([registered(3)])
        (fault,) = refused.value.faults
        assert (fault.code, fault.found, fault.allowed) == ("INTAKE_FULL", "3", "1")
        assert "1秒后" in fault.zh()
        assert "after 1 s" in fault.en()
        assert (writer.depth, writer.turned_away) == (3, 1)
        store.go.set()
        assert [each.result(30)[0].status for each in answers] == ["recorded"] * 3
        assert writer.take(registered(3)).status == "recorded"


def test_a_call_larger_than_the_limits_is_taken_when_nothing_else_waits(store: Store) -> None:
    facts = [registered(no) for no in range(10)]
    with with_limits(store, waiting=3) as writer:
        assert len(writer.submit(facts).result(30)) == 10


def test_personal_data_count_towards_the_bytes_that_wait(store: Store, writer: Writer) -> None:
    held(store, writer)
    before = writer.weight
    writer.submit([registered(1, personal={"content": "x" * 50_000})])
    assert writer.weight - before > 50_000


def test_a_conflict_is_tried_again(store: Store, writer: Writer) -> None:
    store.conflicts = 3
    assert writer.take(registered(1)).status == "recorded"


def test_a_conflict_that_never_ends_is_told_as_something_to_come_back_for(
    store: Store, writer: Writer
) -> None:
    store.conflicts = 1_000
    assert codes(writer.submit([registered(1)])) == ["STORE_BUSY"]


def test_an_unavailable_store_is_told_to_every_caller_and_the_next_call_goes_on(
    store: Store, writer: Writer
) -> None:
    busy = held(store, writer)
    waiting = [writer.submit([registered(no), registered(no + 10)]) for no in range(1, 4)]
    store.away = 2
    store.go.set()
    assert [codes(each) for each in (busy, *waiting)] == [["STORE_BUSY"]] * 4
    assert (writer.depth, writer.weight, store.commits) == (0, 0, [])
    assert writer.submit([registered(1), registered(11)]).result(30)[1].stream == "petition/P11"


def test_what_is_left_of_a_call_is_not_tried_when_the_store_went_away_in_its_middle() -> None:
    commits: list[int] = []

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        commits.append(len(submissions))
        if len(commits) == 2:
            raise Unavailable(Fault("STORE_BUSY"))
        return [*map(outcome, submissions)]

    with with_limits(take, batch=10) as writer:
        assert codes(writer.submit([registered(no) for no in range(50)])) == ["STORE_BUSY"]
        assert writer.submit([registered(99)]).result(30) == [outcome(registered(99))]
    assert commits == [10, 10, 1]


def test_a_submission_that_the_program_cannot_deal_with_hurts_nobody_else(
    store: Store, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    store.poison = {"7", "33"}
    busy = held(store, writer, 100)
    answers = [writer.submit([registered(no), registered(no + 50)]) for no in range(50)]
    store.go.set()
    statuses = {
        each.stream: each.status for answer in (busy, *answers) for each in answer.result(30)
    }
    assert {stream for stream, status in statuses.items() if status != "recorded"} == {
        "petition/P7",
        "petition/P33",
    }
    (fault,) = answers[7].result()[0].faults
    assert (answers[7].result()[0].status, fault.code) == ("failed", "SUBMISSION_FAILED")
    assert "13800000000" not in fault.zh() + caplog.text
    assert "test_writer.py" in caplog.text
    assert sorted(key for commit in store.commits for key in commit) == sorted(
        str(no) for no in range(101) if no not in (7, 33)
    )


def test_those_beside_it_are_still_recorded_in_the_order_in_which_they_happened(
    store: Store, writer: Writer
) -> None:
    store.poison = {"3"}
    busy = held(store, writer, 100)
    facts = [registered(no, at=f"2024-09-13T09:{no:02}:00+08:00") for no in range(8)]
    answers = [writer.submit([each]) for each in reversed(facts)]
    store.go.set()
    busy.result(30)
    assert [each.result(30)[0].status for each in answers].count("failed") == 1
    assert [key for commit in store.commits[1:] for key in commit] == [*"0124567"]


def test_a_clean_stop_finishes_what_was_accepted_and_refuses_the_rest(store: Store) -> None:
    writer = Writer(store)
    busy = held(store, writer)
    waiting = writer.submit([registered(1)])
    closing = Thread(target=writer.close)
    closing.start()
    refused = ""
    while not refused:
        try:
            writer.submit([registered(2)])
        except Unavailable as error:
            refused = error.code
    assert refused == "INTAKE_CLOSED"
    store.go.set()
    closing.join(30)
    assert busy.result(0)[0].status == waiting.result(0)[0].status == "recorded"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_a_writer_that_has_broken_down() -> None:
    entered, go = Event(), Event()

    def take(submissions: Sequence[Submission]) -> list[Outcome]:
        entered.set()
        assert go.wait(30)
        raise SystemExit

    writer = Writer(take)
    first = writer.submit([registered(1)])
    assert entered.wait(30)
    second = writer.submit([registered(2)])
    go.set()
    assert codes(first) == codes(second) == ["INTAKE_CLOSED"]
    writer.close()
    with pytest.raises(Unavailable):
        writer.submit([registered(3)])
