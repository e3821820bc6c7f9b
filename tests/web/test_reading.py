"""Reading personal data is itself a fact: who, when, for what, of which petition, which fields."""

from collections.abc import Iterator

import pytest

from sla_engine.access.events import SubjectRead
from sla_engine.access.reading import read_personal
from sla_engine.access.registrar import Actor
from sla_engine.errors import Refusal
from sla_engine.wiring import Engine
from tests.support.access import staffed

BY = Actor("supervisor", "supervisor", "console:supervisor")


@pytest.fixture
def engine() -> Iterator[Engine]:
    with staffed() as engine:
        with engine.log.transact() as tx:
            tx.keep_personal("P1", {"name": "张三丰", "phone": "13912345678"})
        yield engine


def read(engine: Engine, purpose: str = "callback", *fields: str) -> dict[str, str]:
    told = ("petition/ZZ1", purpose)
    now = engine.clock.now()
    table = engine.access.table
    return dict(read_personal(engine.log, table, "P1", told, by=BY, now=now, fields=fields or None))


def test_what_was_shown_is_recorded_without_what_it_said(engine: Engine) -> None:
    assert read(engine) == {"name": "张三丰", "phone": "13912345678"}
    assert read(engine, "contact", "phone", "address") == {"phone": "13912345678"}
    first, second = engine.events("reading/P1")
    assert first.event == SubjectRead("P1", "callback", "petition/ZZ1", ("name", "phone"))
    assert second.event == SubjectRead("P1", "contact", "petition/ZZ1", ("phone",))
    assert (first.meta.actor, first.meta.role, first.meta.source) == BY
    assert first.meta.recorded_at == engine.clock.now()
    assert [each for each in engine.log.scan() if "张三丰" in str(each)] == []


@pytest.mark.parametrize("purpose", ["", "curiosity"])
def test_without_a_purpose_nothing_is_shown(engine: Engine, purpose: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(engine, purpose)
    assert refused.value.code == "PURPOSE_UNKNOWN"
    assert engine.events("reading/P1") == []


def test_of_whoever_was_erased_nothing_is_shown_and_nothing_recorded(engine: Engine) -> None:
    with engine.log.transact() as tx:
        tx.erase("P1")
    assert read(engine) == {}
    assert engine.events("reading/P1") == []
