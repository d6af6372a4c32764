-- Uses change all the time. They lie apart, found by the number of their key alone: not even an index of the keys has to
-- be written anew for one. The number is one that SQLite never changes, as it may that of a row without a name for it.
CREATE TABLE keys_after (
    number               INTEGER PRIMARY KEY,
    id                   BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    name                 TEXT    NOT NULL,
    note                 TEXT    NOT NULL,
    display              TEXT    NOT NULL,
    search               TEXT    NOT NULL,
    folded_name          TEXT    GENERATED ALWAYS AS (substr(search, 1, instr(search, 'A') - 1)) VIRTUAL,
    scope                TEXT    NOT NULL CHECK (scope IN ('organization', 'project')),
    -- No reference: a key outlives its project, orphaned.
    project_id           INTEGER CHECK ((scope = 'project') = (project_id IS NOT NULL)),
    platform             TEXT    NOT NULL CHECK (platform IN ('none', 'read', 'read_write')),
    uptime               TEXT    NOT NULL CHECK (uptime IN ('none', 'read', 'read_write')),
    digest               BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    previous_digest      BLOB    CHECK (length(previous_digest) = 32),
    previous_valid_until INTEGER CHECK ((previous_digest IS NULL) = (previous_valid_until IS NULL)),
    previous_used_at     INTEGER CHECK (previous_used_at IS NULL OR previous_digest IS NOT NULL),
    earlier_digest       BLOB    CHECK (length(earlier_digest) = 32),
    earlier_valid_until  INTEGER CHECK ((earlier_digest IS NULL) = (earlier_valid_until IS NULL)),
    earlier_used_at      INTEGER CHECK (earlier_used_at IS NULL OR earlier_digest IS NOT NULL),
    created_at           INTEGER NOT NULL,
    created_by           BLOB    NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    expires_at           INTEGER,
    revoked_at           INTEGER,
    revoked_by           BLOB    CHECK ((revoked_by IS NULL) = (revoked_at IS NULL))
                                 REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    at_most              INTEGER CHECK (at_most > 0),
    reserved             INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    weight               INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 10),
    revision             INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO keys_after (number, id, name, note, display, search, scope, project_id, platform, uptime, digest,
    previous_digest, previous_valid_until, previous_used_at, earlier_digest, earlier_valid_until, earlier_used_at,
    created_at, created_by, expires_at, revoked_at, revoked_by, at_most, reserved, weight, revision)
SELECT rowid, id, name, note, display, search, scope, project_id, platform, uptime, digest,
    previous_digest, previous_valid_until, previous_used_at, earlier_digest, earlier_valid_until, earlier_used_at,
    created_at, created_by, expires_at, revoked_at, revoked_by, at_most, reserved, weight, revision
FROM keys;

CREATE TABLE key_uses (
    number    INTEGER PRIMARY KEY,
    used_at   INTEGER NOT NULL,
    operation TEXT    NOT NULL,
    client    TEXT,
    address   TEXT
) STRICT;

INSERT INTO key_uses (number, used_at, operation, client, address)
SELECT rowid, last_used_at, last_operation, last_client, last_address FROM keys WHERE last_used_at IS NOT NULL;

DROP TABLE keys;

ALTER TABLE keys_after RENAME TO keys;

-- As they were, but for the time of the last use in the first two.
CREATE INDEX keys_by_project ON keys (project_id, id, revoked_at, expires_at, previous_valid_until,
    earlier_valid_until, platform, uptime, created_at);
CREATE INDEX keys_by_age ON keys (id, revoked_at, expires_at, previous_valid_until,
    earlier_valid_until, platform, uptime, created_at, project_id);
CREATE INDEX keys_by_name ON keys (folded_name, id, revoked_at, expires_at);
CREATE INDEX keys_by_creator ON keys (created_by, id);
CREATE INDEX keys_by_revision ON keys (revision);
CREATE INDEX keys_by_previous_digest ON keys (previous_digest) WHERE previous_digest IS NOT NULL;
CREATE INDEX keys_by_earlier_digest ON keys (earlier_digest) WHERE earlier_digest IS NOT NULL;
CREATE INDEX keys_reserved ON keys (reserved) WHERE reserved > 0;
