-- What a history of holds is read by, whatever became of them.
CREATE INDEX holds_by_time ON holds (created, id);
