-- The columns are in 0001_base.sql.
CREATE INDEX keys_by_earlier_digest ON keys (earlier_digest) WHERE earlier_digest IS NOT NULL;
