-- Calls that come too early wait for their turn: how many come at once, and for how long one waits.
ALTER TABLE organization ADD COLUMN burst INTEGER CHECK (burst > 0);
ALTER TABLE organization ADD COLUMN longest_wait_seconds INTEGER NOT NULL DEFAULT 25
    CHECK (longest_wait_seconds BETWEEN 1 AND 25);
