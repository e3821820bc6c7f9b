"""Derived identities: canonical bytes, digests, commitments and keys.

An identity here is always computed from what it names, so that repeating a cause repeats its
key and a replay meets the same keys again.
"""

import hashlib
import hmac
from typing import Any

import msgspec

_canonical = msgspec.json.Encoder(order="deterministic")


def canonical(value: Any) -> bytes:
    """Bytes that are equal for equal content: JSON, sorted keys, no spaces, UTF-8."""
    return _canonical.encode(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal characters."""
    return hashlib.sha256(canonical(value)).hexdigest()


def commitment(secret: bytes, value: Any) -> str:
    """HMAC-SHA-256 under a per-subject secret; worthless once the secret is destroyed."""
    return hmac.new(secret, canonical(value), hashlib.sha256).hexdigest()


def rung_key(clause: str, cycle: str, version: int, rung: str) -> str:
    """Key of an act within its stream: the same cause never acts twice."""
    return f"{clause}|{cycle}|{version}|{rung}"


def talk_id(unit: str, cause: str) -> str:
    """A talk is named after the unit and its first cause, so a repeated proposal meets itself."""
    short = hashlib.sha256(f"{unit}\n{cause}".encode()).hexdigest()[:12]
    return f"talk/{unit}/{short}"
