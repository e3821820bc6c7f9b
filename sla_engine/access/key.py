"""The key of a system as its events make it: issued, approved by another person, revoked."""

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from sla_engine.access.account import OWN_REQUEST
from sla_engine.access.events import MACHINE, KeyApproved, KeyIssued, KeyRejected, KeyRevoked
from sla_engine.access.table import Table
from sla_engine.errors import refuse, register
from sla_engine.record import ENGINE, Draft, Event, Instant, Meta, Recorded

KEY_IMPOSSIBLE = register(
    "KEY_IMPOSSIBLE",
    "密钥{where}现为“{found}”，不能这样办理",
    "key {where} is {found}, so this cannot be done",
)
KEY_SOURCE_WRONG = register(
    "KEY_SOURCE_WRONG",
    "密钥的来源名“{found}”不对：不得为空、为引擎或平台自用",
    "the source name {found} of a key is empty or one that the engine or the console uses",
)
KEY_SCOPES_MISSING = register("KEY_SCOPES_MISSING", "没有写明权限", "no permission is named")
KEY_NETWORK_WRONG = register(
    "KEY_NETWORK_WRONG",
    "网段“{found}”不对，应如 10.1.0.0/16",
    "the network {found} should look like 10.1.0.0/16",
)

State = Literal["new", "pending", "active", "rejected", "revoked"]

ID_BYTES, SECRET_BYTES = 6, 32
_TEXT = re.compile(r"sla_([0-9a-f]{12})_([0-9a-f]{64})")


class Written(NamedTuple):
    """A key as its holder has it: which one it is, and what proves it."""

    id: str
    secret: str

    def __str__(self) -> str:
        return f"sla_{self.id}_{self.secret}"


def read(text: str) -> Written | None:
    """A key as sent; None where it does not look like one."""
    found = _TEXT.fullmatch(text.strip())
    return Written(*found.groups()) if found else None


class Key(msgspec.Struct, frozen=True):
    """A key as it stands. `expires_at` 0: never; `networks` empty: from everywhere."""

    id: str
    version: int = 0
    state: State = "new"
    title: str = ""
    source: str = ""
    scopes: tuple[str, ...] = ()
    unit: str = ""
    expires_at: Instant = 0
    networks: tuple[str, ...] = ()
    by: str = ""
    issued_at: Instant = 0

    def valid(self, now: Instant) -> bool:
        """Whether it has effect now."""
        return self.state == "active" and (self.expires_at == 0 or now < self.expires_at)

    def from_here(self, address: str) -> bool:
        """Whether it may be used from an address."""
        if not self.networks:
            return True
        try:
            here = ip_address(address)
        except ValueError:
            return False
        return any(here in ip_network(each) for each in self.networks)


# ------------------------------------------------------------------------------------------- fold

_STATES: dict[type[Event], State] = {
    KeyApproved: "active",
    KeyRejected: "rejected",
    KeyRevoked: "revoked",
}


def fold(key: Key, events: Iterable[Recorded]) -> Key:
    """The key after further events."""
    for each in events:
        if isinstance(each.event, KeyIssued):
            key = _issued(key, each.meta, each.event)
        elif type(each.event) in _STATES:
            key = replace(key, state=_STATES[type(each.event)])
        key = replace(key, version=each.version)
    return key


def _issued(key: Key, meta: Meta, event: KeyIssued) -> Key:
    return replace(
        key,
        state="pending",
        title=event.title,
        source=event.source,
        scopes=event.scopes,
        unit=event.unit,
        expires_at=event.expires_at,
        networks=event.networks,
        by=meta.actor,
        issued_at=meta.occurred_at,
    )


# ----------------------------------------------------------------------------------------- decide


def check(key: Key, draft: Draft, table: Table) -> None:
    """Raises `Refusal` for what may not be recorded of a key as it stands."""
    if key.state not in _ALLOWED[type(draft.event)]:
        raise refuse(KEY_IMPOSSIBLE, key.id, key.state)
    match draft.event:
        case KeyIssued() as issued:
            _may_issue(issued, table)
        case KeyApproved() as approved:
            _may_approve(key, draft.meta, approved, table)
        case _:
            pass


def ours(source: str) -> bool:
    """Whether only the engine, the console or the machine itself speaks under that name."""
    return source.strip() in ("", ENGINE, MACHINE) or source.strip().startswith("console:")


def _may_issue(event: KeyIssued, table: Table) -> None:
    if ours(event.source) or event.source != event.source.strip():
        raise refuse(KEY_SOURCE_WRONG, "source", event.source)
    if not event.scopes:
        raise refuse(KEY_SCOPES_MISSING, "scopes")
    table.refuse_scopes(event.scopes)
    for network in event.networks:
        try:
            ip_network(network)
        except ValueError:
            raise refuse(KEY_NETWORK_WRONG, "networks", network) from None


def _may_approve(key: Key, meta: Meta, event: KeyApproved, table: Table) -> None:
    machine = event.at_machine and meta.source == MACHINE
    if not machine and (event.at_machine or meta.actor in ("", key.by)):
        raise refuse(OWN_REQUEST, key.id)
    table.refuse_scopes(key.scopes)


_ALLOWED: dict[type[Event], frozenset[State]] = {
    KeyIssued: frozenset({"new"}),
    KeyApproved: frozenset({"pending"}),
    KeyRejected: frozenset({"pending"}),
    KeyRevoked: frozenset({"pending", "active"}),
}
