-- The gateways, each with its lease. `term` is in milliseconds, `revision` the last change that is in force there, and
-- `renewals` counts those that it has sent. `held` is whether a change that takes something away waits for it.
CREATE TABLE gateways (
    id       BLOB    PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    name     TEXT    NOT NULL,
    address  TEXT    NOT NULL,
    version  TEXT    NOT NULL,
    term     INTEGER NOT NULL CHECK (term > 0),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    renewals INTEGER NOT NULL CHECK (renewals > 0),
    held     INTEGER NOT NULL CHECK (held IN (0, 1)),
    seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
