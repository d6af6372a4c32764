-- The name in the lower case that `search` begins with: an A is never in lower-case text.
ALTER TABLE keys ADD COLUMN folded_name TEXT GENERATED ALWAYS AS (substr(search, 1, instr(search, 'A') - 1)) VIRTUAL;

-- Holds what the default list asks for, so that no row is read that is not shown.
CREATE INDEX keys_by_name ON keys (folded_name, id, revoked_at, expires_at);

-- A secret that leaked long ago is looked up by its digest even when a rotation has replaced it.
CREATE INDEX keys_by_previous_digest ON keys (previous_digest) WHERE previous_digest IS NOT NULL;
