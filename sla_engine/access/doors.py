"""The ways in: a password, an identity that a provider vouches for, a session, a key.

Whoever is not let in learns nothing of why: not whether there is such an account, nor whether it is
locked, closed or waits for approval.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from sla_engine.access.account import Account
from sla_engine.access.events import AccountLocked, LoggedIn, LoggedOut
from sla_engine.access.key import Key, read
from sla_engine.access.passwords import Passwords
from sla_engine.access.registrar import KEY_SECRET, PASSWORD, Actor, Registrar, digest_of
from sla_engine.access.rights import Rights
from sla_engine.access.sessions import Sessions
from sla_engine.errors import Refusal, refuse, register
from sla_engine.ports import Secret, Vault
from sla_engine.record import ENGINE, Instant

LOGIN_WRONG = register(
    "LOGIN_WRONG",
    "账号或口令不对，或者账号现在不能登录",
    "the name or the password is wrong, or the account cannot sign in now",
    "多次输错会被锁定一段时间；可请系统管理员重置口令",
    "after several tries it is locked for a while; the system administrator can reset the password",
)
LOGIN_LATER = register(
    "LOGIN_LATER",
    "此地址登录失败过多，请稍后再试",
    "too many logins from this address have failed; try again later",
)
KEY_WRONG = register(
    "KEY_WRONG",
    "密钥无效：不存在、未批准、已撤销、已过期，或不可从此地址使用",
    "the key is not valid: unknown, not approved, revoked, expired, or not for this address",
)

_SECOND = 1_000_000
_OF_ACCOUNT, _OF_ADDRESS = "failures/account", "failures/address"


@dataclass(frozen=True, slots=True)
class Patience:
    """How many logins may fail: of one account, before it is locked, and from one address, before
    nobody is heard from there; both for `lock` seconds."""

    account: int
    address: int
    lock: int


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody has come in: the value that proves the session, and whose it is."""

    token: str
    account: Account


class Doors:
    """Lets people and systems in."""

    def __init__(
        self,
        registrar: Registrar,
        *,
        rights: Rights,
        vault: Vault,
        passwords: Passwords,
        sessions: Sessions,
        patience: Patience,
        now: Callable[[], Instant],
    ) -> None:
        self._rights = rights
        self._registrar = registrar
        self._vault = vault
        self._passwords = passwords
        self._sessions = sessions
        self._patience = patience
        self._now = now

    # -------------------------------------------------------------------------------- people

    def enter(self, name: str, password: str, address: str) -> Entered:
        """By password. Raises `LOGIN_WRONG`, `LOGIN_LATER`."""
        account = self.prove(name, password, address)
        return self._enter(account, "password", address, self._now())

    def prove(self, name: str, password: str, address: str) -> Account:
        """Whose password it is. Raises `LOGIN_WRONG`, `LOGIN_LATER`."""
        now = self._now()
        self._vault.purge(now)
        self._hear(address, now)
        account = self._rights.account(name)
        known = account.state != "new"
        kept = self._vault.get(PASSWORD, name, now) if known else None
        matches = self._passwords.match(kept.value if kept else None, password)
        if not matches or kept is None or not account.lets_in(now):
            self._failed(account, name, address, now)
            raise refuse(LOGIN_WRONG)
        if self._passwords.outdated(kept.value):
            self._vault.put(PASSWORD, name, Secret(name, self._passwords.hashed(password)))
        return account

    def enter_as(self, login: str, address: str) -> Entered:
        """By an identity that the OIDC provider vouches for. Raises `LOGIN_WRONG`."""
        now, account = self._now(), self._rights.of_login(login)
        if account is None or not account.lets_in(now):
            raise refuse(LOGIN_WRONG)
        return self._enter(account, "oidc", address, now)

    def _enter(self, account: Account, method: str, address: str, now: Instant) -> Entered:
        came = Actor(account.name, _role(account), f"console:{account.name}")
        try:
            self._registrar.record(account.name, LoggedIn(method, address), came)
        except Refusal:
            # It was closed this very moment.
            raise refuse(LOGIN_WRONG) from None
        self._vault.drop(_OF_ACCOUNT, account.name)
        token = self._sessions.begin(account.name, now)
        return Entered(token, self._rights.account(account.name))

    def _hear(self, address: str, now: Instant) -> None:
        failed = self._vault.get(_OF_ADDRESS, address, now)
        if failed is not None and failed.tally >= self._patience.address:
            raise refuse(LOGIN_LATER)

    def _failed(self, account: Account, name: str, address: str, now: Instant) -> None:
        """Counted for names that nobody has too: whoever guesses sees no difference."""
        until = now + self._patience.lock * _SECOND
        self._vault.count(_OF_ADDRESS, address, now, until)
        tally = self._vault.count(_OF_ACCOUNT, name[:64].replace("\0", ""), now, until)
        if tally >= self._patience.account and account.lets_in(now):
            locked = AccountLocked(until, tally)
            self._registrar.record(account.name, locked, Actor("", "", ENGINE))
            self._vault.drop(_OF_ACCOUNT, account.name)

    def person(self, token: str, *, used: bool = True) -> Account | None:
        """Whose session it is; None where it is over or its account may not be used any more.
        `used`: somebody is there, which keeps it from ending."""
        name = self._sessions.account(token, self._now(), used=used)
        account = self._rights.account(name) if name else None
        # Locked by a person, not for failures of whoever tries: those must not throw anybody out.
        ended = account is None or account.state != "active" or account.locked_until == 0
        return None if ended else account

    def leave(self, token: str) -> None:
        """End a session."""
        account = self.person(token)
        self._sessions.end(token)
        if account is not None:
            came = Actor(account.name, _role(account), f"console:{account.name}")
            self._registrar.record(account.name, LoggedOut(), came)

    # ------------------------------------------------------------------------------- systems

    def system(self, text: str, address: str) -> Key:
        """The key that a system sends. Raises `KEY_WRONG`."""
        now, written = self._now(), read(text)
        kept = self._vault.get(KEY_SECRET, written.id, now) if written else None
        if written is None or kept is None:
            raise refuse(KEY_WRONG)
        found = self._rights.key(written.id)
        proven = hmac.compare_digest(kept.value, digest_of(written.secret))
        if not (proven and found.valid(now) and found.from_here(address)):
            raise refuse(KEY_WRONG)
        if now >= kept.at + 60 * _SECOND:
            self._vault.touch(KEY_SECRET, written.id, now)
        return found

    def last_used(self) -> dict[str, Instant]:
        """When each key was last used, to the minute; 0: never."""
        return {name: kept.at for name, kept in self._vault.all(KEY_SECRET, self._now())}


def _role(account: Account) -> str:
    return "+".join(account.roles)
