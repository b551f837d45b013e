-- Which attributes have lookups, as the integration's mapping named them when they were written.
-- Empty while they are written anew.
CREATE TABLE lookup_list (
    integration TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    attributes TEXT NOT NULL,
    PRIMARY KEY (integration, resource_type)
) WITHOUT ROWID;

CREATE INDEX resource_created ON resource (integration, resource_type, created);
CREATE INDEX resource_modified ON resource (integration, resource_type, modified);
