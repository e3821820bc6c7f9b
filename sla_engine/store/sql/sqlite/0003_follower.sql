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
