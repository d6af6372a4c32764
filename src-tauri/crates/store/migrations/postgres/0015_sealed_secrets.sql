-- Secrets of Phare's keys that nobody can read who has only this: what opens them is in a file of the servers.
CREATE TABLE sealed_secrets (
    id     uuid  PRIMARY KEY,
    sealed bytea NOT NULL
);
