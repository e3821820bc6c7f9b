"""A notice is loaded, and its campaign comes to its end, while another process stands at some step
of taking a fact: whatever was judged by the old rules is found by the campaign, or judged anew."""

from collections.abc import Callable, Iterator
from threading import Thread

import pytest

from sla_engine.clock import VirtualClock
from sla_engine.errors import Conflict
from sla_engine.service.campaign_forecast import foresee
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.wiring import Engine
from tests.conformance.store.samples import OpenLog, Store, registered
from tests.support.campaign import BEGAN, LOADED, NOTICE, RULES, dispatched, fact
from tests.support.faults import COMMIT, Hook, Moment, faulty_log

STEPS = [
    ("log.transact", Moment.BEFORE),
    ("tx.load_all", Moment.AFTER),
    (COMMIT, Moment.BEFORE),
]

TRAITS = {"pack": "demo", "region": "CN-3704", "kind": "投诉", "subject": "enterprise"}


def engine_on(store: Store, at: int = LOADED, hook: Hook = lambda *_: None) -> Engine:
    log = faulty_log(store.open(), hook)  # type: ignore[arg-type]
    return Engine(log, VirtualClock(at), Settings(sweep_limit=5), RULES)


@pytest.fixture
def loader(shared: Store) -> Iterator[Engine]:
    """A process on a store with a few open petitions."""
    with engine_on(shared, BEGAN) as engine:
        dispatched(engine, "P1", "P2")
    with engine_on(shared) as engine:
        yield engine


class Meanwhile:
    """At its step another process loads the notice. Where it must wait for us it is waited for
    afterwards."""

    def __init__(self, step: tuple[str, Moment], load: Callable[[], object], waits: bool) -> None:
        self.step, self.waits, self.ran = step, waits, False
        self._thread = Thread(target=load)

    def __call__(self, name: str, moment: Moment) -> None:
        if (name, moment) == self.step and not self.ran:
            self.ran = True
            self._thread.start()
            if not self.waits:
                self._thread.join()

    def over(self) -> None:
        assert self.ran
        self._thread.join()


def left(engine: Engine) -> list[str]:
    """Dossiers that the rules of the log would still move."""
    found = foresee(engine.log, engine.rules, engine.clock.now())
    return [each.stream for each in found if each.moves]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step[1]} {step[0]}")
@pytest.mark.parametrize("known", ["new", "known"])
def test_whatever_is_taken_meanwhile_goes_by_the_notice(
    shared: Store, loader: Engine, step: tuple[str, Moment], known: str
) -> None:
    """On SQLite, and where the dossier is held, whoever loads waits for the transaction."""
    began = step[0] != "log.transact"
    waits = began and (shared.address.startswith("sqlite") or known == "known")
    meanwhile = Meanwhile(step, lambda: loader.load_notice(NOTICE), waits)
    no = "N1" if known == "new" else "P1"
    with engine_on(shared, hook=meanwhile) as taker:
        unit = {"unit": "U9", "assignment": "A9", "lead": known == "new"}
        sent = [fact(taker, no, "dispatched", unit) | {"id": "news"}]
        if known == "new":
            sent.insert(0, fact(taker, no, "registered", TRAITS))
        outcomes = taker.handler.take([parse(each) for each in sent], taker.clock.now())
        meanwhile.over()
        assert {each.status for each in outcomes} == {"recorded"}, outcomes
    (campaign,) = loader.campaigns.all()
    assert campaign.finished_at is not None
    assert left(loader) == []
    loader.run_due()
    assert loader.verify().identical


def test_who_expects_a_stream_to_stand_still_is_refused_when_it_moved(log: OpenLog) -> None:
    def write(stream: str, expected: int) -> None:
        with log.transact() as tx:
            tx.expect("rules/r", expected)
            tx.append(stream, 0, [registered()])

    write("petition/1", 0)
    with log.transact() as tx:
        tx.append("rules/r", 0, [registered()])
    with pytest.raises(Conflict) as refused:
        write("petition/2", 0)
    assert refused.value.code == "STREAM_MOVED"
    assert log.read("petition/2") == []
    write("petition/2", 1)


def test_rows_of_the_index_are_reckoned_by_rules_that_were_loaded_meanwhile(
    loader: Engine, shared: Store
) -> None:
    """Whoever audits or rebuilds the index may meet a dossier of which it does not know the rules
    yet."""
    with engine_on(shared) as auditor:
        loader.load_notice(NOTICE)
        stream, events = "petition/P1", loader.events("petition/P1")
        rows = auditor.alarm_rows(stream, events, LOADED)
        assert rows == loader.alarm_rows(stream, events, LOADED)
        assert auditor.verify().identical
