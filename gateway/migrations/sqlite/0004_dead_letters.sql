-- Notifications that could not be delivered.
CREATE TABLE dead_letters (
    id     TEXT PRIMARY KEY,
    failed INTEGER NOT NULL, -- microseconds since 1970
    body   TEXT NOT NULL
) STRICT;

CREATE INDEX dead_letters_by_time ON dead_letters (failed);
