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
