"""Follows the log for one channel: queue, send, note.

One pass is a transaction, the sending outside of any, and a transaction. The first takes events
into the queue and leases what is due; the second records what became of it, as one event of stream
`delivery/CHANNEL`. Killed between the two, a courier leaves leases behind, and what they cover is
sent again under the same id once they have run out. Any number of couriers may serve a channel.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, partial
from random import Random
from typing import NamedTuple

from sla_engine.clock import Clock
from sla_engine.delivery.book import Book, book_name, looked_into, opened
from sla_engine.delivery.channel import HELD, Channel, Outcome, Result
from sla_engine.delivery.message import Message
from sla_engine.delivery.queue import Again, Queue, Queued, Settled, State
from sla_engine.delivery.settings import SECOND, Delivery, Endpoint
from sla_engine.delivery.telling import bulky, tell
from sla_engine.delivery.wording import Words
from sla_engine.errors import Conflict, Refusal, Unavailable
from sla_engine.ports import attempt
from sla_engine.projection import DeadLetter, FollowedLog
from sla_engine.record import Instant, Recorded

logger = logging.getLogger(__name__)

_EVENTS = 1_000
_IDLE_S = 0.2
_FIRST_QUIET_S = 0.5


class Pass(NamedTuple):
    """What one pass did: events taken from the log, parcels by what became of them, and seconds
    until another is worth while."""

    taken: int = 0
    outcomes: Mapping[str, int] = {}
    wait: float = _IDLE_S


class _Taken(NamedTuple):
    """Events read from the log behind `after`, each with its message (None: nobody is told) or
    with the reason why it has none. `again`: the stretch that is told once more."""

    after: int
    again: Again | None
    told: Sequence[tuple[Recorded, Message | None, str]]


class Courier:
    """Serves one channel. `chance` spreads pauses and names this courier."""

    def __init__(
        self,
        log: FollowedLog,
        endpoint: Endpoint,
        channel: Channel,
        settings: Delivery,
        words: Words,
        *,
        clock: Clock,
        chance: Random,
    ) -> None:
        self.name = book_name(endpoint.name)
        self._log = log
        self._endpoint = endpoint
        self._channel = channel
        self._settings = settings
        self._words = words
        self._clock = clock
        self._chance = chance
        self._courier = f"{chance.getrandbits(64):016x}"
        self._stumbles = 0
        self._quiet_until = 0.0

    def run(self) -> Counter[str]:
        """Passes until nothing more can be done now; returns parcels by what became of them."""
        total = Counter[str]()
        while True:
            done = self.step()
            total.update(done.outcomes)
            if done.wait:
                return total

    def step(self) -> Pass:
        """One pass. Raises errors.Unavailable when the store is away."""
        seen = looked_into(self._log, self._endpoint.name)
        if not seen.begun:
            attempt(self._begin)
            seen = looked_into(self._log, self._endpoint.name)
        if seen.state.disabled:
            return Pass()
        now = self._clock.now()
        sending = self._clock.monotonic() >= self._quiet_until
        ready = seen.ready(now, self._settings)
        taken = self._read(seen, ready)
        if taken is None and not (sending and ready):
            return Pass()
        state, leased = attempt(lambda: self._take(taken, now, sending))
        outcomes: list[Outcome] = []
        if leased:
            token, outcomes = self._send(leased, state.token)
            sent = list(zip(leased, outcomes, strict=True))
            attempt(lambda: self._note(sent, state, token))
        counts = Counter(outcome.result.value for outcome in outcomes)
        moved = taken is not None or any(each.result is not Result.HELD for each in outcomes)
        return Pass(len(taken.told) if taken else 0, counts, 0 if moved else _IDLE_S)

    def lag(self) -> int:
        """How many events the channel is behind."""
        return self._log.head() - self._log.position(self.name)

    def close(self) -> None:
        """Give up the channel's connections; the log is not ours to close."""
        self._channel.close()

    # ------------------------------------------------------------------------ before sending

    def _begin(self) -> None:
        """The first start of a channel: from here on, or from the beginning of the log."""
        begun = self._log.head() if self._endpoint.since == "now" else 0
        with opened(self._log, self._endpoint.name) as book:
            if not book.queue.begun:
                book.tx.advance(self.name, max(begun, book.position))
                book.queue.remember(since=begun)
                status = Settled().event(self._endpoint.name, "begun", begun)
                book.note(status, self._clock.now())

    def _read(self, seen: Queue, ready: int) -> _Taken | None:
        """What comes next in the log; None if there is nothing, or no room for it, or a batch is
        `ready` already: the log keeps it just as well, and the queue is read in every pass."""
        room = self._settings.in_flight - seen.size
        if room <= 0 or ready >= self._settings.batch:
            return None
        again = seen.state.again
        after = again.after if again is not None else self._log.position(self.name)
        batch = self._log.follow(after, min(_EVENTS, room))
        if again is not None:
            batch = [each for each in batch if each.position <= again.until]
        elif not batch:
            return None
        history = cache(self._log.read)
        told = []
        for each in batch:
            try:
                message = tell(each, partial(history, each.stream), self._words)
                told.append((each, message and self._endpoint.narrowed(message), ""))
            except (Conflict, Unavailable, OSError):
                raise
            except Exception as error:
                told.append((each, None, _reason(error)))
        return _Taken(after, again, told)

    def _take(
        self, taken: _Taken | None, now: Instant, sending: bool
    ) -> tuple[State, list[Queued]]:
        """Queue what was read, unless another courier was quicker, and lease what is due; returns
        the channel's state with that."""
        with opened(self._log, self._endpoint.name) as book:
            queue = book.queue
            if taken is not None and self._next(book, taken):
                self._queue_up(book, taken, now)
            leased = queue.lease(self._courier, now, self._settings) if sending else []
            return queue.state, leased

    def _next(self, book: Book, taken: _Taken) -> bool:
        """Whether what was read still comes next."""
        known = book.queue.state.again
        return known == taken.again and (known is not None or book.position == taken.after)

    def _queue_up(self, book: Book, taken: _Taken, now: Instant) -> None:
        settings, size, reached = self._settings, book.queue.size, taken.after
        late_after = int(settings.late_after_s * SECOND)
        for recorded, message, trouble in taken.told:
            if size >= settings.in_flight:
                break
            reached = recorded.position
            if trouble:
                logger.error("%s cannot tell %s@%d: %s", self.name, *recorded[:2], trouble)
                book.tx.bury(DeadLetter(self.name, reached, *recorded[:2], trouble))
            elif message is not None:
                late = message.recorded - message.at > late_after or bulky(recorded)
                size += book.queue.add(message, late, now, settings)
        if taken.again is None:
            book.tx.advance(self.name, reached)
        else:
            finished = not taken.told or reached >= taken.again.until
            book.queue.remember(again=None if finished else Again(reached, taken.again.until))

    # -------------------------------------------------------------------- sending and after

    def _send(self, leased: Sequence[Queued], token: str) -> tuple[str, list[Outcome]]:
        """Try to send, until the channel proves to be away or half of the lease has run out.
        Returns the token under which it was done."""
        began, size = self._clock.monotonic(), self._channel.batch
        outcomes: list[Outcome] = []
        trouble: Outcome | None = None
        try:
            token = token or self._channel.open(f"{self._chance.getrandbits(128):032x}")
        except Unavailable as error:
            trouble = Outcome(Result.HELD, error.code, away=True)
        for start in range(0, len(leased), size):
            group = [each.parcel for each in leased[start : start + size]]
            spent = self._clock.monotonic() - began > self._settings.lease_s / 2
            if trouble is not None or spent:
                outcomes += [HELD] * len(group)
            else:
                tried = self._channel.send(group, token, self._clock.now())
                outcomes += tried
                trouble = next((each for each in tried if each.away), None)
        self._hush(trouble)
        return token, outcomes

    def _hush(self, trouble: Outcome | None) -> None:
        """Leave a channel alone that is away, longer each time."""
        if trouble is None:
            self._stumbles = 0
            return
        self._stumbles += 1
        doubled = min(self._settings.quiet_s, _FIRST_QUIET_S * 2 ** min(self._stumbles, 40))
        asked = min(trouble.wait / SECOND, self._settings.patience.longest_s)
        wait = max(doubled * self._chance.uniform(0.75, 1.0), asked)
        logger.warning("%s is left alone for %.1f s: %s", self.name, wait, trouble.reason)
        self._quiet_until = self._clock.monotonic() + wait

    def _note(self, sent: Sequence[tuple[Queued, Outcome]], before: State, token: str) -> None:
        """Record what became of every parcel, and of the channel."""
        now, name = self._clock.now(), self._endpoint.name
        results = {outcome.result for _, outcome in sent}
        emptied = Result.EMPTIED in results
        lost_since = max(self._lost_since(now), before.since) if emptied else 0
        with opened(self._log, name) as book:
            settled = book.queue.settle(sent, now, self._settings, self._chance)
            status, position = "", 0
            if Result.GONE in results:
                status = "disabled"
                book.queue.remember(disabled=_first_reason(sent, Result.GONE))
            elif emptied and book.queue.state.edition == before.edition:
                status, position = "emptied", lost_since
                book.queue.send_again(lost_since, book.position)
                book.queue.remember(token="")
            elif not emptied and not book.queue.state.token:
                book.queue.remember(token=token)
            book.bury(settled.dead)
            if status or settled.delivered or settled.digests or settled.dead:
                book.note(settled.event(name, status, position), now)

    def _lost_since(self, now: Instant) -> int:
        """Position before the first event recorded within the time that is published again."""
        earliest = now - int(self._settings.republish_s * SECOND)
        low, high = 0, self._log.head()
        while low < high:
            middle = (low + high) // 2
            found = self._log.follow(middle, 1)
            if found and found[0].meta.recorded_at < earliest:
                low = middle + 1
            else:
                high = middle
        return low


def _first_reason(sent: Sequence[tuple[Queued, Outcome]], result: Result) -> str:
    return next(outcome.reason for _, outcome in sent if outcome.result is result)


def _reason(error: Exception) -> str:
    """What went wrong without its text."""
    return error.code if isinstance(error, Refusal) else type(error).__name__
