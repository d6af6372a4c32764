-- What a key may have of the calls a minute, and what is kept free for it.
ALTER TABLE keys ADD COLUMN at_most INTEGER CHECK (at_most > 0);
ALTER TABLE keys ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0);
ALTER TABLE keys ADD COLUMN weight INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 10);
CREATE INDEX keys_reserved ON keys (reserved) WHERE reserved > 0;
-- Which keys made the calls of the last minute, so that no restart gives a key its share anew.
ALTER TABLE limit_window ADD COLUMN by_key TEXT NOT NULL DEFAULT '[]';
