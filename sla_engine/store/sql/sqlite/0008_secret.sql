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
