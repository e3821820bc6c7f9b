"""What a person sees and does by hand: queues, dead letters, sending again.

Every step is noted in the log, on the stream of its channel.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sla_engine.delivery.book import (
    PREFIX,
    book_name,
    dead_name,
    graveyard,
    looked_into,
    opened,
)
from sla_engine.delivery.queue import Dead, Queue, Queued
from sla_engine.errors import refuse, register
from sla_engine.petition.subject import DeliveryNoted
from sla_engine.projection import FollowedLog
from sla_engine.record import Instant

CHANNEL_UNKNOWN = register(
    "CHANNEL_UNKNOWN",
    "没有投递通道“{found}”；有：{allowed}",
    "there is no channel {found}; there are: {allowed}",
)
MESSAGE_NOT_DEAD = register(
    "MESSAGE_NOT_DEAD",
    "没有编号为 {found} 的死信",
    "there is no dead letter {found}",
    "sla-engine delivery list 列出各通道的死信",
    "sla-engine delivery list shows the dead letters of every channel",
)


class Standing(NamedTuple):
    """How a channel fares: messages waiting, since when the oldest of them, dead letters, events
    behind the log, and why it is disabled ("" where it is not)."""

    channel: str
    waiting: int
    oldest: Instant | None
    dead: int
    behind: int
    disabled: str


def channels(log: FollowedLog) -> list[str]:
    """Every channel that was ever started, by name."""
    return [stream.removeprefix(PREFIX) for stream in log.streams(PREFIX)]


def standing(log: FollowedLog, channel: str) -> Standing:
    """For metrics and for people. Raises CHANNEL_UNKNOWN."""
    # The queue last: what was taken before has been sent if it is empty then.
    behind = max(0, log.head() - log.position(book_name(channel)))
    queue = _queue(log, channel)
    dead = len(log.memory(dead_name(channel)))
    return Standing(channel, queue.size, queue.oldest(), dead, behind, queue.state.disabled)


def waiting(log: FollowedLog, channel: str) -> Sequence[Queued]:
    """The queue, in its order. Raises CHANNEL_UNKNOWN."""
    return list(_queue(log, channel).entries.values())


def dead_letters(log: FollowedLog, channel: str) -> Sequence[tuple[str, Dead]]:
    """Dead letters with their ids, oldest first. Raises CHANNEL_UNKNOWN."""
    _queue(log, channel)
    found = graveyard(log.memory(dead_name(channel)))
    return sorted(found.items(), key=lambda each: (each[1].at, each[0]))


def dead_letter(log: FollowedLog, channel: str, name: str) -> Dead:
    """One of them. Raises CHANNEL_UNKNOWN, MESSAGE_NOT_DEAD."""
    _check(log, channel, [name])
    return dict(dead_letters(log, channel))[name]


def replay(
    log: FollowedLog, channel: str, ids: Sequence[str], now: Instant, room: int
) -> Sequence[str]:
    """Dead letters go back into the queue, at most as many as it has `room` for; returns which.

    Raises CHANNEL_UNKNOWN, MESSAGE_NOT_DEAD.
    """
    _check(log, channel, ids)
    with opened(log, channel) as book:
        revived = book.exhume(ids[: max(0, room - book.queue.size)])
        for each in revived.values():
            book.queue.revive(each.parcel, now)
        if revived:
            book.note(DeliveryNoted(channel, replayed=tuple(revived)), now)
    return list(revived)


def replay_from(log: FollowedLog, channel: str, after: int, until: int, now: Instant) -> None:
    """Messages of events behind position `after`, up to `until` or to where the channel has come,
    are sent again, under their ids. Raises CHANNEL_UNKNOWN."""
    _queue(log, channel)
    with opened(log, channel) as book:
        book.queue.send_again(after, min(until, book.position))
        book.note(DeliveryNoted(channel, status="replayed", position=after), now)


def drop(log: FollowedLog, channel: str, ids: Sequence[str], now: Instant) -> Sequence[str]:
    """Dead letters are thrown away; returns which. Raises CHANNEL_UNKNOWN, MESSAGE_NOT_DEAD."""
    _check(log, channel, ids)
    with opened(log, channel) as book:
        gone = tuple(book.exhume(ids))
        if gone:
            book.note(DeliveryNoted(channel, dropped=gone), now)
    return gone


def enable(log: FollowedLog, channel: str, now: Instant) -> bool:
    """A channel that its receiver had closed goes on where it stopped; False if it was not
    closed. Raises CHANNEL_UNKNOWN."""
    _queue(log, channel)
    with opened(log, channel) as book:
        closed = bool(book.queue.state.disabled)
        if closed:
            book.queue.remember(disabled="")
            book.note(DeliveryNoted(channel, status="enabled"), now)
    return closed


def _queue(log: FollowedLog, channel: str) -> Queue:
    queue = looked_into(log, channel)
    if not queue.begun:
        raise refuse(CHANNEL_UNKNOWN, "--channel", channel, ", ".join(channels(log)) or "-")
    return queue


def _check(log: FollowedLog, channel: str, ids: Sequence[str]) -> None:
    known = dict(dead_letters(log, channel))
    for name in ids:
        if name not in known:
            raise refuse(MESSAGE_NOT_DEAD, channel, name)
