-- Tasks may share a batch: the index of an attempt's first command in it, NULL
-- for 0.
ALTER TABLE attempts ADD COLUMN first INTEGER;
