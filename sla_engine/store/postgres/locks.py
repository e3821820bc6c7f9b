"""Names of the locks that have no row."""

import hashlib


def key_of(purpose: str, schema: str) -> int:
    """Key of an advisory lock; the same in every process, another for every log of a database."""
    named = hashlib.sha256(f"sla-engine {purpose} {schema}".encode()).digest()
    return int.from_bytes(named[:8], signed=True)
