-- Who was removed keeps the row: the keys that they made lead to their name. Only who is there holds a mail address
-- alone. Copied back into a table of the old name: references to it that lead nowhere are counted until the commit.
CREATE TABLE members_before AS SELECT id, email, role, created_at FROM members;

DROP TABLE members;

CREATE TABLE members (
    id         BLOB    PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    email      TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;

CREATE UNIQUE INDEX members_by_email ON members (email) WHERE removed_at IS NULL;

INSERT INTO members (id, email, role, created_at) SELECT id, email, role, created_at FROM members_before;

DROP TABLE members_before;

-- A session gets an id to be named by: a UUID of version 7, of the time at which it was opened.
CREATE TABLE sessions_before AS SELECT digest, member_id, created_at, expires_at FROM sessions;

DROP TABLE sessions;

CREATE TABLE sessions (
    id         BLOB    PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    digest     BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    member_id  BLOB    NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

INSERT INTO sessions (id, digest, member_id, created_at, expires_at)
SELECT unhex(printf('%012X', created_at / 1000) || '7' || substr(hex(randomblob(2)), 2) || 'A'
    || substr(hex(randomblob(8)), 2)), digest, member_id, created_at, expires_at
FROM sessions_before;

DROP TABLE sessions_before;

CREATE INDEX sessions_by_member ON sessions (member_id);

-- What somebody made is listed before they are removed.
CREATE INDEX keys_by_creator ON keys (created_by, id);
