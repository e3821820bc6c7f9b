"""The code with which a petitioner follows their own petition: whoever has number and code may see
how it stands. It is derived and kept nowhere; once the petitioner is erased there is none."""

import hmac

from sla_engine.errors import Refusal
from sla_engine.identity import commitment
from sla_engine.petition.events import Registered
from sla_engine.ports import Log

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and letters that nobody takes for one another, on paper or on the telephone."""

LENGTH = 8

_PURPOSE = "tracking"


def code_of(log: Log, subject: str, no: str) -> str:
    """The code of petition `no`, whose petitioner is `subject`. Raises `SUBJECT_ERASED`."""
    with log.transact() as tx:
        secret = tx.secret(subject)
    number, letters = int(commitment(secret, [_PURPOSE, no]), 16), []
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)


def matches(log: Log, subject: str, no: str, code: str) -> bool:
    """Whether that is the code, however it is spaced and in small letters too; never once the
    petitioner is erased. Takes the same time for every wrong one."""
    typed = "".join(code.split()).replace("-", "").upper()
    try:
        right = code_of(log, subject, no)
    except Refusal:
        return False
    return hmac.compare_digest(right.encode(), typed.encode())


def petitioner_of(log: Log, no: str) -> str | None:
    """Whose petition it is; None where there is no such petition."""
    opening = next(iter(log.read(f"petition/{no}")), None)
    event = opening.event if opening is not None else None
    return event.petitioner if isinstance(event, Registered) else None
