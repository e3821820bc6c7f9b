"""Facts of a round of a series: members report, sign, score; places are drafted and published."""

from collections.abc import Mapping

import msgspec

from sla_engine.record import Event, Instant, wire


class Placed(msgspec.Struct, frozen=True, array_like=True):
    """A member's place on a board. `rank` from 1; `score` in hundredths; `place` "" for none."""

    member: str
    place: str
    rank: int
    score: int


@wire("round.opened/1", rank=0)
class RoundOpened(Event):
    """开启一轮. `series` is a series of the pack; `period` is "2024-05-20", "2024-W21", "2024-05",
    "2024Q2", "2024H1", "2024", or a free label where the series has no cycle.

    `begins` and `ends` (exclusive) follow from the period unless the series has no cycle. `unit` is
    the office that runs it, `members` who takes part.
    """

    round: str
    pack: str
    region: str
    series: str
    period: str
    unit: str = ""
    members: tuple[str, ...] = ()
    title: str = ""
    begins: Instant | None = None
    ends: Instant | None = None


@wire("round.member_joined/1", rank=5)
class MemberJoined(Event):
    """增加成员."""

    member: str


@wire("round.member_left/1", rank=6)
class MemberLeft(Event):
    """成员退出: its clocks are cancelled."""

    member: str


@wire("round.reported/1", rank=20)
class RoundReported(Event):
    """上报 by a member: a day's report, what a walk found. `figures` are counts by name."""

    member: str
    document: str = ""
    figures: Mapping[str, int] = {}


@wire("round.scored/1", rank=25)
class Scored(Event):
    """打分 about a member. `scores` in points from 0 to 100 by dimension; `rater` who gave them (a
    reference, never a person's name or number); `document` the ranking record."""

    member: str
    scores: Mapping[str, float]
    rater: str = ""
    document: str = ""


@wire("round.statement_signed/1", rank=30)
class StatementSigned(Event):
    """月对账签字 by one `side` ("unit" or "office"). opening + new - struck_off = carried_over."""

    member: str
    side: str
    signer: str
    opening: int
    new: int
    struck_off: int
    carried_over: int
    overdue: int = 0


@wire("round.drafted/1", rank=40)
class Drafted(Event):
    """榜单初稿送达: the objection window of every member begins. `places` left out: by the rules of
    the series from the scores of the round."""

    places: tuple[Placed, ...] = ()


@wire("round.objected/1", rank=45)
class Objected(Event):
    """对初稿提出异议, signed by the head of the unit."""

    member: str
    ground: str
    signer: str


@wire("round.objection_ruled/1", rank=46)
class ObjectionRuled(Event):
    """异议裁定. Upheld: the member's place becomes `place` ("" for none)."""

    member: str
    upheld: bool
    reason: str
    place: str = ""


@wire("round.published/1", rank=60)
class Published(Event):
    """发布 of a board, an award, a half-year publication."""

    document: str = ""
    approver: str = ""


@wire("round.place_overturned/1", rank=65)
class PlaceOverturned(Event):
    """发布后撤销上榜: what was built on it falls."""

    member: str
    ground: str
    approver: str


@wire("round.closed/1", rank=80)
class RoundClosed(Event):
    """本轮结束."""

    document: str = ""
