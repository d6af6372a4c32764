-- Rows that a gateway follows carry the revision that they were last changed at; those from before it, the newest.
ALTER TABLE organization ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE phare_keys ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

UPDATE organization SET revision = (SELECT coalesce(max(sequence), 0) FROM audit);
UPDATE projects SET revision = (SELECT coalesce(max(sequence), 0) FROM audit);
UPDATE keys SET revision = (SELECT coalesce(max(sequence), 0) FROM audit);
UPDATE phare_keys SET revision = (SELECT coalesce(max(sequence), 0) FROM audit);

CREATE INDEX keys_by_revision ON keys (revision);

-- What is gone, and since which revision.
CREATE TABLE deleted_projects (
    id       INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT;

CREATE TABLE deleted_phare_keys (
    id       BLOB    PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    revision INTEGER NOT NULL
) STRICT;

-- What projects and keys belong to, and since when. It was the last entry of the audit trail about it.
CREATE TABLE upstream (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    kind       TEXT    NOT NULL CHECK (kind IN ('sandbox', 'phare')),
    url        TEXT    CHECK ((kind = 'phare') = (url IS NOT NULL)),
    adopted_at INTEGER NOT NULL
) STRICT;

INSERT INTO upstream (one, kind, url, adopted_at)
SELECT 1, json_extract(detail, '$.kind'), json_extract(detail, '$.url'), at
FROM audit WHERE subject = 'upstream' ORDER BY sequence DESC LIMIT 1;
