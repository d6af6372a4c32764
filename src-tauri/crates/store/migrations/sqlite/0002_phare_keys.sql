-- Phare's own keys, without their secrets. A slot is one JSON object: what was found out about the secret in it.

CREATE TABLE phare_keys (
    id           BLOB    PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    name         TEXT    NOT NULL,
    purpose      TEXT    NOT NULL CHECK (purpose IN ('attached', 'kept')),
    current_slot TEXT    NOT NULL,
    next_slot    TEXT,
    switched_at  INTEGER
) STRICT;
