"""The log in one SQLite file."""

from sla_engine.store.sqlite.recorder import Factory

__all__ = ["Factory"]
