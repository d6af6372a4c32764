-- What each gateway holds of the limit. `number` counts what it wrote. `finished` is a JSON list of [milliseconds, calls],
-- `by_key` one of [milliseconds, key, calls], on a clock of the gateway's that showed `at` as it wrote. `under_way` is a
-- list of [key, calls] of those that are leased. `written_at` is the time of the database, in milliseconds.
CREATE TABLE gateway_calls (
    gateway    uuid   PRIMARY KEY,
    number     bigint NOT NULL CHECK (number >= 0),
    at         bigint NOT NULL,
    finished   text   NOT NULL,
    by_key     text   NOT NULL,
    under_way  text   NOT NULL,
    leased     bigint NOT NULL CHECK (leased >= 0),
    written_at bigint NOT NULL
);

-- Calls of the one gateway that there was still count: as those of one that is gone.
INSERT INTO gateway_calls
SELECT '00000000-0000-0000-0000-000000000000', 0, now.ms, finished, by_key, '[]', leased, now.ms
FROM limit_window, (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms) AS now;
DROP TABLE limit_window;

-- Held by whoever writes what it holds, so that it is written one after the other.
CREATE TABLE gateway_calls_turn (
    one integer PRIMARY KEY CHECK (one = 1)
);
INSERT INTO gateway_calls_turn VALUES (1);
