-- Change sets, as JSON. What is run of them is in the trail.
CREATE TABLE plans (
    id      TEXT PRIMARY KEY,
    created INTEGER NOT NULL, -- microseconds since 1970
    expires INTEGER NOT NULL, -- microseconds since 1970
    body    TEXT NOT NULL
) STRICT;

CREATE INDEX plans_by_time ON plans (created);
