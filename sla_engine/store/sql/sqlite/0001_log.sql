-- The log. `notification_id` is declared, so that it survives VACUUM; nothing is ever deleted, so
-- that it is never given twice.
CREATE TABLE stored_events (
    notification_id INTEGER PRIMARY KEY,
    originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    state BLOB NOT NULL,
    UNIQUE (originator_id, originator_version)
);

CREATE TRIGGER stored_events_are_not_deleted BEFORE DELETE ON stored_events
BEGIN
    SELECT RAISE(ABORT, 'facts are never changed');
END;

CREATE TRIGGER stored_events_are_not_updated BEFORE UPDATE ON stored_events
BEGIN
    SELECT RAISE(ABORT, 'facts are never changed');
END;

-- What upstream called an event, and what it became here.
CREATE TABLE intake_key (
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    body_digest TEXT NOT NULL,
    PRIMARY KEY (source, key)
) WITHOUT ROWID;

-- One row per act: the same cause never acts twice.
CREATE TABLE rung_key (
    stream TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (stream, key)
) WITHOUT ROWID;
