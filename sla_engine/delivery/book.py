"""The book of one channel: its queue and dead letters in the store, its notes in the log."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import msgspec

from sla_engine.delivery.queue import Dead, Queue
from sla_engine.petition.subject import DeliveryNoted
from sla_engine.projection import FollowedLog, FollowerTransaction
from sla_engine.record import ENGINE, Draft, Instant, Meta

PREFIX = "delivery/"


def book_name(channel: str) -> str:
    """Under which a channel's position and queue are kept, and the stream of its notes."""
    return f"{PREFIX}{channel}"


def dead_name(channel: str) -> str:
    """Under which its dead letters are kept, apart from what every pass reads."""
    return f"{PREFIX}{channel}/dead"


class Book:
    """A book open for writing. Nobody else writes in it until the transaction ends."""

    def __init__(self, tx: FollowerTransaction, channel: str, noted: int) -> None:
        """`noted`: how many notes were seen to be there."""
        self.tx = tx
        self.channel = channel
        self._version = noted + len(tx.load(book_name(channel), noted))
        self.queue = Queue.read(tx.remembered(book_name(channel)))

    @property
    def position(self) -> int:
        return self.tx.position(book_name(self.channel))

    def note(self, event: DeliveryNoted, now: Instant) -> None:
        """Put into the log what became of messages or of the channel."""
        meta = Meta(occurred_at=now, recorded_at=now, source=ENGINE)
        self.tx.append(book_name(self.channel), self._version, [Draft(meta, event)])
        self._version += 1

    def bury(self, dead: Mapping[str, Dead]) -> None:
        self.tx.remember(
            dead_name(self.channel), {name: msgspec.msgpack.encode(d) for name, d in dead.items()}
        )

    def exhume(self, names: Iterable[str]) -> dict[str, Dead]:
        """Take dead letters out; those that are not there are left out."""
        found = graveyard(self.tx.remembered(dead_name(self.channel)))
        taken = {name: found[name] for name in names if name in found}
        self.tx.remember(dead_name(self.channel), dict.fromkeys(taken))
        return taken

    def close(self) -> None:
        """Write what has changed."""
        self.queue.remember(noted=self._version)
        self.tx.remember(book_name(self.channel), self.queue.changes)


@contextmanager
def opened(log: FollowedLog, channel: str) -> Iterator[Book]:
    """A channel's book in a transaction of its own."""
    seen = looked_into(log, channel).state.noted
    with log.transact() as tx:
        book = Book(tx, channel, seen)
        yield book
        book.close()


def looked_into(log: FollowedLog, channel: str) -> Queue:
    """The queue as it was a moment ago, outside any transaction."""
    return Queue.read(log.memory(book_name(channel)))


def graveyard(memory: Mapping[str, bytes]) -> dict[str, Dead]:
    """Dead letters by id."""
    return {name: _DEAD.decode(stored) for name, stored in memory.items()}


_DEAD = msgspec.msgpack.Decoder(Dead)
