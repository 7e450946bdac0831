-- Objects as they were before a change, sealed: what they hold nobody reads out of this file.
CREATE TABLE pre_images (
    id      TEXT PRIMARY KEY, -- the request's
    hold    TEXT,
    at      INTEGER NOT NULL, -- microseconds since 1970
    expires INTEGER NOT NULL, -- microseconds since 1970
    about   TEXT NOT NULL,    -- what was changed by whom: JSON, and part of what the seal is over
    sealed  BLOB NOT NULL,
    outcome TEXT              -- a keyed digest of what the change left; none until that is known
) STRICT;

CREATE INDEX pre_images_by_hold ON pre_images (hold);
CREATE INDEX pre_images_by_time ON pre_images (at, id);
CREATE INDEX pre_images_by_end ON pre_images (expires);
