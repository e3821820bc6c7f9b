"""Two regions, a log each, on databases of their own; asked together they answer as one."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from projections.cockpit import cockpit
from projections.docket import Filter, overdue, page, petition
from projections.paging import Page
from projections.scorecard import figures
from scenarios.workload import Shape, city
from sla_engine.catalog import load_rulebook
from sla_engine.clock import VirtualClock
from sla_engine.errors import Refusal
from sla_engine.regions import Regions, stores_of
from sla_engine.service.intake import parse
from sla_engine.settings import Settings
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.city import City
from tests.support.servers import PostgresServer
from tests.support.shell import Shell

BEGIN = parse_instant("2025-01-02T00:00:00+08:00")
END = parse_instant("2025-03-20T00:00:00+08:00")
LATER = parse_instant("2025-06-02T00:00:00+08:00")
PACK = "zaozhuang-2110"
BOARDS = "mingguang-three-tier"
SHAPE = Shape(units=3, rated=0.5, excluded=0.05, kinds=("投诉", "建议", "一件事"))
RULES = load_rulebook()
REGIONS = {"east": 11, "west": 12}

MakeStore = Callable[[str], str]


def facts_of(region: str) -> list[Any]:
    """A small city whose petitions and units are its own."""
    arrivals = city(REGIONS[region], 12, BEGIN, END, SHAPE)
    told = json.dumps([each.fact for each in arrivals], ensure_ascii=False)
    told = re.sub(r'"(U\d+|ZZ\d)', rf'"{region}-\1', told).replace("city:ZZ", f"city:{region}-ZZ")
    return [each._replace(fact=fact) for each, fact in zip(arrivals, json.loads(told), strict=True)]


def board_of(region: str) -> list[dict[str, Any]]:
    name = f"board.{region}.2025Q1"

    def sent(type_: str, at: str, **data: Any) -> dict[str, Any]:
        key = f"{name}-{type_}-{data.get('member', '')}"
        return {
            "round": name, "type": type_, "id": key, "source": "office",
            "at": f"2025-{at}T09:00:00+08:00", "data": data,
        }  # fmt: skip

    members = [f"{region}-U{number:02d}" for number in (1, 2, 3)]
    scored = [
        sent("scored", "04-02", member=member, scores={"composite": 90.0 - rank}, rater="考核办")
        for rank, member in enumerate(members)
    ]
    opened = sent(
        "opened", "03-03", pack=BOARDS, region="CN-341182", series="board", period="2025Q1",
        unit="营商办", members=members,
    )  # fmt: skip
    return [opened, *scored, sent("drafted", "04-03")]


def filled(store: str, *regions: str) -> Engine:
    """An engine that has lived through what happened in those regions."""
    engine = Engine.open(store, VirtualClock(BEGIN), Settings(tolerance_s=0), RULES)
    arrivals = sorted((each for region in regions for each in facts_of(region)), key=_at)
    running = City(engine)
    running.deliver(arrivals)
    assert isinstance(engine.clock, VirtualClock)
    engine.clock.set(LATER)
    for region in regions:
        for outcome in engine.take([parse(fact) for fact in board_of(region)]):
            assert outcome.status == "recorded", outcome
    engine.run_due()
    return engine


def _at(arrival: Any) -> int:
    return int(arrival.at)


def shown(rows: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Rows without what they are worked out from: when a sweep came decides on versions there."""
    return {key: {k: v for k, v in row.items() if k != "lines"} for key, row in rows}


@pytest.fixture(params=["sqlite", "postgresql"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> MakeStore:
    if request.param == "sqlite":
        return lambda name: str(tmp_path / f"{name}.sqlite")
    server: PostgresServer = request.getfixturevalue("postgres")
    return lambda _name: server.database()


@pytest.fixture
def stores(make_store: MakeStore) -> dict[str, str]:
    return {name: make_store(name) for name in (*REGIONS, "both")}


def test_figures_and_boards_of_two_regions_are_those_of_one_log_with_all_of_it(
    stores: dict[str, str], tmp_path: Path
) -> None:
    with filled(stores["both"], *REGIONS) as both:
        regions = Regions({name: filled(stores[name], name) for name in REGIONS})
        with regions:
            for by in (None, "unit", "kind"):
                asked = (RULES.pack_on(PACK, LATER), date(2025, 1, 1), date(2025, 5, 31), by)
                merged = figures(regions.rows("scorecard.cells", f"{PACK}|"), *asked)
                assert merged == figures(both.rows("scorecard.cells", f"{PACK}|"), *asked)
                assert any(figure.denominator > 12 for figure in merged) or by
            for table in ("worklist", "board", "talk_register", "reconciliation.cells"):
                assert shown(regions.rows(table)) == shown(both.rows(table)), table
            assert len(dict(regions.rows("board"))) == len(REGIONS)

    listed = tmp_path / "regions.toml"
    lines = [f'{name} = "{stores[name]}"' for name in REGIONS]
    listed.write_text("[regions]\n" + "\n".join(lines) + "\n", "utf-8")
    merged, single = Shell(listed), Shell(tmp_path / "-", SLA_ENGINE_STORE=stores["both"])
    boards = merged("board", "--json").document
    assert sorted(each["round"] for each in boards) == [f"board.{name}.2025Q1" for name in REGIONS]
    asked = ("scorecard", "--pack", PACK, "--period", "2025Q1", "--json")
    assert merged(*asked).document == single(*asked).document


def test_regions_with_other_packs_do_not_add_up(tmp_path: Path) -> None:
    other = RULES.alone(RULES.pack_on(PACK, LATER))
    one = Engine.open(tmp_path / "one.sqlite", VirtualClock(BEGIN), Settings(), RULES)
    two = Engine.open(tmp_path / "two.sqlite", VirtualClock(BEGIN), Settings(), other)
    with one, two, pytest.raises(Refusal) as refused:
        Regions({"east": one, "west": two})
    assert refused.value.code == "REGIONS_DIFFER"


@pytest.mark.parametrize("text", ["", "regions = 3", "[regions]", "[regions]\na = 3", "[region"])
def test_a_list_of_regions_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "regions.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(Refusal) as refused:
        stores_of(file)
    assert refused.value.code == "REGIONS_FILE_WRONG"


@pytest.mark.parametrize("words", [("run", "--once"), ("append",), ("serve",)])
def test_work_is_done_in_one_region(tmp_path: Path, words: tuple[str, ...]) -> None:
    listed = tmp_path / "regions.toml"
    listed.write_text(f'[regions]\neast = "{tmp_path / "east.sqlite"}"\n', "utf-8")
    answer = Shell(listed)(*words, "--json")
    assert answer.status
    assert answer.codes == ["REGIONS_READ_ONLY"]


def test_pages_of_two_regions_are_those_of_one_log_with_all_of_it(tmp_path: Path) -> None:
    names = (*REGIONS, "both")
    stores = {name: str(tmp_path / f"{name}.sqlite") for name in names}
    regions = Regions({name: filled(stores[name], name) for name in REGIONS})
    with filled(stores["both"], *REGIONS) as both, regions:
        now, (some, *_) = both.clock.now(), page(both, Filter(state="any")).rows
        counts = [
            pages_alike(regions, both, asked)
            for asked in (
                Filter(order="newest", state="any"),
                Filter(state="any", number=some["no"][:6]),
                Filter(state="any", unit=some["unit"]),
                Filter(card="any"),
                overdue(now),
            )
        ]
        assert all(counts[:3])
        assert counts[0] > counts[2]
        assert cockpit(regions, now) == cockpit(both, now)
        assert petition(regions, some["no"]) == petition(both, some["no"]) == some


def pages_alike(regions: Regions, both: Engine, asked: Filter) -> int:
    """How many petitions are listed, page by page the same."""
    count, merged, single = 0, Page([], ""), Page([], "-")
    while single.next:
        merged = page(regions, asked, merged.next, 5)
        single = page(both, asked, single.next if count else "", 5)
        assert merged == single, asked
        count += len(single.rows)
    return count
