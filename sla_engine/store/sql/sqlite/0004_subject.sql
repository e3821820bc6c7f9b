-- The only personal data. An erased subject keeps its row with no secret, so that it stays erased.
CREATE TABLE subject_secret (
    subject TEXT PRIMARY KEY,
    secret BLOB
) WITHOUT ROWID;

CREATE TABLE personal (
    subject TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (subject, field)
) WITHOUT ROWID;
