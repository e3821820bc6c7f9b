"""A pack that is not loaded takes away what only it can tell, and no list with it."""

from collections.abc import Iterator

import pytest

from sla_engine.scheduler.alarm_index import INDEX, STALE
from sla_engine.wiring import Engine
from tests.support.delivery import RULES
from tests.support.desk import NO, PACK, TALK, office, page, without_pack, words_of
from tests.support.web import client, small_city

HTML = {"accept": "text/html"}


@pytest.fixture
def desk() -> Iterator[Engine]:
    with office() as engine:
        without_pack(engine, PACK)
        yield engine


@pytest.fixture(scope="module")
def city() -> Iterator[Engine]:
    with small_city(24) as engine:
        for name in {row["pack"] for _, row in engine.rows("board")} | {PACK}:
            without_pack(engine, name)
        yield engine


def test_the_work_list_shows_the_petition_without_the_name_of_its_clause(desk: Engine) -> None:
    assert NO in words_of(page(client(desk, "supervisor"), "/petitions"))


@pytest.mark.parametrize(
    "path",
    ["/", "/petitions", "/talks", "/talks/register", "/boards", "/scorecards", "/reconciliation",
     "/disputes", "/v1/petitions", "/v1/talks", "/v1/boards", "/petitions/export.csv"],
)  # fmt: skip
def test_no_list_goes_away_with_a_pack(city: Engine, path: str) -> None:
    headers = {**HTML, "referer": "http://testserver/petitions"}
    assert client(city, "supervisor").get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("path", [f"/petitions/{NO}", f"/talks/{TALK}"])
@pytest.mark.parametrize(("lang", "said"), [("zh", "没有装入"), ("en", "is not loaded")])
def test_its_own_page_says_which_edition_is_missing(
    desk: Engine, path: str, lang: str, said: str
) -> None:
    answer = client(desk, "supervisor").get(f"{path}?lang={lang}", headers=HTML)
    assert answer.status_code == 409
    digest = desk.events(f"petition/{NO}")[0].meta.pack
    assert all(each in answer.text for each in (said, PACK, digest))


def test_the_state_of_the_system_names_it(desk: Engine) -> None:
    assert f"政策包“{PACK}”" in words_of(page(client(desk, "system"), "/system"))


def test_the_engine_starts_and_the_index_is_written_anew_once_the_pack_is_there() -> None:
    with office() as engine:
        with engine.log.transact() as tx:
            tx.remember(INDEX, {STALE: b"1"})
        before = list(engine.log.alarms())
        without_pack(engine, PACK)
        assert STALE in _started(engine).log.memory(INDEX)
        assert list(engine.log.alarms()) == before
        engine._rules = type(engine._rules)(engine.log, RULES)
        assert STALE not in _started(engine).log.memory(INDEX)


def _started(engine: Engine) -> Engine:
    return Engine(engine.log, engine.clock, engine.settings, engine.rules)
