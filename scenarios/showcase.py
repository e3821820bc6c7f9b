"""A small city's last weeks up to a given instant, for whoever wants to look round.

Petitions come in and are dealt with, most of them in time; talks are called and held, a board is
published, a unit disputes a verdict. All of it goes through intake on virtual time, so what the
screens show came about as it does in service. The same seed and instant give the same city.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from scenarios.month import month
from scenarios.workload import DAY, HOUR, MONTH, Arrival, Fact, Shape, city
from sla_engine.clock import VirtualClock
from sla_engine.service.intake import parse
from sla_engine.wiring import Engine
from sla_engine.worktime import Instant, format_instant, parse_instant

SEED = 12345
PETITIONS = 260

UNITS = (
    "市住建局", "市城管局", "市市场监管局", "市自然资源局", "市人社局", "市交通局", "市水务局",
    "市生态环境局", "市教育局", "市卫健委", "市供电公司", "市税务局",
)  # fmt: skip

_RECENT, _UNFINISHED = 55 * DAY, 40 * DAY
_OFFICE_OPENS = 10 * HOUR
_PROMISED = Shape(
    units=len(UNITS),
    slow=0.08,
    late_arrival=0.02,
    merged=0.0,
    accepted_within=30,
    rated=0.4,
    known=1.0,
)
_HOTLINE = replace(
    _PROMISED,
    pack="hotline-12345-generic",
    accepted_within=120,
    resolved_within=2_500,
    excluded=0.02,
    kinds=("咨询", "求助", "建议", "投诉", "举报"),
)
_LISTED = replace(MONTH, units=len(UNITS), unfinished=0.0, merged=0.0)

_PROMISE = {
    "咨询": "consult", "求助": "help", "建议": "help", "投诉": "complaint", "举报": "complaint",
}  # fmt: skip
"""The clause that promises an answer, by what is asked."""

_IS_UNIT = re.compile(r"U\d\d")

Watch = Callable[[float], object]
"""Told how much of the time has passed, in percent."""


def showcase(
    engine: Engine,
    now: Instant,
    petitions: int = PETITIONS,
    watch: Watch = lambda _percent: None,
) -> None:
    """Fill an empty store with a city as it stands at `now`. The engine's clock is virtual and
    stands at `beginning(now)`."""
    begin, since, until = beginning(now), now - _RECENT, now + _UNFINISHED
    arrivals = [*month(SEED, petitions // 8, begin, _LISTED)]
    arrivals += _hotline(city(SEED + 1, petitions * 3 // 4, since, until, _HOTLINE))
    arrivals += city(SEED + 2, petitions // 4, since, until, _PROMISED)
    town = _Town(engine, now)
    told = (each for each in sorted(arrivals, key=lambda each: each.at) if each.at <= now)
    for _, hour in groupby(told, lambda each: each.at // HOUR):
        together = list(hour)
        town.take(together)
        watch(100 * (together[-1].at - begin) / (now - begin))
    town.move_to(now)
    watch(100.0)


def beginning(now: Instant) -> Instant:
    """Midnight of the first day of the last month of the last quarter that has ended."""
    year, number = int(format_instant(now)[:4]), int(format_instant(now)[5:7])
    ended = (number - 1) // 3 * 3
    year, number = (year, ended) if ended else (year - 1, 12)
    return parse_instant(f"{year}-{number:02d}-01T00:00:00+08:00")


class _Town:
    """Delivers what arrives, sweeps by the hour, and has its offices work every morning."""

    def __init__(self, engine: Engine, now: Instant) -> None:
        assert isinstance(engine.clock, VirtualClock)
        self.engine = engine
        self.clock = engine.clock
        self.now = now
        self._morning = engine.clock.now() + _OFFICE_OPENS
        self._count = 0

    def take(self, arrivals: Sequence[Arrival]) -> None:
        self.move_to(arrivals[-1].at)
        self.engine.take([parse(_of_this_place(each.fact)) for each in arrivals])

    def move_to(self, until: Instant) -> None:
        while self._morning <= until:
            self._sweep_until(self._morning)
            self._work()
            self._morning += DAY
        self._sweep_until(until)

    def _sweep_until(self, until: Instant) -> None:
        while (alarm := self.engine.next_alarm()) is not None and alarm <= until:
            self.clock.set(min(max(alarm, self.clock.now()) // HOUR * HOUR + HOUR, until))
            self.engine.run_due()
        self.clock.set(max(until, self.clock.now()))

    def _work(self) -> None:
        """What the offices do of a morning; what the rules do not allow yet waits."""
        for fact in [*self._talks(), *self._disputes()]:
            self._count += 1
            at = format_instant(self.clock.now())
            envelope = {"id": f"office-{self._count}", "source": "office", "at": at}
            self.engine.take([parse({**envelope, **fact})])

    def _talks(self) -> Iterable[Fact]:
        """Two talks in three go on by one step; some have waited since they were proposed."""
        for index, (stream, row) in enumerate(list(self.engine.rows("talk_register"))):
            step = _TALKED.get(row["phase"])
            if step is None or index % 3 == 2:
                continue
            if row["phase"] == "notified" and (row["scheduled_at"] or 0) > self.clock.now():
                continue
            kind, data = step(self.clock.now())
            yield {"talk": stream.removeprefix("talk/"), "type": kind, "data": data}

    def _disputes(self) -> Iterable[Fact]:
        """Twice in the last weeks a unit disputes that it was late."""
        days = (self.now - self.clock.now()) // DAY
        if days not in (9, 3):
            return
        late = (
            (stream, row)
            for stream, row in self.engine.rows("petition_card")
            if row["level"] >= 30 and row["resolved_at"] and row["pack"] == _HOTLINE.pack
            if self.clock.now() - row["resolved_at"] < 20 * DAY
        )
        stream, row = next(late, ("", {}))
        if stream:
            data = {
                "pack": "disputes-generic", "kind": "review", "subject": stream,
                "clause": _PROMISE[row["kind"]], "claim": "not_late", "claimant": row["unit"],
                "office": "市督查室", "document": f"复核申请{days}号",
            }  # fmt: skip
            yield {"dispute": f"复核-{days}", "type": "opened", "data": data}


def _notified(now: Instant) -> tuple[str, Mapping[str, Any]]:
    day = format_instant(now + 5 * DAY)[:10]
    scheduled = {"scheduled_at": f"{day}T09:30:00+08:00", "place": "市政务服务中心三楼会议室"}
    return "notified", {"number": f"约〔{day}〕号", "person": "分管负责人", **scheduled}


_TALKED: Mapping[str, Callable[[Instant], tuple[str, Mapping[str, Any]]]] = {
    "proposed": lambda _: ("approved", {"approver": "督查室主任"}),
    "approved": _notified,
    "notified": lambda _: ("held", {"attendees": ["督查室主任", "分管负责人"]}),
    "held": lambda _: ("minuted", {"document": "约谈记录"}),
    "minuted": lambda _: ("plan_filed", {"document": "整改清单", "items": ["压缩办理环节｜科长"]}),
    "plan_filed": lambda _: ("plan_accepted", {"approver": "督查室"}),
    "rectifying": lambda _: (
        "rectification_reported",
        {"document": "整改报告", "signer": "主要负责人"},
    ),
    "reported": lambda _: (
        "rectification_verified",
        {"verifier": "督查室核查组", "method": "实地、回访"},
    ),
    "verified": lambda _: ("struck_off", {"document": "销号单", "approver": "督查室主任"}),
}
"""The next step of a talk, by its phase."""


def _hotline(arrivals: Iterable[Arrival]) -> Iterator[Arrival]:
    """Under numbers of its own; there, whoever asked is contacted and nobody comes."""
    for at, fact in arrivals:
        if fact["data"].get("step", "").startswith("feedback"):
            continue
        told = json.dumps(fact).replace('"ZZ', '"RX').replace("onsite_arrived", "responded")
        yield Arrival(at, json.loads(told))


def _of_this_place(fact: Fact) -> Fact:
    """Units by their names instead of numbers; of a registration, whom to call back."""
    told: Fact = _named(fact)
    if told["type"] == "registered" and "petitioner" in told:
        number = told["petitioner"].rpartition("-")[2]
        who = {"name": f"某企业{number}", "phone": f"0632-5550{number}", "address": "工业园区"}
        told["personal"] = {**who, "content": "（诉求原文）"}
    return told


def _named(value: Any) -> Any:
    if isinstance(value, str):
        return UNITS[int(value[1:])] if _IS_UNIT.fullmatch(value) else value
    if isinstance(value, list):
        return [_named(each) for each in value]
    if isinstance(value, dict):
        return {key: _named(each) for key, each in value.items()}
    return value
