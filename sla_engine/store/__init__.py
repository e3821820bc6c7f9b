"""The event store: `eventsourcing` recorders with the side tables in the same transaction."""
