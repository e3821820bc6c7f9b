"""Delivery: what the log says, told to those whom it concerns. The log is the outbox."""
