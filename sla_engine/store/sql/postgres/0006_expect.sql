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
