-- The order of work of a sweep, and the acts to come, ready made, with what they rest upon.
ALTER TABLE alarm ADD COLUMN lane INTEGER NOT NULL DEFAULT 1;

ALTER TABLE alarm ADD COLUMN basis INTEGER NOT NULL DEFAULT 0;

ALTER TABLE alarm ADD COLUMN rules TEXT NOT NULL DEFAULT '';

ALTER TABLE alarm ADD COLUMN plan BLOB NOT NULL DEFAULT x'';

DROP INDEX alarm_next;

CREATE INDEX alarm_next ON alarm (lane, alarm_at, stream) WHERE alarm_at IS NOT NULL;

-- Rows from before have no plan: whoever opens the store has the index rebuilt.
INSERT OR REPLACE INTO memory SELECT 'alarm', 'stale', x'31' WHERE EXISTS (SELECT 1 FROM alarm);
