"""What is sent: a message says one event of the log, a digest says many to one recipient.

Ids derive from the events, so whatever is sent again comes under the same id. Nothing here has
room for personal data: fields are named one by one in `telling`, and texts are made of codes.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from sla_engine.identity import digest
from sla_engine.policy.clause import Text
from sla_engine.record import Instant
from sla_engine.worktime import format_instant

VERSION = 1
"""Of the payload. Fields are only ever added; whatever else changes raises it."""

DIGEST = "digest"


class Recipient(NamedTuple):
    """Whom a message is for: a unit, or whoever holds a role of a pack for that unit."""

    unit: str
    role: str = ""


class Message(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One event told. `at` is when it was so, or is legally taken to have been; `recorded` is when
    the log learned it; `due` the end of the term it speaks of. `recalls`: the id of the message
    that no longer holds. `level_name` is empty where the level has none.
    """

    stream: str
    version: int
    position: int
    topic: str
    event: str
    to: tuple[Recipient, ...]
    subject: tuple[str, str]
    at: Instant
    recorded: Instant
    due: Instant | None = None
    level: int = 0
    level_name: tuple[str, str] = ("", "")
    documents: tuple[str, ...] = ()
    recalls: str = ""
    details: dict[str, Any] = {}

    @property
    def id(self) -> str:
        return event_id(self.stream, self.version)

    def only_to(self, *recipients: Recipient) -> "Message":
        """The same for some of its recipients."""
        return msgspec.structs.replace(self, to=recipients)


class Parcel(msgspec.Struct, frozen=True, array_like=True):
    """What is sent as one: a message, or the digest of several `to` one recipient. `edition` rises
    when somebody wants what was sent to be sent once more."""

    messages: tuple[Message, ...]
    to: Recipient | None = None
    edition: int = 0

    @property
    def id(self) -> str:
        if self.to is None:
            return self.messages[0].id
        return f"{DIGEST}/{digest([self.to, [each.id for each in self.messages]])[:32]}"

    @property
    def streams(self) -> set[str]:
        return {each.stream for each in self.messages}

    def body(self) -> bytes:
        """The payload: one JSON object in UTF-8 (docs/delivery.md)."""
        one = self.messages[0]
        told = _digest(self, self.to) if self.to is not None else _told(one)
        return msgspec.json.encode({"version": VERSION, "id": self.id, **told})


def event_id(stream: str, version: int) -> str:
    """`petition/ZZ1@7`, in characters that any header may carry; without the full stop, which
    separates the parts of a signed text."""
    return quote(f"{stream}@{version}", safe="/@").replace(".", "%2E")


def severity(message: Message) -> tuple[int, Instant, int]:
    """Sorts the most severe first, then by time."""
    return (-message.level, message.at, message.position)


def _to(recipients: Sequence[Recipient]) -> list[dict[str, str]]:
    return [each._asdict() for each in recipients]


def _text(pair: tuple[str, str]) -> dict[str, str]:
    return {"zh": pair[0], "en": pair[1]}


def _told(each: Message) -> dict[str, Any]:
    return {
        "type": each.topic,
        "event": each.event,
        "stream": each.stream,
        "at_version": each.version,
        "position": each.position,
        "to": _to(each.to),
        "subject": _text(each.subject),
        "at": format_instant(each.at),
        "recorded": format_instant(each.recorded),
        "due": None if each.due is None else format_instant(each.due),
        "level": each.level,
        "level_name": _text(each.level_name),
        "documents": each.documents,
        "recalls": each.recalls,
        "details": each.details,
    }


def _digest(parcel: Parcel, to: Recipient) -> dict[str, Any]:
    ranked = sorted(parcel.messages, key=severity)
    counts = Counter(each.level for each in ranked)
    names = {each.level: each.level_name for each in reversed(ranked)}
    return {
        "type": DIGEST,
        "to": _to([to]),
        "subject": _text(_digest_subject(ranked, to)),
        "at": format_instant(min(each.at for each in ranked)),
        "recorded": format_instant(max(each.recorded for each in ranked)),
        "counts": [
            {"level": level, "level_name": _text(names[level]), "count": counts[level]}
            for level in sorted(counts, reverse=True)
        ],
        "entries": [{"id": each.id, **_told(each)} for each in ranked],
    }


def _digest_subject(ranked: Sequence[Message], to: Recipient) -> tuple[str, str]:
    """How many, to whom, and the most severe of them."""
    count, worst = len(ranked), Text(*ranked[0].subject)
    if count == 1:
        return ranked[0].subject
    about = f"（{to.unit}）" if to.unit else ""
    return (f"汇总{count}项{about}：{worst.zh}等", f"{count} in all: {worst.en}, and others")
