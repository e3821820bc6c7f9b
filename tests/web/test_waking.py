"""Answers of another thread reach whoever awaits them, every one and each its own."""

import asyncio
from concurrent.futures import Future
from threading import Thread

import pytest

from sla_engine.web.waking import Waking

NUMBER = 2_000


def test_every_answer_arrives_at_whoever_asked() -> None:
    waking: Waking[int] = Waking()
    asked = [Future[int]() for _ in range(NUMBER)]

    def answer() -> None:
        for number, future in enumerate(asked):
            future.set_result(number)

    async def ask() -> list[int]:
        waits = [asyncio.ensure_future(waking.wait(future)) for future in asked]
        await asyncio.sleep(0)
        thread = Thread(target=answer)
        thread.start()
        found = await asyncio.wait_for(asyncio.gather(*waits), 30)
        thread.join()
        return list(found)

    assert asyncio.run(ask()) == list(range(NUMBER))


def test_what_was_done_before_it_was_awaited_arrives_too() -> None:
    future = Future[str]()
    future.set_result("recorded")
    assert asyncio.run(Waking[str]().wait(future)) == "recorded"


def test_an_error_is_raised_where_it_is_awaited() -> None:
    future = Future[str]()
    future.set_exception(OSError("away"))
    with pytest.raises(OSError, match="away"):
        asyncio.run(Waking[str]().wait(future))


def test_nobody_waits_any_more_and_nothing_breaks() -> None:
    waking: Waking[str] = Waking()
    gone, there = Future[str](), Future[str]()

    async def ask() -> str:
        wait = asyncio.ensure_future(waking.wait(gone))
        await asyncio.sleep(0)
        wait.cancel()
        gone.set_result("too late")
        there.set_result("in time")
        return await waking.wait(there)

    assert asyncio.run(ask()) == "in time"
