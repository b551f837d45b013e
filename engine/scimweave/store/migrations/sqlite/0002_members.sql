-- Members of groups are rows: to add one costs the same however many there are.
CREATE TABLE member (
    group_seq INTEGER NOT NULL REFERENCES resource (seq) ON DELETE CASCADE,
    member_seq INTEGER NOT NULL REFERENCES resource (seq) ON DELETE CASCADE,
    -- What the provider calls the member, where it says so.
    display TEXT,
    PRIMARY KEY (group_seq, member_seq)
) WITHOUT ROWID;

-- The other way round: the groups of a member, without a look at the table.
CREATE INDEX member_of ON member (member_seq, group_seq);
