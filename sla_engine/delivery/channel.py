"""What a channel is: something that takes parcels and says what became of each."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from sla_engine.delivery.message import Parcel
from sla_engine.record import Instant


class Result(Enum):
    """What became of one try to send a parcel.

    DELIVERED: the receiver has it. FAILED: it is tried again later. REFUSED: it never will be
    taken. GONE: nothing will be taken any more. HELD: it was not tried, because the channel is
    away or full. EMPTIED: what had been published before is lost, and this was not added.
    """

    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"
    GONE = "gone"
    HELD = "held"
    EMPTIED = "emptied"


class Outcome(NamedTuple):
    """`reason` is a code. `wait`: how long the receiver asked to be left alone, in µs. `away`: the
    failure is the channel's and not the parcel's, so the others are not tried in this pass."""

    result: Result
    reason: str = ""
    wait: Instant = 0
    away: bool = False


class Channel(Protocol):
    """A way out. It keeps nothing that may not be lost."""

    @property
    def batch(self) -> int:
        """How many parcels it takes in one call."""
        ...

    def open(self, token: str) -> str:
        """Called before anything is sent, and again after EMPTIED. Answers the token under which
        the channel knows what it keeps: `token`, or that of whoever was quicker. Raises
        errors.Unavailable."""
        ...

    def send(self, parcels: Sequence[Parcel], token: str, now: Instant) -> Sequence[Outcome]:
        """Send parcels of different dossiers; one outcome for each. Whatever the outside world
        does is an outcome, never raised."""
        ...

    def close(self) -> None:
        """Give up connections."""
        ...


HELD = Outcome(Result.HELD)
