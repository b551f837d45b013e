-- Users whose account has another key than those know who refer to them. Each is looked at again
-- until nobody is behind; "times" tells a key that changed meanwhile.
CREATE TABLE moved (
    integration TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (integration, resource_id)
) WITHOUT ROWID;
