-- What entries of the trail are found by, and where they stand in its file. All of it can be made
-- again from that file.
CREATE TABLE entries (
    seq        INTEGER PRIMARY KEY,
    start      INTEGER NOT NULL, -- in bytes from the beginning of the file
    length     INTEGER NOT NULL, -- of the line, without its end
    at         INTEGER NOT NULL, -- microseconds since 1970
    event      TEXT NOT NULL,
    request_id BLOB,
    hold       TEXT,
    caller     TEXT,
    cluster    TEXT,
    decision   TEXT,
    verb       TEXT,
    namespace  TEXT
) STRICT;

CREATE INDEX entries_by_time ON entries (at);
CREATE INDEX entries_by_request ON entries (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX entries_by_hold ON entries (hold) WHERE hold IS NOT NULL;

-- The checkpoint behind an entry.
CREATE TABLE checkpoints (
    seq    INTEGER PRIMARY KEY,
    start  INTEGER NOT NULL,
    length INTEGER NOT NULL
) STRICT;

-- Requests that were sent on and have not ended: what a crash leaves behind.
CREATE TABLE open_requests (
    id BLOB PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the file is indexed: one row.
CREATE TABLE progress (
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL,
    size INTEGER NOT NULL -- of the file
) STRICT;

INSERT INTO progress (seq, hash, size) VALUES (0, zeroblob(32), 0);

CREATE TABLE holds (
    id      TEXT PRIMARY KEY,
    state   TEXT NOT NULL,
    created INTEGER NOT NULL,
    body    TEXT NOT NULL
) STRICT;

CREATE INDEX holds_by_state ON holds (state, created);
