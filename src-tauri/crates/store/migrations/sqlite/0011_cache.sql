-- The same read again is answered from memory for so long.
ALTER TABLE organization ADD COLUMN cache_seconds INTEGER NOT NULL DEFAULT 0
    CHECK (cache_seconds BETWEEN 0 AND 60);
