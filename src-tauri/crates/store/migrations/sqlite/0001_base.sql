-- Times are microseconds since 1970 in UTC. Ids of members and keys are the 16 bytes of their UUID.
-- `search` holds the texts that are searched, in the lower case that the program makes (SQL folds ASCII only).

CREATE TABLE organization (
    one              INTEGER PRIMARY KEY CHECK (one = 1),
    name             TEXT    NOT NULL,
    calls_per_minute INTEGER NOT NULL CHECK (calls_per_minute >= 0),
    at_limit         TEXT    NOT NULL CHECK (at_limit IN ('reject', 'pace'))
) STRICT;

CREATE TABLE members (
    id         BLOB    PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    email      TEXT    NOT NULL UNIQUE,
    role       TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at INTEGER NOT NULL
) STRICT;

-- No reference to projects: an assignment outlives the copy of its project, which comes and goes with Phare.
CREATE TABLE member_projects (
    member_id  BLOB    NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    project_id INTEGER NOT NULL,
    PRIMARY KEY (member_id, project_id)
) STRICT;

-- Slugs are not unique here: Phare is the source of truth, and two may swap within one synchronization.
CREATE TABLE projects (
    id         INTEGER PRIMARY KEY,
    slug       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    search     TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
    id                   BLOB    PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    name                 TEXT    NOT NULL,
    note                 TEXT    NOT NULL,
    display              TEXT    NOT NULL,
    search               TEXT    NOT NULL,
    scope                TEXT    NOT NULL CHECK (scope IN ('organization', 'project')),
    -- No reference: a key outlives its project, orphaned.
    project_id           INTEGER CHECK ((scope = 'project') = (project_id IS NOT NULL)),
    platform             TEXT    NOT NULL CHECK (platform IN ('none', 'read', 'read_write')),
    uptime               TEXT    NOT NULL CHECK (uptime IN ('none', 'read', 'read_write')),
    digest               BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    previous_digest      BLOB    CHECK (length(previous_digest) = 32),
    previous_valid_until INTEGER CHECK ((previous_digest IS NULL) = (previous_valid_until IS NULL)),
    created_at           INTEGER NOT NULL,
    created_by           BLOB    NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    expires_at           INTEGER,
    revoked_at           INTEGER,
    revoked_by           BLOB    CHECK ((revoked_by IS NULL) = (revoked_at IS NULL))
                                 REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    last_used_at         INTEGER,
    last_operation       TEXT    CHECK ((last_operation IS NULL) = (last_used_at IS NULL))
) STRICT;

-- Both hold all that a filter asks for beside text, so that no row is read that is not shown.
CREATE INDEX keys_by_project ON keys (project_id, id, revoked_at, expires_at, previous_valid_until,
    platform, uptime, last_used_at, created_at);
CREATE INDEX keys_by_age ON keys (id, revoked_at, expires_at, previous_valid_until,
    platform, uptime, last_used_at, created_at, project_id);

CREATE TABLE sessions (
    digest     BLOB    PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    member_id  BLOB    NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- The list of actions is open: it grows, and this table can never be rebuilt.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
    at       INTEGER NOT NULL,
    actor    TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    detail   TEXT    NOT NULL,
    previous BLOB    NOT NULL CHECK (length(previous) = 32),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_by_subject ON audit (subject, sequence);

-- Counted apart from the entries, so that a missing tail is found.
CREATE TABLE audit_count (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    recorded INTEGER NOT NULL
) STRICT;

INSERT INTO audit_count (one, recorded) VALUES (1, 0);

CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

-- Without this, INSERT OR REPLACE would replace an entry and fire neither of the two above.
CREATE TRIGGER audit_refuses_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE sequence >= NEW.sequence)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

-- `finished` is a JSON list of [unix milliseconds, calls].
CREATE TABLE limit_window (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    finished TEXT    NOT NULL,
    leased   INTEGER NOT NULL CHECK (leased >= 0)
) STRICT;

-- The last id given in each collection: ids are never used again, whatever was deleted.
CREATE TABLE document_ids (
    collection TEXT    PRIMARY KEY NOT NULL,
    last       INTEGER NOT NULL
) STRICT;

CREATE TABLE documents (
    collection TEXT    NOT NULL,
    id         INTEGER NOT NULL,
    project_id INTEGER,
    body       TEXT    NOT NULL,
    PRIMARY KEY (collection, id)
) STRICT;

CREATE INDEX documents_by_project ON documents (project_id, collection, id);
