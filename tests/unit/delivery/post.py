"""What delivery tests share: dossiers told line by line, messages made by hand, a patient sack."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from sla_engine.clock import VirtualClock
from sla_engine.delivery.channel import Outcome, Result
from sla_engine.delivery.courier import Courier
from sla_engine.delivery.message import Message, Parcel, Recipient
from sla_engine.delivery.settings import Delivery, Endpoint
from sla_engine.delivery.telling import tell
from sla_engine.delivery.wording import Words
from sla_engine.policy.rulebook import Rulebook
from sla_engine.projection import FollowedLog
from sla_engine.record import Instant, Recorded
from tests.conformance.delivery.deeds import T0
from tests.support.given import SHIPPED

SECOND, HOUR, DAY = 1_000_000, 3_600_000_000, 86_400_000_000
WORDS = Words(lambda: SHIPPED)
DELIVERED = Outcome(Result.DELIVERED)
FAILED = Outcome(Result.FAILED, "HTTP_500")


def messages(log: Sequence[Recorded], rules: Rulebook = SHIPPED) -> list[Message]:
    """What a log comes to."""
    words = Words(lambda: rules)
    told = (tell(each, lambda: log, words) for each in log)
    return [each for each in told if each is not None]


def lines(log: Sequence[Recorded], rules: Rulebook = SHIPPED) -> list[str]:
    """Every message in one line: its Chinese subject, and for whom."""
    return [f"{each.subject[0]} → {addressees(each)}" for each in messages(log, rules)]


def addressees(message: Message) -> str:
    return " ".join(f"{to.unit}/{to.role}" if to.role else to.unit for to in message.to)


def message(
    stream: str = "petition/P1",
    version: int = 1,
    *,
    to: Iterable[Recipient] = (Recipient("U1"),),
    level: int = 0,
    **more: Any,
) -> Message:
    """A message by hand, told as soon as it was so."""
    fields = {"position": version, "at": T0, "recorded": T0, "topic": "act", **more}
    return Message(
        stream=stream,
        version=version,
        event="dossier.rung_fired/1",
        to=tuple(to),
        subject=(f"第{version}项", f"number {version}"),
        level=level,
        **fields,
    )


class Sack:
    """A channel that keeps what it is given. `fate` says by id what becomes of a parcel, one
    outcome for each time it is tried, the last for ever after."""

    def __init__(self, fate: Mapping[str, Sequence[Outcome]] = {}, batch: int = 200) -> None:
        self.batch = batch
        self.fate = {name: list(outcomes) for name, outcomes in fate.items()}
        self.tried: list[str] = []
        self.kept: list[Parcel] = []
        self.opened: list[str] = []
        self.emptied = False

    def open(self, token: str) -> str:
        self.opened.append(token)
        self.emptied = False
        return token

    def send(self, parcels: Sequence[Parcel], token: str, now: Instant) -> list[Outcome]:
        if self.emptied:
            return [Outcome(Result.EMPTIED, "STREAM_EMPTIED")] * len(parcels)
        return [self._one(each) for each in parcels]

    def close(self) -> None:
        """There is nothing to close."""

    def _one(self, parcel: Parcel) -> Outcome:
        self.tried.append(parcel.id)
        fates = self.fate.get(parcel.id, [])
        outcome = DELIVERED if not fates else fates.pop(0) if len(fates) > 1 else fates[0]
        if outcome.result is Result.DELIVERED:
            self.kept.append(parcel)
        return outcome

    @property
    def ids(self) -> list[str]:
        """Ids of what was kept, in order."""
        return [each.id for each in self.kept]

    def empty(self) -> None:
        self.kept.clear()
        self.emptied = True


def courier(
    log: FollowedLog,
    channel: Sack,
    clock: VirtualClock,
    settings: Delivery | None = None,
    **endpoint: Any,
) -> Courier:
    """A courier of the channel `bus`, from the beginning of the log."""
    where = Endpoint(**{"name": "bus", "kind": "stream", "since": "start", **endpoint})
    return Courier(
        log, where, channel, settings or Delivery(), WORDS, clock=clock, chance=Random(1)
    )


def bodies(parcels: Iterable[Parcel]) -> list[dict[str, Any]]:
    """Payloads as a receiver reads them."""
    return [msgspec.json.decode(each.body()) for each in parcels]
