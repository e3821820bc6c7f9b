-- Nobody ever read it.
ALTER TABLE alarm DROP COLUMN basis;
