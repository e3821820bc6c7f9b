"""One consumer of a stream's group, in terms of entries; everything may raise `REDIS_AWAY`.

What must not come apart is done by scripts: an entry is answered, buried, acknowledged and deleted
at once, and by whoever still has it. They use nothing that Redis 6.2 does not have.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from redis import Redis, ResponseError

from sla_engine.record import Instant
from sla_engine.streams.client import BLOCK_S, reaching

NAME = "sla-engine"
"""Of the group."""

_PAGE = 1_000

# Only what was still ours to acknowledge is deleted.
_ACKNOWLEDGE = """
for i = 2, #ARGV do
  if redis.call('XACK', KEYS[1], ARGV[1], ARGV[i]) == 1 then
    redis.call('XDEL', KEYS[1], ARGV[i])
  end
end
"""

# ARGV: group, entry, oldest id kept, ms kept, how many parts the answer has, the parts of answer
# and letter; the body is the entry's own. It writes before it acknowledges: where Redis is
# full, nothing of this happens. What nobody trims any more goes by the time of its key.
_CONCLUDE = """
local stream, group, id = KEYS[1], ARGV[1], ARGV[2]
if #redis.pcall('XPENDING', stream, group, id, id, 1) ~= 1 then return end
local function put(key, parts)
  if #parts == 0 then return end
  redis.call('XADD', key, 'MINID', '~', ARGV[3], '*', unpack(parts))
  redis.call('PEXPIRE', key, ARGV[4])
end
local count = tonumber(ARGV[5])
local letter = {unpack(ARGV, 6 + count)}
local found = redis.call('XRANGE', stream, id, id)
if #letter > 0 and #found == 1 then
  for i = 1, #found[1][2], 2 do
    if found[1][2][i] == 'data' then
      letter[#letter + 1] = 'data'
      letter[#letter + 1] = found[1][2][i + 1]
      break
    end
  end
end
put(KEYS[2], {unpack(ARGV, 6, 5 + count)})
put(KEYS[3], letter)
redis.call('XACK', stream, group, id)
redis.call('XDEL', stream, id)
"""

# ARGV: group, consumer, idle ms, entry. From version 7 on, claiming what was trimmed away would
# quietly take it off the books.
_CLAIM = """
if #redis.call('XRANGE', KEYS[1], ARGV[4], ARGV[4]) == 0 then
  return {'gone', redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[4], ARGV[4], 1)}
end
return {'here', redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4])}
"""

# ARGV: group, consumer, idle ms to be set, then entries with their deliveries.
_KEEP = """
for i = 4, #ARGV, 2 do
  if #redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i]) == 1 then
    redis.pcall('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i],
      'IDLE', ARGV[3], 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
  end
end
"""

# ARGV: group, idle ms. A consumer that has something pending must not be deleted.
_TIDY = """
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
for i = 1, #consumers do
  local of = {}
  for j = 1, #consumers[i], 2 do of[consumers[i][j]] = consumers[i][j + 1] end
  if of.pending == 0 and of.idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], of.name)
  end
end
"""


class Keys(NamedTuple):
    """The three streams of one intake. In a Redis Cluster the name has a {hash tag}."""

    stream: str
    answers: str
    dead: str

    @classmethod
    def of(cls, stream: str) -> "Keys":
        return cls(stream, f"{stream}:answers", f"{stream}:dead")


class Entry(NamedTuple):
    """An entry that was delivered to this consumer. `body` None: it has no field `data`, or, where
    it is `gone`, it was trimmed from the stream before anybody took it."""

    id: str
    body: bytes | None
    deliveries: int
    gone: bool = False


class Verdict(NamedTuple):
    """What becomes of an entry that was not recorded: fields of an answer and of a dead letter,
    either of which may be empty. The letter gets the body of the entry besides."""

    entry: str
    answer: Mapping[str, str]
    letter: Mapping[str, str]


class Consumer:
    """Reads as `name`; other consumers may take over what it has left for `idle_s`."""

    def __init__(self, redis: Redis, keys: Keys, name: str, idle_s: float) -> None:
        self._redis = redis
        self._keys = keys
        self._name = name
        self._idle_ms = round(idle_s * 1_000)

    def read(self, count: int) -> list[Entry]:
        """Up to `count` entries that nobody has read, waiting a moment for the first.

        A group that is not there is made: it begins with all that the stream holds.
        """
        with reaching():
            try:
                answer = self._redis.xreadgroup(
                    NAME,
                    self._name,
                    {self._keys.stream: ">"},
                    count=count,
                    block=round(BLOCK_S * 1_000),
                )
            except ResponseError as error:
                if not _groupless(error):
                    raise
                self._make_group()
                return []
        streams = cast("list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]", answer)
        return [
            Entry(str(id_, "ascii"), fields.get(b"data"), 1)
            for _, entries in streams
            for id_, fields in entries
        ]

    def abandoned(self, count: int) -> list[tuple[str, int]]:
        """Entries that nobody has dealt with for too long, and how often each was delivered."""
        with reaching():
            try:
                rows = self._redis.xpending_range(
                    self._keys.stream, NAME, "-", "+", count, idle=self._idle_ms
                )
            except ResponseError as error:
                if not _groupless(error):
                    raise
                return []
        found = cast("list[dict[str, Any]]", rows)
        return [(str(row["message_id"], "ascii"), row["times_delivered"]) for row in found]

    def claim(self, id_: str, delivered: int) -> Entry | None:
        """Take over an abandoned entry; None when somebody else was quicker."""
        found, rows = self._script(
            _CLAIM, 1, self._keys.stream, NAME, self._name, self._idle_ms, id_
        )
        if not rows:
            return None
        if found == b"gone":
            return Entry(id_, None, delivered, gone=True)
        flat = rows[0][1]
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        return Entry(id_, fields.get(b"data"), delivered + 1)

    def keep(self, entries: Iterable[Entry]) -> None:
        """These are being dealt with: nobody is to take them over."""
        self._set_idle(0, [(each.id, each.deliveries) for each in entries])

    def hand_back(self, entries: Iterable[Entry]) -> None:
        """These are not dealt with any more: others may take them over at once, and this delivery
        does not count."""
        self._set_idle(self._idle_ms, [(each.id, each.deliveries - 1) for each in entries])

    def tell(
        self, done: Sequence[str], verdicts: Collection[Verdict], since: Instant, keep_s: int
    ) -> None:
        """Acknowledge what is in the log and conclude the rest. Entries that are no longer pending
        are left alone, so all of it may be said twice. Letters and answers are kept for `keep_s`,
        those from before `since` may be dropped."""
        stream, pipeline = self._keys.stream, self._redis.pipeline(transaction=False)
        for start in range(0, len(done), _PAGE):
            pipeline.eval(_ACKNOWLEDGE, 1, stream, NAME, *done[start : start + _PAGE])
        for entry, answer, letter in verdicts:
            pipeline.eval(
                _CONCLUDE,
                3,
                *self._keys,
                NAME,
                entry,
                oldest(since),
                keep_s * 1_000,
                2 * len(answer),
                *_flat(answer),
                *_flat(letter),
            )
        with reaching():
            pipeline.execute()

    def tidy(self) -> None:
        """Strike off consumers that are gone and have left nothing behind."""
        self._script(_TIDY, 1, self._keys.stream, NAME, 10 * self._idle_ms)

    def _set_idle(self, idle_ms: int, entries: Sequence[tuple[str, int]]) -> None:
        for start in range(0, len(entries), _PAGE):
            pairs = [part for each in entries[start : start + _PAGE] for part in each]
            self._script(_KEEP, 1, self._keys.stream, NAME, self._name, idle_ms, *pairs)

    def _script(self, script: str, *arguments: str | int) -> Any:
        with reaching():
            return self._redis.eval(script, *cast(Any, arguments))

    def _make_group(self) -> None:
        try:
            self._redis.xgroup_create(self._keys.stream, NAME, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise


def oldest(since: Instant) -> str:
    """The first id that Redis gives from an instant on."""
    return f"{max(0, since) // 1_000}-0"


def _groupless(error: ResponseError) -> bool:
    """Redis was emptied, or never had the group."""
    return str(error).startswith(("NOGROUP", "UNBLOCKED"))


def _flat(fields: Mapping[str, str]) -> list[str]:
    return [part for pair in fields.items() for part in pair]
