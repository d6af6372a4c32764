-- Holds what the default list asks for.
CREATE INDEX keys_by_name ON keys (folded_name, id);

-- A secret that leaked long ago is looked up by its digest even when a rotation has replaced it.
CREATE INDEX keys_by_previous_digest ON keys (previous_digest) WHERE previous_digest IS NOT NULL;
