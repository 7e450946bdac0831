-- What requests took out of budgets, as their entries say: what a gateway counts on from when it
-- starts.
CREATE TABLE spending (
    seq    INTEGER NOT NULL,
    budget TEXT NOT NULL,
    caller TEXT NOT NULL,
    at     INTEGER NOT NULL, -- microseconds since 1970
    amount INTEGER NOT NULL, -- pods or objects
    PRIMARY KEY (seq, budget)
) STRICT, WITHOUT ROWID;

CREATE INDEX spending_by_time ON spending (at);
