-- A value that only one resource may have stands in place 0, any other in the place of its
-- resource: that two have a unique value is refused by the one key, without an index of its own.
CREATE TABLE new_lookup (
    integration TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    attribute TEXT NOT NULL,
    value TEXT NOT NULL,
    place INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES resource (seq) ON DELETE CASCADE,
    PRIMARY KEY (integration, resource_type, attribute, value, place)
) WITHOUT ROWID;

INSERT INTO new_lookup
SELECT integration, resource_type, attribute, value, iif(is_unique, 0, seq), seq FROM lookup;
DROP TABLE lookup;
ALTER TABLE new_lookup RENAME TO lookup;

-- By what a resource is found: all of it stands in the index.
CREATE INDEX lookup_resource ON lookup (seq, attribute, value);
