"""Replaying the log: what it says, from nothing but itself."""
