"""The log in one schema of a PostgreSQL database."""

from sla_engine.store.postgres.recorder import Factory

__all__ = ["Factory"]
