"""系统状况: is everything at work, and how far.

No business data: kinds of dossier and positions in the log, never a number or a name."""

from collections import Counter
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sla_engine.delivery import letters
from sla_engine.errors import Fault, refuse, register
from sla_engine.policy.clause import Text
from sla_engine.projection import DeadLetter
from sla_engine.record import Instant
from sla_engine.serving.health import FOLLOWER_BEHIND, SWEEP_SILENT, Finding
from sla_engine.store import gauges
from sla_engine.web import pages
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import need
from sla_engine.web.house import HouseDep
from sla_engine.wiring import Engine

router = APIRouter(include_in_schema=False, route_class=FormRoute)

READS = need("system:read")

NOT_A_LETTER = register(
    "NOT_A_LETTER",
    "没有选择死信",
    "no dead letter was chosen",
)

_MOST_LETTERS = 100
_COUNTED, _EDITION = "scorecard.cells", "pack@"
_BEHIND = "}"
"""Sorts behind the bar that ends the name of a pack in a key."""
_SECOND = 1_000_000
_LANES = {0: Text("短时限优先", "short terms first"), 1: Text("一般", "others")}

CHECKS = {
    "followers": Text("跟随者", "followers"),
    "scheduler": Text("定时扫描", "scheduler"),
    "letters": Text("死信", "dead letters"),
    "delivery": Text("投递", "delivery"),
    "campaigns": Text("启用批次", "campaigns"),
    "packs": Text("政策包", "packs"),
}

LETTERS_WAIT = register(
    "LETTERS_WAIT",
    "有{found}条死信待人工处理",
    "{found} dead letters wait for a person",
    "查明原因后重放，或由运维在命令行处理",
    "find out why, then send them again, or have an operator deal with them at the command line",
)
CHANNEL_CLOSED = register(
    "CHANNEL_CLOSED",
    "投递通道{where}已停用（{found}）",
    "channel {where} is disabled ({found})",
    "排除原因后用 delivery enable 恢复",
    "put it right, then use delivery enable",
)
PACK_ABSENT = register(
    "PACK_ABSENT",
    "有诉求件依据政策包“{found}”（版本摘要 {allowed}），但该包没有装入",
    "petitions go by the policy pack {found} (digest {allowed}), which is not loaded",
    "自备的政策包用 --packs 指明所在文件夹",
    "name the folder of your own packs with --packs",
)
CAMPAIGN_UNFINISHED = register(
    "CAMPAIGN_UNFINISHED",
    "批次{where}尚未完成（{found}）",
    "campaign {where} has not finished ({found})",
    "用 campaign continue 续行",
    "go on with it by campaign continue",
)


class Lag(NamedTuple):
    """How a follower fares: its position, events behind the head, seconds behind, letters."""

    name: str
    position: int
    behind: int
    seconds: float
    letters: int


class Lane(NamedTuple):
    """Alarms of a lane that have come and are not dealt with, and for how long the oldest."""

    name: Text
    overdue: int
    late_s: float


class Letter(NamedTuple):
    """An event that a follower could not take: of which kind of dossier, where in the log."""

    follower: str
    kind: str
    position: int
    reason: str


class State(NamedTuple):
    """All that the page shows."""

    head: int
    lags: Sequence[Lag]
    letters: Sequence[Letter]
    next_alarm: Instant | None
    lanes: Sequence[Lane]
    open_dossiers: int
    channels: Sequence[letters.Standing]
    campaigns: Counter[str]
    schema: int
    bytes: int | None
    findings: Sequence[Finding]


@router.get("/system", dependencies=[READS])
def system(request: Request, house: HouseDep) -> Response:
    """系统状况."""
    state = state_of(house.engine, house.settings.ready_lag_s)
    dead = {each.channel: _dead(house.engine, each.channel) for each in state.channels if each.dead}
    return pages.render(
        request, "rules/system.html", state=state, checks=CHECKS, dead=dead, now=house.now()
    )


def state_of(engine: Engine, allowed_s: float) -> State:
    """How everything fares now."""
    log, now = engine.log, engine.clock.now()
    head = log.head()
    lags = [_lag(engine, name, head, now) for each in engine.runners for name in each.names]
    lanes = [
        Lane(_LANES.get(lane, Text(str(lane), str(lane))), found.alarms, _since(now, found.oldest))
        for lane, found in gauges.backlog(log, now).items()
    ]
    channels = [letters.standing(log, name) for name in letters.channels(log)]
    shown = [_masked(each) for lag in lags for each in _letters(engine, lag.name)]
    unfinished = engine.campaigns.unfinished()
    finished = sum(1 for _ in log.streams("campaign/")) - len(unfinished)
    findings = [
        Finding("followers", tuple(_behind(lags, allowed_s))),
        Finding("scheduler", tuple(_silent(lanes, allowed_s))),
        Finding("letters", tuple(_waiting(sum(lag.letters for lag in lags)))),
        Finding("delivery", tuple(_closed(channels))),
        Finding(
            "campaigns",
            tuple(Fault(CAMPAIGN_UNFINISHED, c.id, f"{c.share:.0%}") for c in unfinished),
        ),
        Finding("packs", tuple(_absent(engine))),
    ]
    return State(
        head=head,
        lags=lags,
        letters=shown,
        next_alarm=engine.next_alarm(),
        lanes=lanes,
        open_dossiers=log.count_open(),
        channels=channels,
        campaigns=Counter(finished=finished, unfinished=len(unfinished)),
        schema=gauges.schema(log),
        bytes=_size(engine.store),
        findings=findings,
    )


def _lag(engine: Engine, name: str, head: int, now: Instant) -> Lag:
    log = engine.log
    position = log.position(name)
    following = log.follow(position, 1) if position < head else ()
    seconds = _since(now, following[0].meta.recorded_at) if following else 0.0
    count = sum(1 for _ in _letters(engine, name))
    return Lag(name, position, max(0, head - position), seconds, count)


def _letters(engine: Engine, name: str) -> Iterator[DeadLetter]:
    return islice(engine.log.dead_letters(name), _MOST_LETTERS)


def _masked(letter: DeadLetter) -> Letter:
    kind = letter.stream.partition("/")[0]
    return Letter(letter.follower, kind, letter.position, letter.reason)


def _since(now: Instant, then: Instant | None) -> float:
    return 0.0 if then is None else max(0.0, (now - then) / _SECOND)


def _size(store: str) -> int | None:
    """Bytes of a store in a file; None where it is elsewhere."""
    path = Path(store)
    return path.stat().st_size if store and "://" not in store and path.is_file() else None


# ---------------------------------------------------------------------------------------- findings


def _behind(lags: Sequence[Lag], allowed_s: float) -> Iterator[Fault]:
    for lag in lags:
        if lag.seconds > allowed_s:
            yield Fault(FOLLOWER_BEHIND, lag.name, f"{lag.seconds:.0f}", f"{allowed_s:g}")


def _silent(lanes: Sequence[Lane], allowed_s: float) -> Iterator[Fault]:
    """Whoever sweeps leaves nothing due for long."""
    late = max((lane.late_s for lane in lanes), default=0.0)
    if late > allowed_s:
        yield Fault(SWEEP_SILENT, "", f"{late:.0f} s")


def _waiting(count: int) -> Iterator[Fault]:
    if count:
        yield Fault(LETTERS_WAIT, "", str(count))


def _closed(channels: Sequence[letters.Standing]) -> Iterator[Fault]:
    for each in channels:
        if each.disabled:
            yield Fault(CHANNEL_CLOSED, each.channel, each.disabled)
        if each.dead:
            yield Fault(LETTERS_WAIT, each.channel, str(each.dead))


def _absent(engine: Engine) -> Iterator[Fault]:
    """Packs by which petitions were counted and of which nothing is loaded; one look for each."""
    loaded = {pack.name for pack in engine.rules.packs}
    after = ""
    while found := engine.page(_COUNTED, after=after, limit=1):
        ((key, counters),) = found
        name = key.partition("|")[0]
        if name not in loaded:
            editions = (each.partition("@")[2] for each in counters if each.startswith(_EDITION))
            yield Fault(PACK_ABSENT, "", name, ", ".join(editions) or "-")
        after = name + _BEHIND


# ----------------------------------------------------------------------------- letters of channels


class Dead(NamedTuple):
    """A message that is not tried any more, without what it says or whom it is for."""

    id: str
    kind: str
    reason: str
    failures: int
    at: Instant


def _dead(engine: Engine, channel: str) -> list[Dead]:
    found = letters.dead_letters(engine.log, channel)[:_MOST_LETTERS]
    return [
        Dead(name, name.partition("/")[0], each.reason, each.failures, each.at)
        for name, each in found
    ]


@router.post("/system/delivery/{channel}/replay", dependencies=[READS])
@stands_on("/system")
def send_again(house: HouseDep, channel: str) -> Response:
    """死信重发: all dead letters of a channel go back into its queue, as far as it has room."""
    engine = house.engine
    names = [name for name, _ in letters.dead_letters(engine.log, channel)][:_MOST_LETTERS]
    if not names:
        raise refuse(NOT_A_LETTER, channel)
    letters.replay(engine.log, channel, names, house.now(), _MOST_LETTERS)
    return RedirectResponse("/system", HTTPStatus.SEE_OTHER)
