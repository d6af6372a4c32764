-- A second secret that a rotation replaced, from before `previous`: each works as long as was promised.
ALTER TABLE keys ADD COLUMN earlier_digest BLOB CHECK (length(earlier_digest) = 32);
ALTER TABLE keys ADD COLUMN earlier_valid_until INTEGER
    CHECK ((earlier_digest IS NULL) = (earlier_valid_until IS NULL));
ALTER TABLE keys ADD COLUMN earlier_used_at INTEGER
    CHECK (earlier_used_at IS NULL OR earlier_digest IS NOT NULL);

CREATE INDEX keys_by_earlier_digest ON keys (earlier_digest) WHERE earlier_digest IS NOT NULL;

-- No promise goes beyond the key's end.
UPDATE keys SET previous_valid_until = expires_at WHERE previous_valid_until > expires_at;

-- They hold all that a filter asks for beside text.
DROP INDEX keys_by_project;
DROP INDEX keys_by_age;
CREATE INDEX keys_by_project ON keys (project_id, id, revoked_at, expires_at, previous_valid_until,
    earlier_valid_until, platform, uptime, last_used_at, created_at);
CREATE INDEX keys_by_age ON keys (id, revoked_at, expires_at, previous_valid_until,
    earlier_valid_until, platform, uptime, last_used_at, created_at, project_id);
