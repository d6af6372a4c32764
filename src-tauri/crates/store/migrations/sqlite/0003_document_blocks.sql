-- How many documents lie in each thousand of ids, of each project and (under project 0) of all: a page far into a list
-- is found without counting up to it.
CREATE TABLE document_blocks (
    collection TEXT    NOT NULL,
    project_id INTEGER NOT NULL,
    block      INTEGER NOT NULL,
    documents  INTEGER NOT NULL CHECK (documents > 0),
    PRIMARY KEY (collection, project_id, block)
) STRICT, WITHOUT ROWID;

INSERT INTO document_blocks (collection, project_id, block, documents)
SELECT collection, 0, id / 1000, count(*) FROM documents GROUP BY collection, id / 1000
UNION ALL
SELECT collection, project_id, id / 1000, count(*) FROM documents
WHERE project_id IS NOT NULL GROUP BY collection, project_id, id / 1000;

CREATE TRIGGER documents_count_insert AFTER INSERT ON documents
BEGIN
    INSERT INTO document_blocks (collection, project_id, block, documents)
    VALUES (NEW.collection, 0, NEW.id / 1000, 1)
    ON CONFLICT (collection, project_id, block) DO UPDATE SET documents = documents + 1;

    INSERT INTO document_blocks (collection, project_id, block, documents)
    SELECT NEW.collection, NEW.project_id, NEW.id / 1000, 1 WHERE NEW.project_id IS NOT NULL
    ON CONFLICT (collection, project_id, block) DO UPDATE SET documents = documents + 1;
END;

CREATE TRIGGER documents_count_delete AFTER DELETE ON documents
BEGIN
    DELETE FROM document_blocks
    WHERE collection = OLD.collection AND project_id IN (0, OLD.project_id) AND block = OLD.id / 1000
      AND documents = 1;

    UPDATE document_blocks SET documents = documents - 1
    WHERE collection = OLD.collection AND project_id IN (0, OLD.project_id) AND block = OLD.id / 1000;
END;
