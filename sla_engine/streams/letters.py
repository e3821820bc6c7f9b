"""Dead letters and answers of the intake from Redis: what could not be taken, kept for a while.

A letter holds the body as it was sent, so that it can be sent again, and with it what a body may
hold of a person. That is why letters go when they are old, and when their petitioner is erased.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple, cast

import msgspec
from redis import Redis

from sla_engine.errors import Fault, refuse, register, shorten
from sla_engine.record import Instant
from sla_engine.streams.body import Address, veiled
from sla_engine.streams.client import reaching
from sla_engine.streams.group import Keys, oldest

LETTER_UNKNOWN = register(
    "LETTER_UNKNOWN",
    "没有死信 {found}",
    "there is no dead letter {found}",
    "编号见 sla-engine letter list",
    "sla-engine letter list shows the ids",
)
LETTER_EMPTY = register(
    "LETTER_EMPTY",
    "死信 {found} 的正文已在传输途中丢失，不能重放",
    "the body of dead letter {found} was lost on its way and cannot be replayed",
    "请来源系统以原事件号重发",
    "ask the sender to send it again under its id",
)

DAY_S = 86_400
_PAGE = 500
_ID = re.compile(r"\d+-\d+")

# Back into the stream and out of the letters, both or neither.
_REPLAY = """
local found = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])
if #found == 0 then return false end
for i = 1, #found[1][2], 2 do
  if found[1][2][i] == 'data' then
    local id = redis.call('XADD', KEYS[1], '*', 'data', found[1][2][i + 1])
    redis.call('XDEL', KEYS[2], ARGV[1])
    return id
  end
end
return ''
"""


class Letter(NamedTuple):
    """A dead letter. `entry` is the id under which it was sent, at `first`; `last` is when it was
    given up, after so many `deliveries`. `body` None: it was lost on its way."""

    id: str
    entry: str
    faults: tuple[Mapping[str, str], ...]
    first: Instant
    last: Instant
    deliveries: int
    stream: str
    source: str
    key: str
    body: bytes | None


class Whom(NamedTuple):
    """Which entry a letter or an answer is about, which dossier, and, veiled, which petitioner."""

    entry: str
    stream: str
    subject: str

    def names(self, subject: str) -> bool:
        return self.subject == veiled(subject, self.entry)


def about(entry: str, address: Address) -> dict[str, str]:
    """The fields by which a message in Redis says which fact it is about."""
    return {
        "entry": entry,
        "stream": shorten(address.stream),
        "source": shorten(address.source),
        "key": shorten(address.key),
        "subject": veiled(address.subject, entry),
    }


def letter_fields(
    entry: str, deliveries: int, faults: Collection[Fault], now: Instant, about: Mapping[str, str]
) -> dict[str, str]:
    """A letter as Redis holds it, without its body."""
    return {
        **about,
        "faults": faults_json(faults),
        # Senders may choose ids of their own, and times with them.
        "first": str(min(sent_at(entry), now)),
        "last": str(now),
        "deliveries": str(deliveries),
    }


def faults_json(faults: Collection[Fault]) -> str:
    return msgspec.json.encode([fault.as_dict() for fault in faults]).decode()


def sent_at(entry: str) -> Instant:
    """When Redis took an entry, which its id says in milliseconds."""
    return int(entry.partition("-")[0]) * 1_000


class Letters:
    """Reads, replays and drops the dead letters of one intake. Everything may raise
    errors.Unavailable `REDIS_AWAY`."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    def count(self) -> int:
        with reaching():
            return self._redis.xlen(self._keys.dead)

    def read(self) -> Iterator[Letter]:
        """Every letter, the oldest first."""
        for id_, fields in self._messages(self._keys.dead):
            yield _letter(id_, fields)

    def get(self, id_: str) -> Letter:
        """Raises `LETTER_UNKNOWN`."""
        for found, fields in self._range(self._keys.dead, _known(id_), id_):
            return _letter(found, fields)
        raise refuse(LETTER_UNKNOWN, "", id_)

    def replay(self, id_: str) -> str:
        """Put a letter back into the stream as it was sent; returns the id of the new entry.

        Raises `LETTER_UNKNOWN` or `LETTER_EMPTY`.
        """
        with reaching():
            new = self._redis.eval(_REPLAY, 2, self._keys.stream, self._keys.dead, _known(id_))
        if new is None:
            raise refuse(LETTER_UNKNOWN, "", id_)
        if not new:
            raise refuse(LETTER_EMPTY, "", id_)
        return str(new, "ascii")

    def drop(self, id_: str) -> None:
        """Raises `LETTER_UNKNOWN`."""
        with reaching():
            if not self._redis.xdel(self._keys.dead, _known(id_)):
                raise refuse(LETTER_UNKNOWN, "", id_)

    def forget(self, subject: str, streams: Collection[str] = ()) -> int:
        """Remove the letters and answers of a petitioner, and those about these dossiers; returns
        how many there were. What is too broken to say whom it is about goes by its age alone."""
        assert subject, "a petitioner has a reference"
        return self.remove(lambda whom: whom.names(subject) or whom.stream in streams)

    def remove(self, unwanted: Callable[[Whom], bool]) -> int:
        """Remove the letters and answers about some; returns how many there were."""
        count = 0
        for key in (self._keys.dead, self._keys.answers):
            for id_, fields in self._messages(key):
                if unwanted(Whom(*(fields[name].decode() for name in Whom._fields))):
                    with reaching():
                        count += self._redis.xdel(key, id_)
        return count

    def expire(self, before: Instant) -> None:
        """Remove letters and answers that were written before an instant."""
        with reaching():
            for key in (self._keys.dead, self._keys.answers):
                self._redis.xtrim(key, minid=oldest(before), approximate=False)

    def _messages(self, key: str) -> Iterator[tuple[str, Mapping[str, bytes]]]:
        after = "-"
        while page := self._range(key, after, "+"):
            yield from page
            after = f"({page[-1][0]}"

    def _range(self, key: str, first: str, last: str) -> list[tuple[str, Mapping[str, bytes]]]:
        with reaching():
            found = self._redis.xrange(key, first, last, _PAGE)
        return [
            (str(id_, "ascii"), {str(name, "utf-8"): value for name, value in fields.items()})
            for id_, fields in cast("list[tuple[bytes, dict[bytes, bytes]]]", found)
        ]


def _known(id_: str) -> str:
    """An id that Redis can look for."""
    if not _ID.fullmatch(id_):
        raise refuse(LETTER_UNKNOWN, "", id_)
    return id_


def _letter(id_: str, fields: Mapping[str, bytes]) -> Letter:
    text: dict[str, Any] = {
        name: value.decode() for name, value in fields.items() if name != "data"
    }
    return Letter(
        id_,
        text["entry"],
        tuple(msgspec.json.decode(text["faults"])),
        int(text["first"]),
        int(text["last"]),
        int(text["deliveries"]),
        text["stream"],
        text["source"],
        text["key"],
        fields.get("data"),
    )
