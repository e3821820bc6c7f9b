-- One row per clock of a stream: its next rung. Exhausted clocks keep their row (alarm_at NULL).
-- Whatever rings leaves a dead entry at the left edge of the index, so it is swept up at once.
CREATE TABLE alarm (
    due bigint,
    alarm_at bigint,
    started bigint NOT NULL DEFAULT 0,
    stopped bigint,
    basis bigint NOT NULL DEFAULT 0,
    level integer NOT NULL,
    lane integer NOT NULL DEFAULT 1,
    stream text COLLATE "C" NOT NULL,
    clause text COLLATE "C" NOT NULL,
    cycle text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    rung text COLLATE "C" NOT NULL,
    liable text COLLATE "C" NOT NULL DEFAULT '',
    mark text COLLATE "C" NOT NULL DEFAULT '',
    rules text COLLATE "C" NOT NULL DEFAULT '',
    plan bytea NOT NULL DEFAULT '',
    PRIMARY KEY (stream, clause, cycle)
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0
);

CREATE INDEX alarm_next ON alarm (lane, alarm_at, stream) WHERE alarm_at IS NOT NULL;

CREATE INDEX alarm_due ON alarm (due, stream, clause, cycle);
