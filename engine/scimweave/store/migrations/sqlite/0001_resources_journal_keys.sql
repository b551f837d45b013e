-- Times are integers: microseconds since 1970-01-01 UTC. JSON is UTF-8 in blobs.
-- A column named "key" has no type, so that 7 and '7' stay different keys.

-- "scim": another program's database is not taken for a store.
PRAGMA application_id = 1935894893;

CREATE TABLE resource (
    seq INTEGER PRIMARY KEY,
    integration TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    link_key,
    link_projection BLOB,
    link_revision TEXT,
    UNIQUE (integration, id)
);

-- The rowid, which is seq, ends each index entry: pages come in order without a sort.
CREATE INDEX resource_order ON resource (integration, resource_type);

CREATE TABLE lookup (
    integration TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    attribute TEXT NOT NULL,
    value TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES resource (seq) ON DELETE CASCADE,
    is_unique INTEGER NOT NULL,
    PRIMARY KEY (integration, resource_type, attribute, value, seq)
) WITHOUT ROWID;

CREATE UNIQUE INDEX lookup_unique ON lookup (integration, resource_type, attribute, value)
    WHERE is_unique = 1;
CREATE INDEX lookup_resource ON lookup (seq);

CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    integration TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    label TEXT NOT NULL,
    label_folded TEXT NOT NULL,
    changes BLOB NOT NULL,
    revision TEXT NOT NULL,
    key,
    -- What recovery needs; NULL once the entry is closed.
    payload BLOB,
    outcome TEXT,
    detail TEXT,
    closed INTEGER
);

CREATE INDEX journal_open ON journal (integration) WHERE closed IS NULL;
CREATE INDEX journal_resource ON journal (integration, resource_id);
CREATE INDEX journal_label ON journal (integration, label_folded, resource_id);

-- "access_key", since KEY is a word of SQL.
CREATE TABLE access_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    integration TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    last_used INTEGER
);

CREATE INDEX access_key_integration ON access_key (integration);
