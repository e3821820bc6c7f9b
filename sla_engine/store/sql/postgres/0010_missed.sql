-- What a clock is once its due instant has passed: overdue, or lapsed.
ALTER TABLE alarm ADD COLUMN missed text COLLATE "C" NOT NULL DEFAULT 'overdue';

-- Rows from before do not know: whoever opens the store has the index rebuilt.
INSERT INTO memory (follower, key, value)
    SELECT 'alarm', 'stale', '\x31'::bytea WHERE EXISTS (SELECT 1 FROM alarm)
    ON CONFLICT DO NOTHING;

-- By a clock that has lapsed nobody is late: these models are filled again from the log.
DELETE FROM projection_row
    WHERE projection LIKE 'scorecard%' OR projection LIKE 'docket%' OR projection LIKE 'item%'
    OR projection LIKE 'reconciliation%' OR projection LIKE 'dispute%'
    OR projection LIKE 'stewards%';

DELETE FROM position WHERE follower IN (
    'projection/scorecard',
    'projection/docket',
    'projection/items',
    'projection/item_list',
    'projection/reconciliation',
    'projection/dispute_register',
    'projection/dispute_list',
    'projection/stewards'
);

DELETE FROM memory WHERE follower IN (
    'projection/scorecard',
    'projection/docket',
    'projection/items',
    'projection/item_list',
    'projection/reconciliation',
    'projection/dispute_register',
    'projection/dispute_list',
    'projection/stewards'
);

DELETE FROM dead_letter WHERE follower IN (
    'projection/scorecard',
    'projection/docket',
    'projection/items',
    'projection/item_list',
    'projection/reconciliation',
    'projection/dispute_register',
    'projection/dispute_list',
    'projection/stewards'
);
