"""What is under way on one channel, as a follower's keyed memory holds it. Pure.

The queue is in the order of the log. Of each dossier one parcel goes out at a time, so a message
that fails holds back later ones of its dossier and no others. What was recorded late waits until
its recipient's digest is full or has collected long enough; one digest does not wait for another
recipient's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec

from sla_engine.delivery.channel import Outcome, Result
from sla_engine.delivery.message import Message, Parcel, Recipient
from sla_engine.delivery.settings import SECOND, Delivery
from sla_engine.petition.subject import DeliveryNoted
from sla_engine.record import Instant

STATE = "state"

Changes = dict[str, bytes | None]


class Again(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of the log whose messages are sent once more: positions > `after`, <= `until`."""

    after: int
    until: int


class State(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a channel remembers beside its queue: the `next` number in it, how many events its
    stream has (`noted`), the position `since` which it follows the log, how often what was sent is
    sent again (`edition`), the `token` of what its receiver keeps, why it is `disabled`."""

    next: int = 1
    noted: int = 0
    since: int = 0
    edition: int = 0
    again: Again | None = None
    token: str = ""
    disabled: str = ""


class Queued(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A parcel in the queue. `due`: not tried again before that. `late`: it waits for a digest to
    `group`. `leased`: until then it is the `courier`'s that is sending it."""

    number: int
    parcel: Parcel
    since: Instant
    due: Instant
    failures: int = 0
    late: bool = False
    group: Recipient | None = None
    leased: Instant = 0
    courier: str = ""

    @property
    def key(self) -> str:
        return f"{self.number:015d}"

    def free(self, now: Instant, settings: Delivery) -> bool:
        """Whether it may be tried. A wait that is longer than any can be was begun by a clock that
        has been set back since."""
        lease, pause = settings.lease_s, settings.patience.longest_s
        waits = bool(self.failures) and now < self.due <= now + int(pause * SECOND)
        return not waits and not now < self.leased <= now + int(lease * SECOND)


class Dead(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A parcel that is not tried any more, why, and when that was decided."""

    parcel: Parcel
    reason: str
    refused: bool
    failures: int
    at: Instant


@dataclass(slots=True)
class Queue:
    """The queue of a channel: read from memory, changed in place, its `changes` written back."""

    state: State
    entries: dict[str, Queued]
    _known: Mapping[str, Queued]
    _known_state: State | None

    @classmethod
    def read(cls, memory: Mapping[str, bytes]) -> "Queue":
        stored = memory.get(STATE)
        state = msgspec.msgpack.decode(stored, type=State) if stored else None
        entries = {key: _QUEUED.decode(memory[key]) for key in sorted(memory) if key != STATE}
        return cls(state or State(), entries, dict(entries), state)

    @property
    def begun(self) -> bool:
        """Whether the channel has ever been started."""
        return self._known_state is not None

    @property
    def changes(self) -> Changes:
        """What is to be written to the memory it was read from."""
        written: Changes = {
            key: msgspec.msgpack.encode(each)
            for key, each in self.entries.items()
            if self._known.get(key) is not each
        }
        if self.state != self._known_state:
            written[STATE] = msgspec.msgpack.encode(self.state)
        return written | {key: None for key in self._known if key not in self.entries}

    @property
    def size(self) -> int:
        return sum(len(each.parcel.messages) for each in self.entries.values())

    def remember(self, **state: object) -> None:
        """Change the channel's state."""
        self.state = msgspec.structs.replace(self.state, **state)

    def put(self, entry: Queued) -> None:
        self.entries[entry.key] = entry

    def add(self, message: Message, late: bool, now: Instant, settings: Delivery) -> int:
        """Queue a message, one that is late for each recipient apart; returns how many entries
        that makes."""
        edition = self.state.edition
        if not late:
            self._append(Parcel((message,), edition=edition), now)
            return 1
        for to in message.to:
            group = Recipient("", to.role) if to.role in settings.offices else to
            self._append(Parcel((message.only_to(to),), edition=edition), now, group)
        return len(message.to)

    def revive(self, parcel: Parcel, now: Instant) -> None:
        """Queue a parcel that had been put aside."""
        self._append(parcel, now)

    def send_again(self, after: int, until: int) -> None:
        """Have the messages of a stretch of the log sent once more; with one that is under way, all
        from the earlier begin to the later end. What of it still waits would overtake what comes
        before it, so it leaves the queue and returns in its place."""
        known = self.state.again
        if known is not None:
            after, until = min(after, known.after), max(until, known.until)
        self.entries = {
            key: each
            for key, each in self.entries.items()
            if any(not after < message.position <= until for message in each.parcel.messages)
        }
        self.remember(again=Again(after, until), edition=self.state.edition + 1)

    def _append(self, parcel: Parcel, now: Instant, group: Recipient | None = None) -> None:
        number = self.state.next
        late = group is not None
        self.put(Queued(number=number, parcel=parcel, since=now, due=now, late=late, group=group))
        self.remember(next=number + 1)

    # ---------------------------------------------------------------------------- sending

    def ready(self, now: Instant, settings: Delivery) -> int:
        """How many parcels `lease` would find to send, were there no limit to a batch."""
        return len(_choose(list(self.entries.values()), now, settings))

    def lease(self, courier: str, now: Instant, settings: Delivery) -> list[Queued]:
        """Choose what is sent now and mark it as this courier's. Digests are made up here, and
        never change afterwards. What failed least often goes first, so that nothing that makes the
        channel stumble stands in the way of the rest."""
        chosen = _choose(list(self.entries.values()), now, settings)
        chosen.sort(key=lambda group: (group[0].failures, group[0].number))
        until = now + int(settings.lease_s * SECOND)
        leased = []
        for group in chosen[: settings.batch]:
            for each in group[1:]:
                del self.entries[each.key]
            entry = msgspec.structs.replace(_made_up(group), leased=until, courier=courier)
            self.put(entry)
            leased.append(entry)
        return leased

    def settle(
        self,
        sent: Iterable[tuple[Queued, Outcome]],
        now: Instant,
        settings: Delivery,
        chance: Random,
    ) -> "Settled":
        """Take in what became of leased parcels. What another courier has settled meanwhile counts
        no second time, and what it is trying is its own to judge."""
        settled = Settled()
        for entry, outcome in sent:
            held = self.entries.get(entry.key)
            if held is None or held.parcel.id != entry.parcel.id:
                continue
            if outcome.result is Result.DELIVERED:
                del self.entries[entry.key]
                settled.deliver(entry.parcel)
            elif (held.courier, held.leased) == (entry.courier, entry.leased):
                self._failed(held, outcome, settled, now, settings, chance)
        return settled

    def _failed(
        self,
        entry: Queued,
        outcome: Outcome,
        settled: "Settled",
        now: Instant,
        settings: Delivery,
        chance: Random,
    ) -> None:
        failures = entry.failures + (outcome.result not in (Result.HELD, Result.EMPTIED))
        due, patience = now, settings.patience
        if outcome.result in (Result.REFUSED, Result.GONE):
            del self.entries[entry.key]
            settled.put_aside(entry.parcel, outcome.reason, True, failures, now)
            return
        if outcome.result is Result.FAILED:
            if failures >= patience.tries:
                del self.entries[entry.key]
                settled.put_aside(entry.parcel, outcome.reason, False, failures, now)
                return
            due += patience.pause(failures, chance, outcome.wait)
        self.put(msgspec.structs.replace(entry, failures=failures, due=due, leased=0, courier=""))

    # ---------------------------------------------------------------------------- looking on

    def oldest(self) -> Instant | None:
        """When the message was queued that has waited longest."""
        return min((each.since for each in self.entries.values()), default=None)


@dataclass(slots=True)
class Settled:
    """What to note in the log about one pass, and the dead letters it made."""

    delivered: list[str] = field(default_factory=list)
    digests: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    dead: dict[str, Dead] = field(default_factory=dict)

    def deliver(self, parcel: Parcel) -> None:
        if parcel.to is None:
            self.delivered.append(parcel.id)
        else:
            self.digests.append((parcel.id, tuple(each.id for each in parcel.messages)))

    def put_aside(
        self, parcel: Parcel, reason: str, refused: bool, failures: int, at: Instant
    ) -> None:
        self.dead[parcel.id] = Dead(
            parcel=parcel, reason=reason, refused=refused, failures=failures, at=at
        )

    def event(self, channel: str, status: str = "", position: int = 0) -> DeliveryNoted:
        """The event to append."""
        reasons = {
            refused: tuple(
                (name, each.reason) for name, each in self.dead.items() if each.refused is refused
            )
            for refused in (True, False)
        }
        return DeliveryNoted(
            channel=channel,
            delivered=tuple(self.delivered),
            digests=tuple(self.digests),
            refused=reasons[True],
            given_up=reasons[False],
            status=status,
            position=position,
        )


_Group = list[Queued]
_Ahead = dict[Recipient | None, _Group | None]
"""What stands in the queue before an entry, for one dossier: by the recipient of a digest (None:
no digest) the group that it goes out with now, None where it waits."""


def _choose(entries: Sequence[Queued], now: Instant, settings: Delivery) -> list[_Group]:
    """Groups of entries that may go out side by side: those of one digest, or one alone."""
    released = _released(entries, now, settings)
    ahead: dict[str, _Ahead] = {}
    digests: dict[Recipient | None, _Group] = {}
    chosen: list[_Group] = []
    for each in entries:
        group: _Group = digests.get(each.group, []) if each.late else []
        streams = [ahead.setdefault(stream, {}) for stream in each.parcel.streams]
        free = each.free(now, settings) and (not each.late or each.group in released)
        goes = free and len(group) < settings.digest_size and not _blocked(each, streams, group)
        if goes:
            if not group:
                chosen.append(group)
            group.append(each)
            if each.late:
                digests[each.group] = group
        for before in streams:
            before[each.group] = group if goes else None
    return chosen


def _blocked(each: Queued, streams: Iterable[_Ahead], group: _Group) -> bool:
    """Whether something goes before it: whatever is of its dossier, but for the digests of other
    recipients, and for what goes out in the same digest."""
    return any(
        (each.group is None or recipient is None or recipient == each.group)
        and (going is not group or not group)
        for before in streams
        for recipient, going in before.items()
    )


def _released(entries: Sequence[Queued], now: Instant, settings: Delivery) -> set[Recipient | None]:
    """Recipients whose digest has collected long enough, or is full. When the queue is full, all
    of them go out to make room."""
    full = sum(len(each.parcel.messages) for each in entries) >= settings.in_flight
    latest = now - int(settings.digest_wait_s * SECOND)
    late = [each for each in entries if each.late]
    counts = Counter(each.group for each in late)
    return {
        each.group
        for each in late
        if full or not latest < each.since <= now or counts[each.group] >= settings.digest_size
    }


def _made_up(group: _Group) -> Queued:
    """One entry of a group; the digest of those that are late, in the place of the first."""
    first = group[0]
    if not first.late:
        return first
    messages = tuple(message for each in group for message in each.parcel.messages)
    edition = max(each.parcel.edition for each in group)
    return msgspec.structs.replace(first, parcel=Parcel(messages, first.group, edition), late=False)


_QUEUED = msgspec.msgpack.Decoder(Queued)
