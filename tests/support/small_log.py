"""A small log of every kind of stream, for tests of single formats."""

from sla_engine.dossier.events import RungFired, RungWithdrawn, StepDone, TermRefixed, Voided
from sla_engine.item.events import ItemListed
from sla_engine.petition.events import Dispatched, Merged, Registered
from sla_engine.petition.subject import DeliveryNoted, SubjectErased
from sla_engine.record import ENGINE, Event, Meta
from sla_engine.round.events import Drafted as RoundDrafted
from sla_engine.round.events import Placed, RoundOpened, Scored
from sla_engine.serving.archive import Row
from sla_engine.talk.events import TalkProposed
from sla_engine.unit.events import Counted
from tests.support.exported import stored
from tests.support.given import SHIPPED, instant

PACK = "zaozhuang-2110"
BEGINS = instant("2025-01-01 00:00")
RULES = SHIPPED.pack_on(PACK, BEGINS)
DIGESTS = {"pack": RULES.digest, "calendar": SHIPPED.calendar(RULES, "CN-3704", BEGINS).digest}
CAUSE = "petition/ZZ1|solve|1|0|talk-1"


def meta(at: str, **more: object) -> Meta:
    moment = instant(at)
    return Meta(**{"occurred_at": moment, "recorded_at": moment, "source": "12345", **more})  # type: ignore[arg-type]


def fired() -> RungFired:
    due = instant("2025-01-24 17:30")
    return RungFired("solve", "1", 0, "talk-1", 30, "talk", due, due + 1, 1, ("head",), "水务局")


def small() -> list[Row]:
    """Petitions, a talk, an item, a round, a tally, an erasure and a channel."""
    registered = Registered(
        "ZZ1", PACK, "投诉", "CN-3704", subject="enterprise", petitioner="of/ZZ1"
    )
    acts = meta("2025-01-24 17:30", source=ENGINE)
    events: list[tuple[str, Meta, Event]] = [
        ("petition/ZZ1", meta("2025-01-23 09:00", key="k1", seq=7, actor="王", role="clerk",
                              unit="热线中心", precision="minute"), registered),
        ("petition/ZZ1", meta("2025-01-23 09:10", key="k2", **DIGESTS), Dispatched("水务局", "A1")),
        ("petition/ZZ1", meta("2025-01-23 09:40"), StepDone("onsite_arrived", "", '照,"1"')),
        ("petition/ZZ1", acts, fired()),
        ("talk/水务局/1", meta("2025-01-24 17:31", cause=CAUSE, source=ENGINE),
         TalkProposed("水务局/1", PACK, "CN-3704", "水务局", 1, (CAUSE,), ("ZZ1",))),
        ("petition/ZZ1", meta("2025-01-25 10:00", **DIGESTS),
         TermRefixed("solve", "1", instant("2025-02-07 17:30"), None, instant("2025-01-25 00:00"),
                     "calendar")),
        ("petition/ZZ1", meta("2025-01-26 10:00"),
         RungWithdrawn("solve", "1", 0, "talk-1", 6, "overturned")),
        ("petition/ZZ2", meta("2025-01-26 10:30"), Registered("ZZ2", PACK, "咨询", "CN-3704")),
        ("petition/ZZ2", meta("2025-01-26 11:00"), Merged("ZZ1")),
        ("item/I1", meta("2025-01-27 09:00"),
         ItemListed("I1", PACK, "CN-3704", "task", "水务局", petitions=("ZZ1",))),
        ("round/R1", meta("2025-01-28 09:00"),
         RoundOpened("R1", PACK, "CN-3704", "board", "2025-01", begins=BEGINS)),
        ("round/R1", meta("2025-01-28 10:00"), Scored("水务局", {"skill": 80.1, "manner": 60.0})),
        ("round/R1", meta("2025-01-28 11:00"), RoundDrafted((Placed("水务局", "red", 1, 8010),))),
        (f"unit/{PACK}/水务局", acts, Counted("talk:1", CAUSE, PACK, "CN-3704", "水务局", "ZZ1")),
        ("subject/of/ZZ1", meta("2025-01-29 09:00"), SubjectErased("of/ZZ1", "本人申请")),
        ("delivery/街道", meta("2025-01-29 10:00"),
         DeliveryNoted("街道", ("m1",), refused=(("m2", "410"),), status="begun")),
        ("petition/ZZ2", meta("2025-01-30 08:00"), Voided("12345:k9", "=1+1")),
    ]  # fmt: skip
    return stored(events)
