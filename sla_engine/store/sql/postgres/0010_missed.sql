-- What a clock is once its due instant has passed: overdue, or lapsed.
ALTER TABLE alarm ADD COLUMN missed text COLLATE "C" NOT NULL DEFAULT 'overdue';

-- Rows from before do not know: whoever opens the store has the index rebuilt.
INSERT INTO memory (follower, key, value)
    SELECT 'alarm', 'stale', '\x31'::bytea WHERE EXISTS (SELECT 1 FROM alarm)
    ON CONFLICT DO NOTHING;

-- More than one read model has learned to read the log otherwise: all are filled again.
DELETE FROM projection_row;

DELETE FROM position WHERE follower LIKE 'projection/%';

DELETE FROM memory WHERE follower LIKE 'projection/%';

DELETE FROM dead_letter WHERE follower LIKE 'projection/%';
