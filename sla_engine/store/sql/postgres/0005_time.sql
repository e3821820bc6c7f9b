-- The time that all processes share: microseconds since 1970-01-01T00:00Z, at the moment of asking.
CREATE FUNCTION engine_now() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;
