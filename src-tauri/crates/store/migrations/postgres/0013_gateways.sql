-- The gateways, each with its lease. `term` is in milliseconds, `revision` the last change that is in force there, and
-- `renewals` counts those that it has sent. `held` is whether a change that takes something away waits for it.
CREATE TABLE gateways (
    id       uuid    PRIMARY KEY,
    name     text    COLLATE "C" NOT NULL,
    address  text    NOT NULL,
    version  text    NOT NULL,
    term     bigint  NOT NULL CHECK (term > 0),
    revision bigint  NOT NULL CHECK (revision >= 0),
    renewals bigint  NOT NULL CHECK (renewals > 0),
    held     boolean NOT NULL,
    seen_at  bigint  NOT NULL
);

-- Whoever waits for one hears of it at once.
CREATE FUNCTION gateways_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gardien_gateways', NEW.id::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER gateways_tell AFTER UPDATE ON gateways
FOR EACH ROW WHEN (OLD.revision < NEW.revision OR OLD.held AND NOT NEW.held)
EXECUTE FUNCTION gateways_tell();
