"""A month of a city, made from a seed: its petitions, its lists, its rounds and its roster.

Everything that a read model counts occurs, and everything that takes a count back: voids, merges,
exclusions lifted, items handed over or rebounding, places overturned.
"""

from collections.abc import Iterator
from random import Random

from scenarios.workload import DAY, HOUR, MONTH, Arrival, Fact, Shape, arrivals_of, city, fact_of
from sla_engine.worktime import Instant, format_instant

_SETTLED = 70 * DAY
_TOWN = "CN-341182"


def month(seed: int, petitions: int, begin: Instant, shape: Shape = MONTH) -> list[Arrival]:
    """All arrivals of what began within 30 days of `begin`, in order of arrival. Most of it is
    over 60 days later. `begin` is the first instant of a month that is the last of its quarter."""
    rng = Random(f"{seed} lists")
    arrivals = city(seed, petitions, begin, begin + _SETTLED, shape)
    for index in range(round(petitions * shape.items)):
        opened = begin + rng.randrange(30 * DAY)
        arrivals.extend(arrivals_of(rng, _item(rng, f"L{index:05d}", opened, shape), shape))
    if shape.rounds:
        units = [f"U{index:02d}" for index in range(shape.units)]
        for facts in (
            _statements(rng, begin, units),
            _board(rng, begin, units),
            _walk(rng, begin, units),
            _roster(rng, begin, units),
        ):
            arrivals.extend(arrivals_of(rng, facts, shape))
    return sorted(arrivals, key=lambda arrival: arrival.at)


def _item(rng: Random, item: str, at: Instant, shape: Shape) -> Iterator[Fact]:
    """One entry of a list, from listing to strike-off and sometimes further."""

    def unit() -> str:
        return f"U{rng.randrange(shape.units):02d}"

    name = rng.choice(("task", "problem", "improvement", "duty"))
    opening = {
        "pack": shape.lists,
        "region": _TOWN,
        "list": name,
        "unit": unit(),
        "person": "责任股长",
    }
    if name != "duty":
        opening["limit"] = rng.choice(("", "5个工作日", "30日"))
    if rng.random() < 0.3:
        opening["project"] = f"项目{rng.randrange(9)}"
    yield fact_of(item, "listed", at, "item", **opening)
    at += rng.randrange(1, 72) * HOUR
    if rng.random() < 0.2:
        yield fact_of(item, "assigned", at, "item", unit=unit(), person="接办股长")
        at += rng.randrange(1, 72) * HOUR
    yield fact_of(item, "started", at, "item", owed=["环评"] if rng.random() < 0.2 else [])
    if rng.random() < 0.06:
        yield fact_of(item, "cancelled", at + DAY, "item", approver="督查室", reason="重复列入")
        return
    for ending in _endings(rng):
        at += rng.randrange(6, 400) * HOUR
        yield fact_of(item, "step_done", at, "item", step="class_fixed")
        yield fact_of(item, "reported", at + HOUR, "item", document="报告", signer="主要负责人")
        at += rng.randrange(2, 90) * HOUR
        if ending == "rejected":
            yield fact_of(item, "rejected", at, "item", verifier="督查室", reason="未到位")
        else:
            yield fact_of(item, "verified", at, "item", verifier="督查室", method="实地")
        if ending == "rebounded":
            at += rng.randrange(20, 300) * HOUR
            yield fact_of(item, "rebounded", at, "item", reason="反弹")


def _endings(rng: Random) -> list[str]:
    """How each report is met; a third of those that rebound are not struck off again."""
    endings = ["rejected"] if rng.random() < 0.15 else []
    if rng.random() < 0.1:
        return [*endings, "rebounded", *(["verified"] if rng.random() < 0.7 else [])]
    return [*endings, "verified"]


def _opened(name: str, series: str, at: Instant, period: str, units: list[str]) -> Fact:
    return fact_of(
        name,
        "opened",
        at,
        "round",
        pack=MONTH.lists,
        region=_TOWN,
        series=series,
        period=period,
        unit="营商办",
        members=units,
    )


def _statements(rng: Random, begin: Instant, units: list[str]) -> Iterator[Fact]:
    """The statements of the month, signed by both sides after it; a few are signed by one."""
    period, after = format_instant(begin)[:7], begin + 31 * DAY
    name = f"recon.{_TOWN}.{period}"
    yield _opened(name, "recon", begin, period, units)
    for index, unit in enumerate(units):
        opening, new, struck_off = rng.randrange(9), rng.randrange(9), rng.randrange(5)
        said = {"opening": opening, "new": new, "struck_off": struck_off}
        said["carried_over"] = opening + new - struck_off
        for turn, side in enumerate(("unit", "office")):
            at = after + rng.randrange(5 * 24) * HOUR + 2 * index + turn
            if rng.random() < 0.95:
                more = {"member": unit, "side": side, "signer": "主要负责人"}
                yield fact_of(name, "statement_signed", at, "round", **more, **said)
    yield fact_of(name, "closed", after + 9 * DAY, "round")


def _board(rng: Random, begin: Instant, units: list[str]) -> Iterator[Fact]:
    """The board of the quarter: scored, drafted, objected to, ruled on, published, overturned."""
    year, number = format_instant(begin)[:4], int(format_instant(begin)[5:7])
    period, after = f"{year}Q{number // 3}", begin + 31 * DAY
    name = f"board.{_TOWN}.{period}"
    yield _opened(name, "board", begin, period, units)
    for index, unit in enumerate(units):
        scores = {"composite": 40 if index == 3 else rng.randrange(40, 100)}
        more = {"member": unit, "scores": scores, "rater": "考核办"}
        yield fact_of(name, "scored", after + index * HOUR, "round", **more)
    drafted = after + 3 * DAY
    yield fact_of(name, "drafted", drafted, "round")
    for index, unit in enumerate(units[:3]):
        more = {"member": unit, "ground": "数据有误", "signer": "主要负责人"}
        yield fact_of(name, "objected", drafted + (index + 1) * HOUR, "round", **more)
        ruling = {"member": unit, "upheld": index == 0, "reason": "复核", "place": ""}
        yield fact_of(name, "objection_ruled", drafted + (index + 30) * HOUR, "round", **ruling)
    yield fact_of(name, "published", drafted + 8 * DAY, "round", document="榜单")
    more = {"member": units[3], "ground": "复核撤销", "approver": "营商办"}
    yield fact_of(name, "place_overturned", drafted + 12 * DAY, "round", **more)


def _walk(rng: Random, begin: Instant, units: list[str]) -> Iterator[Fact]:
    """Heads of units walk the procedure; one joins later, one leaves, one reports twice."""
    name, series = f"walk.{format_instant(begin)[:7]}", "walk-self"
    yield _opened(name, series, begin, "三月", [*units[:-1], "项目0", "项目1"])
    yield fact_of(name, "member_joined", begin + DAY, "round", member=units[-1])
    yield fact_of(name, "member_left", begin + 25 * DAY, "round", member=units[0])
    for index, unit in enumerate([*units[1:], "项目0", units[1]]):
        figures = {"asks": rng.randrange(9), "papers": rng.randrange(20)}
        at = begin + (2 + index % 9) * DAY + index * HOUR
        more = {"member": unit, "document": f"走流程{index}", "figures": figures}
        yield fact_of(name, "reported", at, "round", **more)


def _roster(rng: Random, begin: Instant, units: list[str]) -> Iterator[Fact]:
    """Who looks after which project; some are relieved, some posts change hands."""
    for index in range(9):
        officer = {"role": "county_leader", "about": f"项目{index}", "holder": f"包保干部{index}"}
        at = begin + index * HOUR
        yield fact_of(_TOWN, "appointed", at, "roster", **officer, unit=rng.choice(units))
        if index % 3 == 0:
            relieved = at + rng.randrange(2, 20) * DAY
            yield fact_of(_TOWN, "relieved", relieved, "roster", **officer)
