-- Who left, by deactivation or deletion: the guard counts them in a window of time.
ALTER TABLE journal ADD COLUMN leaver INTEGER;
CREATE INDEX journal_leaver ON journal (integration, at) WHERE leaver = 1;

-- Leavers whose accounts are left as they are until an operator decides.
CREATE TABLE held (
    integration TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    -- The journal entry that counts as the leaver's.
    entry INTEGER NOT NULL,
    operation TEXT NOT NULL,
    label TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    key,
    -- Of a deletion: the resource as it was, and the groups that its account is in.
    record BLOB,
    group_keys BLOB NOT NULL,
    PRIMARY KEY (integration, resource_id)
);

CREATE INDEX held_name ON held (integration, name);
CREATE INDEX held_key ON held (integration, key);
