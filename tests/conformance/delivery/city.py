"""A small city whose acts are delivered: what was told, what was noted, and how the two compare."""

from collections import Counter
from collections.abc import Sequence
from random import Random

from sla_engine.clock import Clock
from sla_engine.delivery import letters
from sla_engine.delivery.book import book_name
from sla_engine.delivery.channel import Channel
from sla_engine.delivery.courier import Courier
from sla_engine.delivery.settings import Delivery, Endpoint, Patience
from sla_engine.delivery.wording import Words
from sla_engine.petition.subject import DeliveryNoted
from sla_engine.policy.rulebook import Rulebook
from sla_engine.projection import FollowedLog
from tests.conformance.delivery.deeds import append, fired

HASTY = Delivery(
    lease_s=2,
    quiet_s=0.3,
    digest_wait_s=0.2,
    republish_s=1_000_000_000,
    patience=Patience(first_s=0.05, longest_s=0.5),
)
"""Settings of a city that cannot wait: what takes minutes elsewhere takes moments here."""

WORDS = Words(lambda: Rulebook({}, []))


def acts(
    log: FollowedLog,
    petitions: int,
    each: int,
    *,
    kind: str = "P",
    first: int = 0,
    late: bool = False,
) -> list[str]:
    """Acts on petitions, one after the other on each, from the one numbered `first`; returns their
    ids in the order of the log."""
    day, numbers = 86_400_000_000 if late else 0, range(first, first + each)
    for number in numbers:
        for n in range(petitions):
            append(log, f"petition/{kind}{n}", fired(number), late=day)
    return [f"petition/{kind}{n}@{number + 1}" for number in numbers for n in range(petitions)]


def courier(
    log: FollowedLog,
    endpoint: Endpoint,
    channel: Channel,
    clock: Clock,
    settings: Delivery = HASTY,
    seed: int = 1,
) -> Courier:
    return Courier(log, endpoint, channel, settings, WORDS, clock=clock, chance=Random(seed))


def noted(log: FollowedLog, channel: str) -> Counter[str]:
    """How often each message was noted as delivered."""
    found = Counter[str]()
    for each in log.read(book_name(channel)):
        assert isinstance(each.event, DeliveryNoted)
        found.update(each.event.delivered)
        found.update(name for _, names in each.event.digests for name in names)
    return found


def statuses(log: FollowedLog, channel: str) -> list[str]:
    events = (each.event for each in log.read(book_name(channel)))
    return [each.status for each in events if isinstance(each, DeliveryNoted) and each.status]


def settled(log: FollowedLog, channel: str) -> bool:
    """Whether everything has been taken and nothing waits."""
    if channel not in letters.channels(log):
        return False
    standing = letters.standing(log, channel)
    return standing.behind == 0 and standing.waiting == 0


def disordered(told: Sequence[str]) -> list[str]:
    """Dossiers whose messages first arrived in another order than that of the log."""
    seen: dict[str, list[int]] = {}
    for name in dict.fromkeys(told):
        stream, _, version = name.partition("@")
        seen.setdefault(stream, []).append(int(version))
    return [stream for stream, versions in seen.items() if versions != sorted(versions)]
