-- What the centre owes is no unit's any more: whoever opens the store has the index rebuilt, and acts
-- that were held against a unit for it are withdrawn at the next sweep.
INSERT OR IGNORE INTO memory SELECT 'alarm', 'stale', x'31' WHERE EXISTS (SELECT 1 FROM alarm);

-- Lists and figures of units hold only what the unit itself owes: all are filled again.
DELETE FROM projection_row;

DELETE FROM position WHERE follower LIKE 'projection/%';

DELETE FROM memory WHERE follower LIKE 'projection/%';

DELETE FROM dead_letter WHERE follower LIKE 'projection/%';
