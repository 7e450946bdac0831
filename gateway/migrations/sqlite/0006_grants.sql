-- What approvers allowed for a while. A grant that has ended stays, for whoever asks what it was.
CREATE TABLE grants (
    id      TEXT PRIMARY KEY,
    ended   INTEGER NOT NULL, -- 0 or 1
    created INTEGER NOT NULL, -- microseconds since 1970
    body    TEXT NOT NULL
) STRICT;

CREATE INDEX grants_by_end ON grants (ended, created);

-- Whether the hold is a run without an approval that nobody has reviewed.
ALTER TABLE holds ADD COLUMN owes_review INTEGER NOT NULL DEFAULT 0;

CREATE INDEX holds_that_owe_a_review ON holds (created) WHERE owes_review = 1;
