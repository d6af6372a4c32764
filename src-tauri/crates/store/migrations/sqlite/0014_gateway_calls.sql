-- What each gateway holds of the limit. `number` counts what it wrote. `finished` is a JSON list of [milliseconds, calls],
-- `by_key` one of [milliseconds, key, calls], on a clock of the gateway's that showed `at` as it wrote. `under_way` is a
-- list of [key, calls] of those that are leased. `written_at` is the time of the database, in milliseconds.
CREATE TABLE gateway_calls (
    gateway    BLOB    PRIMARY KEY NOT NULL CHECK (length(gateway) = 16),
    number     INTEGER NOT NULL CHECK (number >= 0),
    at         INTEGER NOT NULL,
    finished   TEXT    NOT NULL,
    by_key     TEXT    NOT NULL,
    under_way  TEXT    NOT NULL,
    leased     INTEGER NOT NULL CHECK (leased >= 0),
    written_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The one gateway that there was goes on with what it left.
INSERT INTO gateway_calls
SELECT zeroblob(16), 0, ms, finished, by_key, '[]', leased, ms
FROM limit_window, (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS ms);
DROP TABLE limit_window;
