-- The trail. `body` is the record's text as it was hashed; the columns beside it repeat of it what
-- `kguard audit list` filters by.
CREATE TABLE entries (
    seq        INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL,
    at         INTEGER NOT NULL, -- microseconds since 1970
    event      TEXT NOT NULL,
    request_id BLOB,
    hold       TEXT,
    caller     TEXT,
    cluster    TEXT,
    decision   TEXT,
    verb       TEXT,
    namespace  TEXT,
    body       TEXT NOT NULL
) STRICT;

CREATE INDEX entries_by_time ON entries (at);
CREATE INDEX entries_by_request ON entries (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX entries_by_hold ON entries (hold) WHERE hold IS NOT NULL;

-- Signatures over the trail, as JSON.
CREATE TABLE checkpoints (
    seq  INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- Requests that were sent on and have not ended: what a crash leaves behind.
CREATE TABLE open_requests (
    id BLOB PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    id      TEXT PRIMARY KEY,
    state   TEXT NOT NULL,
    created INTEGER NOT NULL,
    body    TEXT NOT NULL
) STRICT;

CREATE INDEX holds_by_state ON holds (state, created);
