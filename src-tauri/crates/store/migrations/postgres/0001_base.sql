-- The files here go with those of the same names for SQLite. No database of PostgreSQL is older than they are: each table is
-- made in its present shape where SQLite first has it, and a file that would only change one says so.
--
-- Times are microseconds since 1970 in UTC. `search` holds the texts that are searched, in the lower case that the program
-- makes. Texts that are compared or ordered are so byte by byte, as in SQLite, whatever the database's own language is.

CREATE TABLE organization (
    one                  integer PRIMARY KEY CHECK (one = 1),
    name                 text    NOT NULL,
    calls_per_minute     bigint  NOT NULL CHECK (calls_per_minute >= 0),
    at_limit             text    NOT NULL CHECK (at_limit IN ('reject', 'pace')),
    burst                bigint  CHECK (burst > 0),
    longest_wait_seconds bigint  NOT NULL DEFAULT 25 CHECK (longest_wait_seconds BETWEEN 1 AND 25),
    cache_seconds        bigint  NOT NULL DEFAULT 0 CHECK (cache_seconds BETWEEN 0 AND 60),
    revision             bigint  NOT NULL DEFAULT 0
);

-- Who was removed keeps the row: the keys that they made lead to their name.
CREATE TABLE members (
    id         uuid   PRIMARY KEY,
    email      text   COLLATE "C" NOT NULL,
    role       text   NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at bigint NOT NULL,
    removed_at bigint
);

CREATE UNIQUE INDEX members_by_email ON members (email) WHERE removed_at IS NULL;

-- No reference to projects: an assignment outlives the copy of its project, which comes and goes with Phare.
CREATE TABLE member_projects (
    member_id  uuid   NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    project_id bigint NOT NULL,
    PRIMARY KEY (member_id, project_id)
);

-- Slugs are not unique here: Phare is the source of truth, and two may swap within one synchronization.
CREATE TABLE projects (
    id         bigint PRIMARY KEY,
    slug       text   NOT NULL,
    name       text   COLLATE "C" NOT NULL,
    search     text   COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    revision   bigint NOT NULL DEFAULT 0
);

CREATE TABLE keys (
    id                   uuid   PRIMARY KEY,
    name                 text   COLLATE "C" NOT NULL,
    note                 text   NOT NULL,
    display              text   NOT NULL,
    search               text   COLLATE "C" NOT NULL,
    -- The name in the lower case that `search` begins with: an A is never in lower-case text.
    folded_name          text   COLLATE "C" GENERATED ALWAYS AS (split_part(search, 'A', 1)) STORED,
    scope                text   NOT NULL CHECK (scope IN ('organization', 'project')),
    -- No reference: a key outlives its project, orphaned.
    project_id           bigint CHECK ((scope = 'project') = (project_id IS NOT NULL)),
    platform             text   NOT NULL CHECK (platform IN ('none', 'read', 'read_write')),
    uptime               text   NOT NULL CHECK (uptime IN ('none', 'read', 'read_write')),
    digest               bytea  NOT NULL UNIQUE CHECK (length(digest) = 32),
    -- The two secrets that rotations replaced last: each works as long as was promised.
    previous_digest      bytea  CHECK (length(previous_digest) = 32),
    previous_valid_until bigint CHECK ((previous_digest IS NULL) = (previous_valid_until IS NULL)),
    previous_used_at     bigint CHECK (previous_used_at IS NULL OR previous_digest IS NOT NULL),
    earlier_digest       bytea  CHECK (length(earlier_digest) = 32),
    earlier_valid_until  bigint CHECK ((earlier_digest IS NULL) = (earlier_valid_until IS NULL)),
    earlier_used_at      bigint CHECK (earlier_used_at IS NULL OR earlier_digest IS NOT NULL),
    created_at           bigint NOT NULL,
    created_by           uuid   NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    expires_at           bigint,
    revoked_at           bigint,
    revoked_by           uuid   CHECK ((revoked_by IS NULL) = (revoked_at IS NULL))
                                REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    at_most              bigint CHECK (at_most > 0),
    reserved             bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    weight               bigint NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 10),
    revision             bigint NOT NULL DEFAULT 0
);

CREATE INDEX keys_by_project ON keys (project_id, id);
-- What somebody made is listed before they are removed.
CREATE INDEX keys_by_creator ON keys (created_by, id);
CREATE INDEX keys_reserved ON keys (reserved) WHERE reserved > 0;

CREATE TABLE sessions (
    id         uuid   PRIMARY KEY,
    digest     bytea  NOT NULL UNIQUE CHECK (length(digest) = 32),
    member_id  uuid   NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX sessions_by_member ON sessions (member_id);

-- The list of actions is open: it grows, and this table can never be rebuilt.
CREATE TABLE audit (
    sequence bigint PRIMARY KEY CHECK (sequence > 0),
    at       bigint NOT NULL,
    actor    text   COLLATE "C" NOT NULL,
    action   text   COLLATE "C" NOT NULL,
    subject  text   COLLATE "C" NOT NULL,
    detail   text   NOT NULL,
    previous bytea  NOT NULL CHECK (length(previous) = 32),
    hash     bytea  NOT NULL CHECK (length(hash) = 32)
);

CREATE INDEX audit_by_subject ON audit (subject, sequence);

-- Counted apart from the entries, so that a missing tail is found. Its one row is what every change locks first.
CREATE TABLE audit_count (
    one      integer PRIMARY KEY CHECK (one = 1),
    recorded bigint  NOT NULL
);

INSERT INTO audit_count (one, recorded) VALUES (1, 0);

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END
$$;

CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

CREATE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM audit WHERE sequence >= NEW.sequence) THEN
        RAISE EXCEPTION 'the audit trail is append-only';
    END IF;
    RETURN NEW;
END
$$;

-- Nothing is put in between, either.
CREATE TRIGGER audit_refuses_between BEFORE INSERT ON audit
FOR EACH ROW EXECUTE FUNCTION audit_append();

-- `finished` and `by_key` are JSON lists, of [unix milliseconds, calls] and of [unix milliseconds, key, calls].
CREATE TABLE limit_window (
    one      integer PRIMARY KEY CHECK (one = 1),
    finished text    NOT NULL,
    by_key   text    NOT NULL DEFAULT '[]',
    leased   bigint  NOT NULL CHECK (leased >= 0)
);

-- The last id given in each collection: ids are never used again, whatever was deleted.
CREATE TABLE document_ids (
    collection text   COLLATE "C" PRIMARY KEY,
    last       bigint NOT NULL
);

CREATE TABLE documents (
    collection text   COLLATE "C" NOT NULL,
    id         bigint NOT NULL,
    project_id bigint,
    body       text   NOT NULL,
    PRIMARY KEY (collection, id)
);

CREATE INDEX documents_by_project ON documents (project_id, collection, id);
