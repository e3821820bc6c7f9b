"""Streams beside the dossiers: erased petitioners, what was sent."""

from sla_engine.record import Event, wire


@wire("subject.erased/1")
class SubjectErased(Event):
    """A petitioner's personal data and secret were destroyed. Carries nothing personal."""

    subject: str
    ground: str = ""


@wire("delivery.noted/1")
class DeliveryNoted(Event):
    """What became of messages on one channel, on stream `delivery/CHANNEL`.

    `delivered` are ids of messages, `digests` pairs of a digest's id and the ids of its members.
    `refused` (for good, by the receiver) and `given_up` (after the last try) are pairs of an id and
    a code; `dropped` and `replayed` are ids that a person took away or sent again. `status` says
    what became of the channel itself: "begun", "disabled", "enabled", "emptied" (what had been
    published was lost), "replayed"; `position` says from where in the log.
    """

    channel: str
    delivered: tuple[str, ...] = ()
    digests: tuple[tuple[str, tuple[str, ...]], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    given_up: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    replayed: tuple[str, ...] = ()
    status: str = ""
    position: int = 0
