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
