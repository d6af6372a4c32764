-- What made the last call of a key and where it came from, and the last one with the secret that a rotation replaced.

ALTER TABLE keys ADD COLUMN last_client TEXT CHECK (last_client IS NULL OR last_used_at IS NOT NULL);
ALTER TABLE keys ADD COLUMN last_address TEXT CHECK (last_address IS NULL OR last_used_at IS NOT NULL);
ALTER TABLE keys ADD COLUMN previous_used_at INTEGER
    CHECK (previous_used_at IS NULL OR previous_digest IS NOT NULL);

-- By who, what and when.
CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE INDEX audit_by_action ON audit (action, sequence);
CREATE INDEX audit_by_time ON audit (at);
