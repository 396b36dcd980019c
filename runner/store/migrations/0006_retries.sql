-- A task that failed for good may be put back by a user: its tries until then are
-- forgiven, and its retry policy sees only those that follow. A quarantined one
-- failed because it fails wherever it runs.
ALTER TABLE tasks ADD COLUMN forgiven INTEGER NOT NULL DEFAULT 0 CHECK (forgiven <= attempts);
ALTER TABLE tasks ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0 CHECK (quarantined = 0 OR quarantined = 1 AND state = 'failed');
ALTER TABLE runs ADD COLUMN retry_asked INTEGER NOT NULL DEFAULT 0 CHECK (retry_asked IN (0, 1));
