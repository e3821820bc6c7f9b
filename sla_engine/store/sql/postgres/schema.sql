-- The whole schema as it is today, for reading. The numbered scripts make it; a test compares them.

-- The log. Positions are dense and in the order of commits: they are given under a lock that is
-- held to the end of the transaction, and the key would refuse whoever went round it.
CREATE TABLE stored_events (
    notification_id bigint PRIMARY KEY,
    originator_version bigint NOT NULL,
    originator_id text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    state bytea NOT NULL,
    UNIQUE (originator_id, originator_version)
);

CREATE FUNCTION facts_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'facts are never changed' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER stored_events_are_not_changed BEFORE UPDATE OR DELETE ON stored_events
FOR EACH ROW EXECUTE FUNCTION facts_are_never_changed();

CREATE TRIGGER stored_events_are_not_emptied BEFORE TRUNCATE ON stored_events
FOR EACH STATEMENT EXECUTE FUNCTION facts_are_never_changed();

-- One row per stream, for writers to lock. It is updated with every append, within its page.
CREATE TABLE stream (
    version bigint NOT NULL,
    stream text COLLATE "C" PRIMARY KEY
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- What upstream called an event, and what it became here.
CREATE TABLE intake_key (
    version bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    body_digest text COLLATE "C" NOT NULL,
    PRIMARY KEY (source, key)
);

-- One row per act: the same cause never acts twice.
CREATE TABLE rung_key (
    stream text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (stream, key)
);

-- Locks streams in one order for everybody, and returns their versions (as rows without a topic) and
-- then the events behind those that are known, as they are once the locks are held.
CREATE FUNCTION load_streams(streams text[], known bigint[]) RETURNS TABLE (
    stream text, version bigint, topic text, state bytea, notification_id bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.stream, s.version, NULL::text, NULL::bytea, 0::bigint
    FROM stream s WHERE s.stream = ANY(streams) ORDER BY s.stream FOR UPDATE;

    RETURN QUERY SELECT e.*
    FROM unnest(streams, known) AS k(stream, version) CROSS JOIN LATERAL (
        SELECT originator_id, originator_version, topic, state, notification_id
        FROM stored_events
        WHERE originator_id = k.stream AND originator_version > k.version
        ORDER BY originator_version
    ) AS e;
END
$$;

-- Appends events that are given as columns, and returns the position of the last. The lock is taken
-- as late as can be and held until the transaction has committed, so that positions come into view
-- in their order and nobody who follows the log passes one over.
CREATE FUNCTION append_events(
    log_lock bigint, streams text[], versions bigint[], topics text[], states bytea[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    head bigint;
BEGIN
    INSERT INTO stream (stream, version)
    SELECT e.stream, max(e.version) FROM unnest(streams, versions) AS e(stream, version)
    GROUP BY e.stream ORDER BY e.stream
    ON CONFLICT (stream) DO UPDATE SET version = excluded.version;

    PERFORM pg_advisory_xact_lock(log_lock);
    -- Sees what the last holder of the lock has committed.
    SELECT coalesce(max(notification_id), 0) INTO head FROM stored_events;

    INSERT INTO stored_events
        (notification_id, originator_id, originator_version, topic, state)
    SELECT head + e.n, e.stream, e.version, e.topic, e.state
    FROM unnest(streams, versions, topics, states)
        WITH ORDINALITY AS e(stream, version, topic, state, n);
    RETURN head + cardinality(streams);
END
$$;

-- Refuses a transaction that was decided by a stream as it no longer is. Asked behind append_events,
-- under its lock, it sees whatever has been appended before.
CREATE FUNCTION expect_stream(name text, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    head bigint;
BEGIN
    SELECT version INTO head FROM stream WHERE stream = name;
    IF coalesce(head, 0) <> expected THEN
        RAISE EXCEPTION 'the stream has moved' USING
            ERRCODE = 'unique_violation',
            TABLE = 'stream',
            DETAIL = format('Key (stream)=(%s)', name);
    END IF;
END
$$;

-- One row per clock of a stream: its next rung. Exhausted clocks keep their row (alarm_at NULL).
-- Whatever rings leaves a dead entry at the left edge of the index, so it is swept up at once.
CREATE TABLE alarm (
    due bigint,
    alarm_at bigint,
    started bigint NOT NULL DEFAULT 0,
    stopped bigint,
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
    missed text COLLATE "C" NOT NULL DEFAULT 'overdue',
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

-- The only personal data. PostgreSQL writes a new version of a row beside the old one, so erased
-- bytes stay in the file until VACUUM, which follows every erasure, gives their place away, and in
-- the write-ahead log and in copies of it for as long as those are kept. No snapshot that may still
-- need the old version is passed over: a long report delays it.
CREATE TABLE subject_secret (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    erased integer NOT NULL,
    subject text COLLATE "C" NOT NULL UNIQUE,
    secret bytea NOT NULL
) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

-- The last row of a subject holds all of its fields as a JSON object.
CREATE TABLE personal (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    fields bytea NOT NULL
) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

CREATE INDEX personal_of_subject ON personal (subject, id);

-- The time that all processes share: microseconds since 1970-01-01T00:00Z, at the moment of asking.
CREATE FUNCTION engine_now() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

-- What proves who somebody is, and must not be in the log (`ports.Secret`).
CREATE TABLE secret (
    until bigint NOT NULL,
    at bigint NOT NULL,
    tally integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (kind, name)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX secret_of_owner ON secret (kind, owner);
