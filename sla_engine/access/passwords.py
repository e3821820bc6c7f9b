"""Passwords: hashed with argon2id, compared in the same time whether there is an account or not."""

import os
from functools import cached_property
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from sla_engine.errors import refuse, register

PASSWORD_WEAK = register(
    "PASSWORD_WEAK",
    "口令不合要求：{allowed}",
    "the password is not good enough: {allowed}",
)

LONGEST = 256
"""Characters; more would only keep the machine busy."""

_KINDS = 3


class Passwords:
    """Hashes and compares. At most as many at a time as there are processors: each of them takes
    its 64 MiB, and a crowd of logins must not take all memory."""

    def __init__(self, hasher: PasswordHasher | None = None, shortest: int = 10) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._shortest = shortest
        self._turn = BoundedSemaphore(os.cpu_count() or 1)

    def check(self, password: str, name: str) -> None:
        """Raises `PASSWORD_WEAK` for a password that is short, plain or named after its account."""
        kinds = sum(
            any(map(test, password))
            for test in (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
        )
        longer = len(password) >= self._shortest + 6
        plain = kinds < _KINDS and not longer
        short = not self._shortest <= len(password) <= LONGEST
        if short or plain or name.lower() in password.lower():
            raise refuse(PASSWORD_WEAK, "password", "", self._rule())

    def _rule(self) -> str:
        few, many = self._shortest, self._shortest + 6
        return (
            f"≥{few}, 大小写字母、数字、符号中的三种 three of upper case, lower case, digits, "
            f"signs; 或 or ≥{many}; 不含账号名 without the account's name"
        )

    @cached_property
    def _of_nobody(self) -> bytes:
        """What a password is compared with where there is no account."""
        return self._hasher.hash("").encode()

    def hashed(self, password: str) -> bytes:
        """To be kept."""
        with self._turn:
            return self._hasher.hash(password).encode()

    def match(self, kept: bytes | None, password: str) -> bool:
        """Whether it is the one that was kept. Without any it takes as long and is not."""
        with self._turn:
            try:
                self._hasher.verify(kept or self._of_nobody, password[: LONGEST + 1])
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def outdated(self, kept: bytes) -> bool:
        """Whether it was hashed with other parameters than are used now."""
        return self._hasher.check_needs_rehash(kept.decode())
