"""Facts of a unit's tally; the engine alone records them, each naming its cause."""

from sla_engine.record import Event, wire


@wire("unit.counted/1", rank=10)
class Counted(Event):
    """计入: `what` as a trigger names it ("act:yellow", "place:black", "talk:1"), at its legal
    instant. `cause` is the act, place or talk behind it, `series` and `period` its round."""

    what: str
    cause: str
    pack: str
    region: str
    unit: str
    petition: str = ""
    series: str = ""
    period: str = ""


@wire("unit.discounted/1", rank=20)
class Discounted(Event):
    """不再计入: what was counted under `cause` was overturned."""

    cause: str
