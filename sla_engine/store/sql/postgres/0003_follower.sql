-- How far each follower has come, what it remembers, what it could not take.
CREATE TABLE position (
    position bigint NOT NULL,
    follower text COLLATE "C" PRIMARY KEY
) WITH (fillfactor = 50, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE memory (
    follower text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (follower, key)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE dead_letter (
    position bigint NOT NULL,
    version bigint NOT NULL,
    follower text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    PRIMARY KEY (follower, position)
);

-- Rows of read models. A rebuild fills generation n + 1 beside n; `columns` is JSON as it was
-- written: `jsonb` would not take every text, nor keep the order of the names.
CREATE TABLE projection_row (
    generation integer NOT NULL,
    projection text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    columns text COLLATE "C" NOT NULL,
    PRIMARY KEY (projection, generation, key)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
