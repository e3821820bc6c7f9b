-- The whole schema as it is today, for reading. The numbered scripts make it; a test compares them.

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

-- One row per clock of a stream: its next rung (`ports.AlarmRow`). Exhausted clocks keep their row.
CREATE TABLE alarm (
    stream TEXT NOT NULL,
    clause TEXT NOT NULL,
    cycle TEXT NOT NULL,
    state TEXT NOT NULL,
    level INTEGER NOT NULL,
    unit TEXT NOT NULL,
    due INTEGER,
    alarm_at INTEGER,
    rung TEXT NOT NULL,
    started INTEGER NOT NULL DEFAULT 0,
    stopped INTEGER,
    liable TEXT NOT NULL DEFAULT '',
    mark TEXT NOT NULL DEFAULT '',
    lane INTEGER NOT NULL DEFAULT 1,
    rules TEXT NOT NULL DEFAULT '',
    plan BLOB NOT NULL DEFAULT x'',
    missed TEXT NOT NULL DEFAULT 'overdue',
    PRIMARY KEY (stream, clause, cycle)
) WITHOUT ROWID;

CREATE INDEX alarm_next ON alarm (lane, alarm_at, stream) WHERE alarm_at IS NOT NULL;

CREATE INDEX alarm_due ON alarm (due, stream, clause, cycle);

-- How far each follower has come, what it remembers, what it could not take.
CREATE TABLE position (
    follower TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE memory (
    follower TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (follower, key)
) WITHOUT ROWID;

CREATE TABLE dead_letter (
    follower TEXT NOT NULL,
    position INTEGER NOT NULL,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (follower, position)
) WITHOUT ROWID;

-- Rows of read models. A rebuild fills generation n + 1 beside n; `columns` is JSON.
CREATE TABLE projection_row (
    projection TEXT NOT NULL,
    generation INTEGER NOT NULL,
    key TEXT NOT NULL,
    columns TEXT NOT NULL,
    PRIMARY KEY (projection, generation, key)
) WITHOUT ROWID;

-- The only personal data. Rows are appended in the order of their ids and never deleted, and to
-- erase is to overwrite in place with zeros.
CREATE TABLE subject_secret (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL UNIQUE,
    erased INTEGER NOT NULL,
    secret BLOB NOT NULL
);

-- The last row of a subject holds all of its fields as a JSON object.
CREATE TABLE personal (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    fields BLOB NOT NULL
);

CREATE INDEX personal_of_subject ON personal (subject, id);

-- Erasures whose bytes may still be in the write-ahead log.
CREATE TABLE unscrubbed (id INTEGER PRIMARY KEY);

-- What proves who somebody is, and must not be in the log (`ports.Secret`).
CREATE TABLE secret (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    value BLOB NOT NULL,
    until INTEGER NOT NULL,
    at INTEGER NOT NULL,
    tally INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;

CREATE INDEX secret_of_owner ON secret (kind, owner);
