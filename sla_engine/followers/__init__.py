"""Followers of the log: each has its own position, its own memory and its own dead letters."""
