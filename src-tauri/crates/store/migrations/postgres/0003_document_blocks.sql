-- How many documents lie in each thousand of ids, of each project and (under project 0) of all: a page far into a list
-- is found without counting up to it. Whoever writes documents holds a lock over all of them: counts are of several rows.
CREATE TABLE document_blocks (
    collection text   COLLATE "C" NOT NULL,
    project_id bigint NOT NULL,
    block      bigint NOT NULL,
    documents  bigint NOT NULL CHECK (documents > 0),
    PRIMARY KEY (collection, project_id, block)
);

CREATE FUNCTION documents_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO document_blocks AS counted (collection, project_id, block, documents)
    VALUES (NEW.collection, 0, NEW.id / 1000, 1)
    ON CONFLICT (collection, project_id, block) DO UPDATE SET documents = counted.documents + 1;

    IF NEW.project_id IS NOT NULL THEN
        INSERT INTO document_blocks AS counted (collection, project_id, block, documents)
        VALUES (NEW.collection, NEW.project_id, NEW.id / 1000, 1)
        ON CONFLICT (collection, project_id, block) DO UPDATE SET documents = counted.documents + 1;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER documents_count_insert AFTER INSERT ON documents
FOR EACH ROW EXECUTE FUNCTION documents_count_insert();

CREATE FUNCTION documents_count_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM document_blocks
    WHERE collection = OLD.collection AND project_id IN (0, OLD.project_id) AND block = OLD.id / 1000
      AND documents = 1;

    UPDATE document_blocks SET documents = documents - 1
    WHERE collection = OLD.collection AND project_id IN (0, OLD.project_id) AND block = OLD.id / 1000;
    RETURN NULL;
END
$$;

CREATE TRIGGER documents_count_delete AFTER DELETE ON documents
FOR EACH ROW EXECUTE FUNCTION documents_count_delete();
