-- Keys are told in the order of their revisions, piece by piece.
CREATE INDEX keys_by_revision ON keys (revision, id);

-- What is gone, and since which revision.
CREATE TABLE deleted_projects (
    id       bigint PRIMARY KEY,
    revision bigint NOT NULL
);

CREATE TABLE deleted_phare_keys (
    id       uuid   PRIMARY KEY,
    revision bigint NOT NULL
);

-- What projects and keys belong to, and since when.
CREATE TABLE upstream (
    one        integer PRIMARY KEY CHECK (one = 1),
    kind       text    NOT NULL CHECK (kind IN ('sandbox', 'phare')),
    url        text    CHECK ((kind = 'phare') = (url IS NOT NULL)),
    adopted_at bigint  NOT NULL
);
