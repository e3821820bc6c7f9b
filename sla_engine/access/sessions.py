"""Sessions: the visitor has an opaque value, the store its digest, and nothing else is anywhere."""

import hashlib
from dataclasses import dataclass

from sla_engine.access.chance import Chance
from sla_engine.ports import Secret, Vault
from sla_engine.record import Instant

SESSION = "session"
TOKEN_BYTES = 32
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Lengths:
    """In seconds: how long a session lasts unused (`idle`) and at most (`whole`); how exactly it is
    known when it was last used (`step`)."""

    idle: int
    whole: int
    step: int = 60


def digest_of(token: str) -> str:
    """What is kept of a value that proves something."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """The sessions of a store; several processes share them."""

    def __init__(self, vault: Vault, chance: Chance, lengths: Lengths) -> None:
        self._vault = vault
        self._chance = chance
        self._lengths = lengths

    def begin(self, account: str, now: Instant) -> str:
        """A new session; returns the value that proves it."""
        token = self._chance(TOKEN_BYTES).hex()
        until = now + self._lengths.whole * _SECOND
        self._vault.put(SESSION, digest_of(token), Secret(account, b"", until, now))
        return token

    def account(self, token: str, now: Instant, *, used: bool = True) -> str:
        """Whose session it is, which has been used now unless `used` says otherwise; "" where there
        is none any more."""
        name = digest_of(token)
        kept = self._vault.get(SESSION, name, now)
        if kept is None:
            return ""
        if now >= kept.at + self._lengths.idle * _SECOND:
            self._vault.drop(SESSION, name)
            return ""
        if used and now >= kept.at + self._lengths.step * _SECOND:
            self._vault.touch(SESSION, name, now)
        return kept.owner

    def end(self, token: str) -> None:
        """This one is over."""
        self._vault.drop(SESSION, digest_of(token))

    def end_all(self, account: str) -> None:
        """Every session of an account is over."""
        self._vault.drop_owned(SESSION, account)
