"""A receiver of messages behind a transport that loses and repeats, and what it must have got."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from sla_engine.delivery.channel import Outcome, Result
from sla_engine.delivery.message import Parcel
from sla_engine.delivery.settings import SECOND, Delivery, Endpoint, Patience
from sla_engine.delivery.telling import bulky, tell
from sla_engine.delivery.wording import Words
from sla_engine.petition.subject import DeliveryNoted
from sla_engine.projection import FollowedLog
from sla_engine.record import Instant

ENDPOINT = Endpoint(name="post", kind="stream", since="start")
SETTINGS = Delivery(
    lease_s=1_800,
    quiet_s=600,
    digest_wait_s=3_600,
    patience=Patience(first_s=600, longest_s=3_600, tries=10_000),
    endpoints=(ENDPOINT,),
)
"""Patient enough never to give anything up: what is counted here is what was lost."""

Chance = Callable[[str], bool]
"""Whether something happens now: "dropped", "unheard", "doubled"."""


def never(_what: str) -> bool:
    return False


class Post:
    """Implements `Channel`. What it has received outlives whoever sent it."""

    batch = 20

    def __init__(self, happens: Chance = never) -> None:
        self._happens = happens
        self.received: list[Parcel] = []

    def open(self, token: str) -> str:
        return token

    def send(self, parcels: Sequence[Parcel], token: str, now: Instant) -> Sequence[Outcome]:
        return [self._one(parcel) for parcel in parcels]

    def close(self) -> None:
        pass

    def _one(self, parcel: Parcel) -> Outcome:
        if self._happens("dropped"):
            return Outcome(Result.FAILED, "DROPPED")
        self.received.append(parcel)
        if self._happens("doubled"):
            self.received.append(parcel)
        if self._happens("unheard"):
            return Outcome(Result.FAILED, "UNHEARD")
        return Outcome(Result.DELIVERED)

    @property
    def repeated(self) -> int:
        """How many sends were repeats under an id that was known already."""
        return len(self.received) - len({parcel.id for parcel in self.received})

    def ids(self) -> set[str]:
        """Of every message that has arrived."""
        return {message.id for parcel in self.received for message in parcel.messages}

    def flaws(self, log: FollowedLog, words: Words) -> Iterator[str]:
        """Messages that were not sent, not recorded once, or first came out of their order."""
        wanted, told, got = due(log, words), noted(log), self.ids()
        for name in wanted.keys() | told.keys():
            if wanted[name] != told[name]:
                yield f"message {name} is due {wanted[name]} times, recorded {told[name]} times"
            if name not in got:
                yield f"message {name} was never received"
        yield from self._out_of_order()

    def _out_of_order(self) -> Iterator[str]:
        """Of one dossier what is told by itself first comes in the order of the log."""
        latest: dict[str, int] = {}
        for parcel in self._first_receipts():
            (message,) = parcel.messages
            if message.version < latest.get(message.stream, 0):
                yield f"message {message.id} came after a later one of its dossier"
            latest[message.stream] = message.version

    def _first_receipts(self) -> Iterator[Parcel]:
        seen: set[str] = set()
        for parcel in self.received:
            if parcel.to is None and parcel.id not in seen:
                seen.add(parcel.id)
                yield parcel


def due(log: FollowedLog, words: Words) -> Counter[str]:
    """How often each message is to be recorded as told: late ones once for each recipient."""
    wanted = Counter[str]()
    late_after = int(SETTINGS.late_after_s * SECOND)
    for each in log.scan():
        message = tell(each, partial(log.read, each.stream), words)
        if message is not None:
            late = message.recorded - message.at > late_after or bulky(each)
            wanted[message.id] += len(message.to) if late else 1
    return wanted


def noted(log: FollowedLog) -> Counter[str]:
    """How often each message was recorded as told, put aside or given up."""
    told = Counter[str]()
    for each in log.scan():
        if isinstance(each.event, DeliveryNoted):
            told.update(each.event.delivered)
            for _, members in each.event.digests:
                told.update(members)
            told.update(name for name, _ in (*each.event.refused, *each.event.given_up))
    return told
