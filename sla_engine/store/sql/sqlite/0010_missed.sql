-- What a clock is once its due instant has passed: overdue, or lapsed.
ALTER TABLE alarm ADD COLUMN missed TEXT NOT NULL DEFAULT 'overdue';

-- Rows from before do not know: whoever opens the store has the index rebuilt.
INSERT OR IGNORE INTO memory SELECT 'alarm', 'stale', x'31' WHERE EXISTS (SELECT 1 FROM alarm);

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
