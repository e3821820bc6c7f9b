-- The only personal data. Rows are appended in the order of their ids and never deleted, and to
-- erase is to overwrite in place with zeros: a row that moves (as a row under a primary key of text
-- does whenever its page is split) leaves bytes behind that even `secure_delete` does not find.
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
