-- Short terms are swept before long ones, and a clock carries the acts to come.
ALTER TABLE alarm ADD COLUMN lane INTEGER NOT NULL DEFAULT 1;

ALTER TABLE alarm ADD COLUMN basis INTEGER NOT NULL DEFAULT 0;

ALTER TABLE alarm ADD COLUMN rules TEXT NOT NULL DEFAULT '';

ALTER TABLE alarm ADD COLUMN plan BLOB NOT NULL DEFAULT x'';

DROP INDEX alarm_next;

CREATE INDEX alarm_next ON alarm (lane, alarm_at, stream) WHERE alarm_at IS NOT NULL;

-- Rows from before know neither lane nor plan: whoever opens the store has the index rebuilt.
INSERT INTO memory SELECT 'alarm', 'stale', x'31' WHERE EXISTS (SELECT 1 FROM alarm)
ON CONFLICT DO NOTHING;

-- Rows of read models are made otherwise than before: they are filled again from the log.
DELETE FROM projection_row;

DELETE FROM position WHERE follower LIKE 'projection/%';

DELETE FROM memory WHERE follower LIKE 'projection/%';

DELETE FROM dead_letter WHERE follower LIKE 'projection/%';
