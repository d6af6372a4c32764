-- Phare's own keys, without their secrets. A slot is one JSON object: what was found out about the secret in it.

CREATE TABLE phare_keys (
    id           uuid   PRIMARY KEY,
    name         text   NOT NULL,
    purpose      text   NOT NULL CHECK (purpose IN ('attached', 'kept')),
    current_slot text   NOT NULL,
    next_slot    text,
    switched_at  bigint,
    revision     bigint NOT NULL DEFAULT 0
);
