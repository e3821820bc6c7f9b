"""What is done to accounts and keys: decided, recorded with who did it, secrets kept apart.

Rights follow from events alone, so a secret that a crash has left behind proves nothing. A key's is
kept before its event, a password's after: what is refused changes no password.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sla_engine.access import account, key
from sla_engine.access.chance import Chance, readable
from sla_engine.access.events import (
    ACCOUNT,
    KEY,
    MACHINE,
    AccountApproved,
    AccountClosed,
    AccountLocked,
    AccountOpened,
    AccountRejected,
    AccountUnlocked,
    KeyApproved,
    KeyIssued,
    KeyRejected,
    KeyRevoked,
    PasswordSet,
    RolesAsked,
)
from sla_engine.access.key import ID_BYTES, SECRET_BYTES, Written
from sla_engine.access.passwords import Passwords
from sla_engine.access.rights import Rights
from sla_engine.access.sessions import SESSION
from sla_engine.errors import refuse, register
from sla_engine.ports import Log, Secret, Vault, attempt
from sla_engine.record import Draft, Event, Instant, Meta, Recorded

PASSWORD, KEY_SECRET = "password", "key"

LOGIN_TAKEN = register(
    "LOGIN_TAKEN",
    "统一身份“{found}”已对应账号{allowed}",
    "the identity {found} belongs to the account {allowed}",
    "一人一个账号",
    "one account for each person",
)


class Actor(NamedTuple):
    """Who does something: the account, the role they do it in, from where."""

    name: str
    role: str = ""
    source: str = ""


def at_machine(name: str = "") -> Actor:
    """Whoever works at the command line of the machine."""
    return Actor(name, "", MACHINE)


def meta_of(by: Actor, now: Instant) -> Meta:
    """The envelope of what somebody does now."""
    return Meta(occurred_at=now, recorded_at=now, actor=by.name, role=by.role, source=by.source)


class Issued(NamedTuple):
    """A key that was just made; `text` is shown once and kept nowhere."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to be issued (`events.KeyIssued`)."""

    title: str
    source: str
    scopes: Sequence[str]
    expires_at: Instant = 0
    networks: Sequence[str] = ()
    unit: str = ""


class Registrar:
    """Writes accounts and keys of one log. Every method raises `Refusal` for what may not be."""

    def __init__(
        self,
        log: Log,
        *,
        vault: Vault,
        rights: Rights,
        passwords: Passwords,
        now: Callable[[], Instant],
        chance: Chance,
    ) -> None:
        self._log = log
        self._vault = vault
        self._rights = rights
        self._passwords = passwords
        self._now = now
        self._chance = chance

    # ------------------------------------------------------------------------------ accounts

    def open(self, opened: AccountOpened, by: Actor, password: str = "") -> str:
        """Ask for an account; returns its temporary password, to be shown once. `password`: one
        that was chosen, and needs no change."""
        other = self._rights.of_login(opened.login)
        if other is not None:
            raise refuse(LOGIN_TAKEN, "login", opened.login, other.name)
        self.record(opened.account, opened, by)
        return self._give_password(opened.account, by, password)

    def establish(self, opened: AccountOpened, by: Actor, password: str = "") -> str:
        """Open an account at the machine and have it take effect at once."""
        given = self.open(opened, by, password)
        self.approve(opened.account, by)
        return given

    def ask_roles(self, name: str, roles: Sequence[str], unit: str, by: Actor) -> None:
        """Ask for other roles."""
        self.record(name, RolesAsked(tuple(roles), unit), by)

    def approve(self, name: str, by: Actor, request: int | None = None) -> None:
        """Have what was asked for take effect; `request` None: whatever waits. Sessions end, for
        they began with other rights."""
        event = AccountApproved(self._request(name, request), by.source == MACHINE)
        self.record(name, event, by)
        self._vault.drop_owned(SESSION, name)

    def reject(self, name: str, reason: str, by: Actor, request: int | None = None) -> None:
        """Have it not take effect."""
        self.record(name, AccountRejected(self._request(name, request), reason), by)

    def close(self, name: str, reason: str, by: Actor) -> None:
        """For good, with its sessions and its password."""
        self.record(name, AccountClosed(reason), by)
        self._vault.drop_owned(SESSION, name)
        self._vault.drop(PASSWORD, name)

    def lock(self, name: str, locked: AccountLocked, by: Actor) -> None:
        """No logins; sessions that there are end too where a person locks it."""
        self.record(name, locked, by)
        if not locked.failures:
            self._vault.drop_owned(SESSION, name)

    def unlock(self, name: str, by: Actor) -> None:
        """Let it log in again."""
        self.record(name, AccountUnlocked(), by)

    def reset(self, name: str, by: Actor) -> str:
        """Give an account a temporary password, to be shown once; its rights wait for approval."""
        return self._give_password(name, by, "")

    def change(self, name: str, password: str, by: Actor) -> None:
        """Set one's own password; every session ends. Raises `PASSWORD_WEAK`."""
        self._give_password(name, by, password)

    def _give_password(self, name: str, by: Actor, password: str) -> str:
        event = PasswordSet(temporary=not password)
        if password:
            self._passwords.check(password, name)
        given = password or readable(self._chance)
        kept = Secret(name, self._passwords.hashed(given))
        self.record(name, event, by)
        self._vault.drop_owned(SESSION, name)
        self._vault.put(PASSWORD, name, kept)
        return given

    def _request(self, name: str, request: int | None) -> int:
        ask = self._rights.account(name).ask
        return request if request is not None else ask.request if ask else 0

    def record(self, name: str, event: Event, by: Actor) -> None:
        """One event of an account."""
        attempt(lambda: self._record(name, event, by))

    def _record(self, name: str, event: Event, by: Actor) -> None:
        stream, known = ACCOUNT + name, self._rights.account(name)
        with self._log.transact() as tx:
            known = account.fold(known, tx.load(stream, known.version))
            draft = Draft(meta_of(by, self._now()), event)
            account.check(known, draft, self._rights.table)
            tx.append(stream, known.version, [draft])

    # ---------------------------------------------------------------------------------- keys

    def issue(self, wanted: Wanted, by: Actor) -> Issued:
        """Make a key. It takes effect when it is approved; at the machine, at once."""
        written = Written(self._chance(ID_BYTES).hex(), self._chance(SECRET_BYTES).hex())
        event = KeyIssued(
            written.id,
            wanted.title,
            wanted.source,
            tuple(sorted(wanted.scopes)),
            wanted.expires_at,
            tuple(wanted.networks),
            wanted.unit,
        )
        events = [event, KeyApproved(at_machine=True)] if by.source == MACHINE else [event]
        self._vault.put(KEY_SECRET, written.id, Secret("", digest_of(written.secret)))
        self._record_key(written.id, events, by)
        return Issued(written.id, str(written))

    def approve_key(self, id_: str, by: Actor) -> None:
        """Have it take effect."""
        self._record_key(id_, [KeyApproved(by.source == MACHINE)], by)

    def reject_key(self, id_: str, reason: str, by: Actor) -> None:
        """Have it never take effect."""
        self._record_key(id_, [KeyRejected(reason)], by)
        self._vault.drop(KEY_SECRET, id_)

    def revoke(self, id_: str, reason: str, by: Actor) -> None:
        """Have it no effect any more."""
        self._record_key(id_, [KeyRevoked(reason)], by)
        self._vault.drop(KEY_SECRET, id_)

    def _record_key(self, id_: str, events: Sequence[Event], by: Actor) -> None:
        def work() -> None:
            stream, known = KEY + id_, self._rights.key(id_)
            with self._log.transact() as tx:
                known = key.fold(known, tx.load(stream, known.version))
                base, drafts = known.version, list[Draft]()
                for event in events:
                    draft = Draft(meta_of(by, self._now()), event)
                    key.check(known, draft, self._rights.table)
                    drafts.append(draft)
                    known = key.fold(known, [Recorded(stream, known.version + 1, 0, *draft)])
                tx.append(stream, base, drafts)

        attempt(work)


def digest_of(secret: str) -> bytes:
    """Of 256 random bits; nothing slower is needed."""
    return hashlib.sha256(secret.encode()).digest()
