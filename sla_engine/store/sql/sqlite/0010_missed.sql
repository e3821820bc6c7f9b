-- What a clock is once its due instant has passed: overdue, or lapsed.
ALTER TABLE alarm ADD COLUMN missed TEXT NOT NULL DEFAULT 'overdue';

-- Rows from before do not know: whoever opens the store has the index rebuilt.
INSERT OR IGNORE INTO memory SELECT 'alarm', 'stale', x'31' WHERE EXISTS (SELECT 1 FROM alarm);

-- More than one read model has learned to read the log otherwise: all are filled again.
DELETE FROM projection_row;

DELETE FROM position WHERE follower LIKE 'projection/%';

DELETE FROM memory WHERE follower LIKE 'projection/%';

DELETE FROM dead_letter WHERE follower LIKE 'projection/%';
