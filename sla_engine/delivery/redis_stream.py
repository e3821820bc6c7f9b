"""A Redis stream as a channel: at least once, in order per dossier, under the same id.

One script adds the entry and marks its id, so a reply that was lost and a command that is repeated
add nothing twice while the mark lives. A marker beside the stream tells that what was published is
still there: a server that was emptied is noticed before anything is added behind the gap. Nothing
that some consumer group has not acknowledged is ever trimmed; a stream that is full of such entries
takes no more, and the messages wait in the log.
"""

from collections.abc import Sequence
from typing import Any

from redis import Redis

from sla_engine.delivery.channel import Outcome, Result
from sla_engine.delivery.message import Parcel
from sla_engine.delivery.settings import Delivery, Endpoint
from sla_engine.errors import Unavailable
from sla_engine.record import Instant
from sla_engine.streams.client import reaching

FULL = "STREAM_FULL"

_OPEN = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('XDEL', KEYS[1], redis.call('XADD', KEYS[1], '*', 'id', ''))
end
redis.call('SET', KEYS[2], ARGV[1], 'NX')
return redis.call('GET', KEYS[2])
"""
"""KEYS: stream, marker; ARGV: a token. An empty stream is there and marked; answers its token."""

_SEND = """
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('GET', KEYS[2]) ~= ARGV[1] then return {} end
local answers, room = {}, tonumber(ARGV[3]) - redis.call('XLEN', KEYS[1])
for n = 3, #KEYS do
  local edition, id, body = ARGV[n * 3 - 5], ARGV[n * 3 - 4], ARGV[n * 3 - 3]
  if redis.call('GET', KEYS[n]) == edition then
    answers[n - 2] = 'known'
  elseif room <= 0 then
    answers[n - 2] = 'full'
  else
    redis.call('XADD', KEYS[1], '*', 'id', id, 'message', body)
    redis.call('SET', KEYS[n], edition, 'PX', ARGV[2])
    answers[n - 2], room = 'added', room - 1
  end
end
return answers
"""
"""KEYS: stream, marker, marks. ARGV: token, life of a mark in ms, room, then edition, id, body of
each. Answers nothing when what was published is gone. A server short of memory refuses the first
write of a script or none, so it never stops between an entry and its mark."""


class RedisStream:
    """The stream `sla-engine:delivery:{NAME}`; its entries have fields `id` and `message`, the
    payload. The braces keep all of a channel's keys in one slot of a cluster."""

    batch = 200

    def __init__(self, endpoint: Endpoint, client: Redis, settings: Delivery) -> None:
        self.stream = f"sla-engine:delivery:{{{endpoint.name}}}"
        self._client = client
        self._life_ms = int(settings.mark_s * 1000)
        self._longest = endpoint.longest
        self._open_script = client.register_script(_OPEN)
        self._send_script = client.register_script(_SEND)

    def open(self, token: str) -> str:
        with reaching():
            found: bytes = self._open_script(keys=self._keys(), args=[token])
        return found.decode()

    def send(self, parcels: Sequence[Parcel], token: str, now: Instant) -> list[Outcome]:
        try:
            with reaching():
                answers = self._add(parcels, token)
                if b"full" in answers and self._trim():
                    answers = self._add(parcels, token)
        except Unavailable as error:
            return [Outcome(Result.HELD, error.code, away=True)] * len(parcels)
        return [_OUTCOMES[each] for each in answers or [b"emptied"] * len(parcels)]

    def close(self) -> None:
        self._client.close()

    def _add(self, parcels: Sequence[Parcel], token: str) -> list[bytes]:
        arguments: list[Any] = [token, self._life_ms, self._longest]
        for each in parcels:
            arguments += [each.edition, each.id, each.body()]
        answers: list[bytes] = self._send_script(
            keys=self._keys(*(each.id for each in parcels)), args=arguments
        )
        return answers

    def _trim(self) -> bool:
        """Remove what every group has acknowledged; False if there is nothing of the kind, or
        nobody reads the stream."""
        floors = [self._floor(group) for group in self._client.xinfo_groups(self.stream)]
        return bool(floors) and bool(
            self._client.xtrim(self.stream, minid=_name(min(floors)), approximate=False)
        )

    def _floor(self, group: dict[str, Any]) -> tuple[int, int]:
        """The first entry that a group still needs."""
        if group["pending"]:
            waiting = self._client.xpending(self.stream, group["name"])
            return _place(waiting["min"])
        milliseconds, number = _place(group["last-delivered-id"])
        return milliseconds, number + 1

    def _keys(self, *names: str) -> list[str]:
        return [
            self.stream,
            f"{self.stream}:marker",
            *(f"{self.stream}:mark:{name}" for name in names),
        ]


_OUTCOMES = {
    b"added": Outcome(Result.DELIVERED),
    b"known": Outcome(Result.DELIVERED),
    b"full": Outcome(Result.HELD, FULL, away=True),
    b"emptied": Outcome(Result.EMPTIED, "STREAM_EMPTIED"),
}


def _place(name: bytes) -> tuple[int, int]:
    milliseconds, number = name.split(b"-")
    return int(milliseconds), int(number)


def _name(place: tuple[int, int]) -> str:
    return f"{place[0]}-{place[1]}"
