"""Replays answered at once, and what-ifs over everything as jobs: progress, results, an end."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from sla_engine.errors import Fault, Refusal
from sla_engine.replay.question import Question
from sla_engine.showing import whatifs
from sla_engine.showing.replays import replay_dict
from sla_engine.web import jobs
from sla_engine.web.app import create_app
from sla_engine.web.house import House
from sla_engine.web.jobs import Job, Jobs, State
from sla_engine.wiring import Engine
from sla_engine.worktime import format_instant
from tests.support.web import END, Fixed, client, submitting, visitor

NOTICE = "国办发明电〔2023〕7号"
NOTICE_TOML = """
title = "关于2024年国庆节后放假的通知"
number = "试〔2024〕1号"
published = 2024-10-18
region = "CN"
covers = [2024]
source = "test"

[[holiday]]
name = "国庆节"
off = ["2024-10-21..2024-10-25"]
"""
PATIENCE_S = 30.0
HOUR = 3_600_000_000


@pytest.fixture(scope="module")
def api(town: Engine) -> TestClient:
    return client(town, "reviewer")


@pytest.fixture(scope="module")
def no(town: Engine) -> str:
    """The petition with the longest story."""
    cards = [row for _, row in town.rows("petition_card")]
    numbers = [str(row["no"]) for row in cards]
    return max(numbers, key=lambda each: len(town.events(f"petition/{each}")))


# -------------------------------------------------------------------------------------- replays


def test_a_replay_answers_as_the_engine_does(api: TestClient, town: Engine, no: str) -> None:
    at = END
    found = town.replay(f"petition/{no}", Question(known_at=at))
    answer = api.get(f"/v1/petitions/{no}/replay", params={"known_at": format_instant(at)})
    assert answer.json() == json.loads(json.dumps(replay_dict(found)))


def test_a_question_may_be_asked_in_an_address_or_in_a_body(api: TestClient, no: str) -> None:
    asked = {"known_at": format_instant(END), "calendar": "2024-01-01", "without": [NOTICE]}
    by_address = api.get(f"/v1/petitions/{no}/replay", params=asked)
    by_body = api.post(f"/v1/petitions/{no}/replay", json=asked)
    assert by_address.status_code == 200, by_address.text
    assert by_address.json() == by_body.json()


def test_a_difference_names_what_changed_and_its_causes(api: TestClient, town: Engine) -> None:
    no = next(
        row["no"]
        for _, row in town.rows("petition_card")
        for reading in town.assess(f"petition/{row['no']}").readings
        if (reading.clause.id, reading.state.value, row["phase"]) == ("solve", "met", "closed")
    )
    events = town.events(f"petition/{no}")
    resolved = next(each.meta for each in events if each.event.NAME == "resolved")
    edit = f"move {resolved.source}:{resolved.key} to {format_instant(END + 240 * HOUR)}"
    answer = api.post(f"/v1/petitions/{no}/replay/diff", json={"edits": [edit]})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["before"]["question"]["edits"] == []
    assert found["after"]["question"]["edits"] == [edit]
    (flipped,) = [
        each
        for each in found["changes"]
        if each["what"] == "verdict_flipped" and each["key"][0] == "solve"
    ]
    assert [cause["what"] for cause in flipped["causes"]] == ["fact"]


def test_words_that_cannot_be_read_are_told(api: TestClient, no: str) -> None:
    answer = api.post(f"/v1/petitions/{no}/replay", json={"edits": ["forget it"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "EDIT_FORMAT")


def test_nothing_is_written_by_a_question(api: TestClient, town: Engine, no: str) -> None:
    head = town.log.head()
    api.get(f"/v1/petitions/{no}/replay")
    api.get(f"/v1/petitions/{no}/replay/diff", params={"known_at": format_instant(END)})
    assert town.log.head() == head


# ----------------------------------------------------------------------------------- jobs by HTTP


def finished(api: TestClient, location: str) -> dict[str, Any]:
    """A job once it is over; its stream of events says when."""
    events = api.get(f"{location}/events").text.strip().split("\n\n")
    assert all(each.startswith("event: progress\ndata: ") for each in events)
    told: dict[str, Any] = json.loads(events[-1].partition("data: ")[2])
    return told


def test_a_whatif_is_taken_on_followed_and_fetched(api: TestClient, town: Engine) -> None:
    pytest.importorskip("numpy")
    head = town.log.head()
    taken = api.post("/v1/jobs/whatif", json={"without": [NOTICE]})
    assert taken.status_code == 202
    location = taken.headers["location"]
    job = finished(api, location)
    assert (job["state"], job["done"], job["total"]) == ("done", 60, 60)
    assert job["id"] in [each["id"] for each in api.get("/v1/jobs").json()["rows"]]
    result = api.get(job["result"]).json()
    assert result["document"] == "impact"
    assert result["fields"]["assessed"] == 60
    assert town.log.head() == head
    assert api.delete(location).status_code == 204
    assert api.get(location).status_code == 404


def test_a_notice_is_tried_on_every_open_dossier_and_not_loaded(
    api: TestClient, town: Engine
) -> None:
    before = len(town.rules.almanacs["cn"].notices)
    taken = api.post("/v1/jobs/foresee-notice", json={"toml": NOTICE_TOML})
    assert taken.status_code == 202, taken.text
    job = finished(api, taken.headers["location"])
    assert job["state"] == "done", job
    assert api.get(job["result"]).json()["dry_run"] is True
    assert len(town.rules.almanacs["cn"].notices) == before


def test_a_whatif_that_compares_with_nothing_is_refused(api: TestClient) -> None:
    answer = api.post("/v1/jobs/whatif", json={"since": "2024-01-01"})
    assert (answer.status_code, answer.json()["code"]) == (422, "WHATIF_OF_NOTHING")


def test_without_the_extra_a_whatif_says_what_to_install(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whatifs, "find_spec", lambda _name: None)
    answer = api.post("/v1/jobs/whatif", json={"without": [NOTICE]})
    assert (answer.status_code, answer.json()["code"]) == (503, "BULK_MISSING")
    assert "sla-engine[bulk]" in answer.json()["detail"]


def test_one_job_too_many_is_told_to_come_back_later(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "WAITING", 0)
    answer = api.post("/v1/jobs/foresee-notice", json={"toml": NOTICE_TOML})
    assert (answer.status_code, answer.json()["code"]) == (429, "JOBS_FULL")


def test_a_job_is_nobody_elses(town: Engine) -> None:
    pytest.importorskip("numpy")
    access = Fixed(visitor("reviewer"))
    api = TestClient(create_app(House(town, submitting(town), access)))
    location = api.post("/v1/jobs/whatif", json={"without": [NOTICE]}).headers["location"]
    access.who = visitor("supervisor")
    assert api.get(location).status_code == 404
    assert api.get("/v1/jobs").json()["rows"] == []
    access.who = visitor("reviewer")
    assert finished(api, location)["state"] == "done"


# --------------------------------------------------------------------------------------- the kept


class Hours:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 0

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def kept(hours: Hours) -> Iterator[Jobs]:
    names = (f"j{n}" for n in range(1_000))
    found = Jobs(hours, lambda: next(names))
    yield found
    found.close()


def begun(kept: Jobs, work: Any, owner: str = "me") -> Job:
    return kept.begin("test", owner, {}, 3, work)


def test_progress_is_told_and_a_result_kept(kept: Jobs) -> None:
    seen = []

    def work(advance: Any) -> str:
        for done in (1, 2, 3):
            advance(done)
            seen.append(job.done)
        return "answer"

    ready = Event()
    job = begun(kept, lambda advance: ready.wait(PATIENCE_S) and work(advance))
    ready.set()
    kept.wait(job, PATIENCE_S)
    assert seen == [1, 2, 3]
    assert (job.state, job.result) == (State.DONE, "answer")


def test_no_more_jobs_are_taken_on_than_there_is_room_for(kept: Jobs) -> None:
    gate = Event()
    found = [begun(kept, lambda _: gate.wait(PATIENCE_S)) for _ in range(jobs.WAITING)]
    with pytest.raises(Refusal, match="jobs at once"):
        begun(kept, lambda _: None)
    assert sum(each.state is State.RUNNING for each in found) <= jobs.AT_ONCE
    gate.set()
    for each in found:
        kept.wait(each, PATIENCE_S)
    assert begun(kept, lambda _: None).id


def test_a_job_under_way_is_cancelled_at_its_next_sign_of_progress(kept: Jobs) -> None:
    started, cancelled = Event(), Event()

    def work(advance: Any) -> None:
        started.set()
        assert cancelled.wait(PATIENCE_S)
        advance(1)
        raise AssertionError("went on")

    job = begun(kept, work)
    assert started.wait(PATIENCE_S)
    kept.cancel(job)
    cancelled.set()
    kept.wait(job, PATIENCE_S)
    assert (job.state, job.result) == (State.CANCELLED, None)


def test_a_job_that_waits_is_cancelled_at_once_and_never_begun(kept: Jobs) -> None:
    gate, ran = Event(), Event()
    busy = [begun(kept, lambda _: gate.wait(PATIENCE_S)) for _ in range(jobs.AT_ONCE)]
    waiting = begun(kept, lambda _: ran.set())
    kept.cancel(waiting)
    assert waiting.state is State.CANCELLED
    gate.set()
    for each in busy:
        kept.wait(each, PATIENCE_S)
    last = begun(kept, lambda _: None)
    kept.wait(last, PATIENCE_S)
    assert not ran.is_set()


def test_a_refusal_is_told_and_a_fault_in_the_program_is_not(kept: Jobs) -> None:
    def refused(_: Any) -> None:
        raise Refusal(Fault(jobs.JOB_UNKNOWN, "", "x"))

    def broken(_: Any) -> None:
        raise RuntimeError("secret")

    first, second = begun(kept, refused), begun(kept, broken)
    for each in (first, second):
        kept.wait(each, PATIENCE_S)
    assert (first.state, first.faults[0].code) == (State.FAILED, jobs.JOB_UNKNOWN)
    assert second.faults[0].code == "SERVER_FAULT"
    assert "secret" not in repr(second.faults)


def test_what_has_ended_is_forgotten_after_a_while(kept: Jobs, hours: Hours) -> None:
    job = begun(kept, lambda _: None)
    kept.wait(job, PATIENCE_S)
    hours.at = jobs.KEPT_S * 1_000_000
    assert kept.get(job.id, "me") is job
    hours.at += 1
    with pytest.raises(Refusal, match="no job"):
        kept.get(job.id, "me")


def test_jobs_of_somebody_else_are_not_there(kept: Jobs) -> None:
    job = begun(kept, lambda _: None, "me")
    with pytest.raises(Refusal, match="no job"):
        kept.get(job.id, "you")
    assert kept.of("you") == []
    assert kept.of("me") == [job]


def test_many_may_ask_for_jobs_at_once_and_none_is_lost(kept: Jobs) -> None:
    def ask(n: int) -> Job | None:
        try:
            return begun(kept, lambda advance: advance(n))
        except Refusal:
            return None

    with ThreadPoolExecutor(8) as threads:
        found = [job for job in threads.map(ask, range(40)) if job is not None]
    for job in found:
        kept.wait(job, PATIENCE_S)
    assert {job.state for job in found} == {State.DONE}
    assert len({job.id for job in found}) == len(found) >= jobs.WAITING
