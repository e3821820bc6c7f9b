-- One row per clock of a stream: its next rung. Exhausted clocks keep their row (alarm_at NULL).
CREATE TABLE alarm (
    stream TEXT NOT NULL,
    clause TEXT NOT NULL,
    cycle TEXT NOT NULL,
    state TEXT NOT NULL,
    level INTEGER NOT NULL,
    unit TEXT NOT NULL,
    due INTEGER,
    alarm_at INTEGER,
    rung TEXT NOT NULL,
    PRIMARY KEY (stream, clause, cycle)
) WITHOUT ROWID;

CREATE INDEX alarm_next ON alarm (alarm_at, stream) WHERE alarm_at IS NOT NULL;

CREATE INDEX alarm_due ON alarm (due, stream, clause, cycle);
