-- When and by which mark a clock started, when it ended, and who is answerable for how it ended.
ALTER TABLE alarm ADD COLUMN started INTEGER NOT NULL DEFAULT 0;

ALTER TABLE alarm ADD COLUMN stopped INTEGER;

ALTER TABLE alarm ADD COLUMN liable TEXT NOT NULL DEFAULT '';

ALTER TABLE alarm ADD COLUMN mark TEXT NOT NULL DEFAULT '';

-- Rows from before know none of it: whoever opens the store has the index rebuilt.
INSERT INTO memory SELECT 'alarm', 'stale', x'31' WHERE EXISTS (SELECT 1 FROM alarm);

-- Its rows have learned more columns; its follower fills them again from the beginning of the log.
DELETE FROM projection_row WHERE projection = 'petition_card';

DELETE FROM position WHERE follower = 'projection/petition_card';

DELETE FROM memory WHERE follower = 'projection/petition_card';

DELETE FROM dead_letter WHERE follower = 'projection/petition_card';
