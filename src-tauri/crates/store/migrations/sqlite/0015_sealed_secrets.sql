-- Secrets of Phare's keys that nobody can read who has only this: what opens them is in a file of the servers.
CREATE TABLE sealed_secrets (
    id     BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
