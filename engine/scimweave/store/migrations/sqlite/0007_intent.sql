-- An intent stands in a small table of its own until its outcome is known: to open and to close an
-- entry costs few pages, however long the log is. Both tables share one row of numbers.
CREATE TABLE intent (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    integration TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    label TEXT NOT NULL,
    changes BLOB NOT NULL,
    revision TEXT NOT NULL,
    key,
    leaver INTEGER,
    -- What recovery needs beside the line of the log.
    payload BLOB NOT NULL
);

-- By which names, in the form that is compared, a resource was ever known: few are renamed.
CREATE TABLE known_by (
    integration TEXT NOT NULL,
    label_folded TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    PRIMARY KEY (integration, label_folded, resource_id)
) WITHOUT ROWID;

INSERT OR IGNORE INTO known_by SELECT integration, label_folded, resource_id FROM journal;

INSERT INTO intent
SELECT id, at, integration, resource_type, resource_id, operation, label, changes, revision, key,
       leaver, payload
FROM journal WHERE closed IS NULL;
DELETE FROM journal WHERE closed IS NULL;

DROP INDEX journal_open;
DROP INDEX journal_label;
ALTER TABLE journal DROP COLUMN payload;
ALTER TABLE journal DROP COLUMN label_folded;
