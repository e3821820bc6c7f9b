"""The log as it grows, over a real connection: nothing is missed, nothing comes twice, and nobody
is told of what they may not read."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sla_engine.client import Client, Event, Patience, Problem
from sla_engine.clock import VirtualClock
from sla_engine.service.intake import parse
from sla_engine.serving.endpoint import Endpoint
from sla_engine.settings import Settings
from sla_engine.store.application import open_sqlite
from sla_engine.web import broadcast as broadcasting
from sla_engine.web.api import stream as streaming
from sla_engine.web.app import create_app
from sla_engine.web.broadcast import Broadcast
from sla_engine.web.house import House
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import RULES
from tests.support.served import until
from tests.support.web import Fixed, client, submitting, visitor

DATA = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}
AT = "2024-09-13T08:40:00+08:00"
NOW = parse_instant("2024-09-13T09:00:00+08:00")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    log = open_sqlite(tmp_path / "log.sqlite", make_secret=lambda: bytes(32))
    with Engine(log, VirtualClock(NOW), Settings(tolerance_s=0), RULES) as engine:
        yield engine


@contextmanager
def served(engine: Engine, *roles: str, unit: str = "") -> Iterator[tuple[House, str]]:
    """A house at an address of its own."""
    house = House(engine, submitting(engine), Fixed(visitor(*roles, unit=unit)))
    endpoint = Endpoint("127.0.0.1", 0, {})
    endpoint.app = create_app(house)
    endpoint.start()
    try:
        yield house, endpoint.address
    finally:
        house.broadcast.close()
        endpoint.stop()


def register(engine: Engine, *numbers: str) -> None:
    engine.take([
        parse({"petition": no, "type": "registered", "id": no, "source": "hotline", "at": AT,
               "petitioner": f"caller-{no}", "personal": {"name": "某某"}, "data": DATA})
        for no in numbers
    ])  # fmt: skip


def dispatch(engine: Engine, no: str, unit: str) -> None:
    engine.take([
        parse({"petition": no, "type": "admitted", "id": f"{no}a", "source": "hotline", "at": AT}),
        parse({"petition": no, "type": "dispatched", "id": f"{no}d", "source": "hotline",
               "at": AT, "data": {"unit": unit}}),
    ])  # fmt: skip


class Reading(threading.Thread):
    """Follows the events until it has so many."""

    def __init__(self, address: str, count: int, **wish: Any) -> None:
        super().__init__(daemon=True)
        self._address, self._count, self._wish = address, count, wish
        self.events: list[Event] = []
        self.began = threading.Event()

    def run(self) -> None:
        with Client(self._address, patience=Patience(first_s=0.01, most_s=0.05)) as engine:
            for event in engine.events(**self._wish):
                self.events.append(event)
                self.began.set()
                if len(self.events) == self._count:
                    return


def positions(events: list[Event]) -> list[int]:
    return [each.position for each in events]


# ------------------------------------------------------------------------------------------ stream


def test_the_past_and_then_what_comes_without_a_gap(engine: Engine) -> None:
    register(engine, *(f"P{each:02}" for each in range(20)))
    with served(engine, "supervisor") as (house, address):
        reading = Reading(address, 40, after=0)
        reading.start()
        assert reading.began.wait(20)
        for each in range(20, 40):
            register(engine, f"P{each:02}")
            house.moved()
        reading.join(20)
        assert positions(reading.events) == list(range(1, 41))
        assert [each.id for each in reading.events] == [f"P{each:02}" for each in range(40)]


def test_a_connection_that_is_cut_goes_on_where_it_was(engine: Engine) -> None:
    register(engine, "P0")
    with served(engine, "supervisor") as (house, address):
        reading = Reading(address, 12, after=0)
        reading.start()
        assert reading.began.wait(20)
        for each in range(1, 12):
            register(engine, f"P{each}")
            house.moved()
            if each % 4 == 0:
                # Everybody is dropped, as one is that does not keep up.
                house.broadcast.close()
        reading.join(20)
        assert positions(reading.events) == list(range(1, 13))


def test_who_has_read_farther_than_those_who_listen_hears_nothing_twice(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "_LOOK_S", 60.0)
    with served(engine, "supervisor") as (house, address):
        register(engine, "P0")
        first, second = Reading(address, 4, after=0), Reading(address, 4, after=0)
        first.start()
        assert first.began.wait(20)
        until(lambda: len(house.broadcast) == 1, "one listens")
        register(engine, "P1")  # Nobody who listens is told so yet.
        second.start()
        until(lambda: len(house.broadcast) == 2, "two listen")
        house.moved()
        register(engine, "P2", "P3")
        house.moved()
        for reading in (first, second):
            reading.join(20)
            assert positions(reading.events) == [1, 2, 3, 4]


def test_whoever_follows_from_now_on_is_told_where_that_is(engine: Engine) -> None:
    register(engine, "P0", "P1")
    with served(engine, "supervisor") as (_house, address):
        lines = first_lines(address, 4)
    assert lines[0] == "id: 2"
    assert lines[1] == "event: position"


def first_lines(address: str, count: int, path: str = "/v1/events", **headers: str) -> list[str]:
    told = {"Accept": "text/event-stream", **headers}
    with httpx2.Client(base_url=address, timeout=20) as http, http.stream(
        "GET", path, headers=told
    ) as response:  # fmt: skip
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        lines = response.iter_lines()
        return [next(lines) for _ in range(count)]


def test_the_last_event_id_comes_before_what_the_address_says(engine: Engine) -> None:
    register(engine, "P0", "P1", "P2")
    with served(engine, "supervisor") as (_house, address):
        lines = first_lines(address, 1, "/v1/events?after=0", **{"Last-Event-ID": "2"})
    assert lines == ["id: 3"]


def test_one_dossier_or_one_kind_can_be_followed(engine: Engine) -> None:
    register(engine, "P0", "P1")
    dispatch(engine, "P1", "U1")
    with served(engine, "supervisor") as (_house, address):
        with Client(address) as api:
            stream = api.events(after=0, stream="petition/P1")
            assert [next(stream).type for _ in range(3)] == [
                "petition.registered", "petition.admitted", "petition.dispatched",
            ]  # fmt: skip
            with pytest.raises(Problem) as refused:
                next(api.events(kind="account"))
        assert refused.value.code == "FIELD_WRONG"


def test_a_unit_is_told_of_its_own_petitions_alone(engine: Engine) -> None:
    register(engine, "P0", "P1")
    dispatch(engine, "P0", "U1")
    dispatch(engine, "P1", "U2")
    with served(engine, "handler", unit="U2") as (_house, address), Client(address) as api:
        stream = api.events(after=0)
        assert {next(stream).stream for _ in range(3)} == {"petition/P1"}


def test_nobody_is_told_of_personal_data_or_of_accounts(engine: Engine) -> None:
    from sla_engine.access.registrar import Wanted, at_machine

    register(engine, "P0")
    engine.access.registrar.issue(Wanted("上游", "up", ("facts:append",)), at_machine())
    engine.erase("caller-P0", "依申请")
    answer = client(engine, "supervisor").get("/v1/events")
    assert [each["type"] for each in answer.json()["events"]] == ["petition.registered"]
    assert "caller" not in answer.text
    assert "某某" not in answer.text
    for role in ("system", "security", "audit"):
        assert client(engine, role).get("/v1/events").status_code == 403


def test_only_so_many_follow_at_a_time(engine: Engine) -> None:
    engine.settings = Settings(streams_limit=0)
    answer = client(engine, "supervisor").get("/v1/events", headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.json()["code"]) == (503, "STREAMS_FULL")


# --------------------------------------------------------------------------------------- broadcast


def test_a_listener_that_does_not_keep_up_is_told_and_dropped(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "_ROOM", 2)

    async def lived() -> list[bytes]:
        broadcast = Broadcast(engine.log)
        listener = await broadcast.join()
        for each in range(4):
            register(engine, f"P{each}")
            broadcast.moved()
            await _until(lambda each=each: broadcast._position > each)  # type: ignore[misc]
        assert len(broadcast) == 0
        parts = [part async for part in streaming._live(listener, lambda _: b"x")]
        broadcast.leave(listener)
        return parts

    assert asyncio.run(lived()) == [b": here\n\n", b"event: lagging\ndata: {}\n\n"]


def test_a_silent_stream_is_kept_alive(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_PING_S", 0.01)

    async def lived() -> bytes:
        broadcast = Broadcast(engine.log)
        listener = await broadcast.join()
        parts = streaming._live(listener, lambda _: b"x")
        await anext(parts)
        ping = await anext(parts)
        broadcast.leave(listener)
        return ping

    assert asyncio.run(lived()) == b": ping\n\n"


def test_what_another_process_records_is_heard_without_a_bell(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "_LOOK_S", 0.01)

    async def lived() -> int:
        broadcast = Broadcast(engine.log)
        listener = await broadcast.join()
        register(engine, "P0")
        page = await asyncio.wait_for(listener.pages.get(), 20)
        broadcast.leave(listener)
        return page[0].position if page else 0

    assert asyncio.run(lived()) == 1


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.005)


# ------------------------------------------------------------------------------------------- pages


def test_pages_follow_each_other_to_the_end(engine: Engine) -> None:
    register(engine, *(f"P{each}" for each in range(7)))
    api, address, found = client(engine, "supervisor"), "/v1/events?limit=3&kind=petition", []
    while address:
        answer = api.get(address)
        found += [each["position"] for each in answer.json()["events"]]
        address = answer.links.get("next", {}).get("url", "")
    assert found == list(range(1, 8))
    end = api.get(f"/v1/events?after={found[-1]}")
    assert end.json() == {"events": [], "next": 7}


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=501", "kind=nothing"])
def test_a_wrong_question_is_a_problem(query: str, engine: Engine) -> None:
    answer = client(engine, "supervisor").get(f"/v1/events?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


# ----------------------------------------------------------------------------------------- screens


def test_screens_are_told_that_something_changed_and_never_what(engine: Engine) -> None:
    with served(engine, "supervisor") as (house, address):

        def change() -> None:
            register(engine, "P0")
            house.moved()

        threading.Timer(0.3, change).start()
        lines = first_lines(address, 8, "/console/events")
    told = [line for line in lines if line.startswith("event:")]
    assert told == ["event: petition/P0", "event: figures"]
    assert {json.loads(each[6:]) == {} for each in lines if each.startswith("data:")} == {True}
