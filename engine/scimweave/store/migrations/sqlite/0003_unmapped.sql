-- Attributes that providers send and nothing maps.
CREATE TABLE unmapped (
    integration TEXT NOT NULL,
    attribute TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (integration, attribute)
) WITHOUT ROWID;
