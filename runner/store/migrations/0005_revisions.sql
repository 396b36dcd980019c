-- A document that waits until the process at work takes it over, and the revision
-- that each decision was made by; 0 is from before it was recorded.

ALTER TABLE runs ADD COLUMN proposed INTEGER NOT NULL DEFAULT 0; -- number of a revision, 0 for none
ALTER TABLE revisions ADD COLUMN adopted_at INTEGER;
ALTER TABLE revisions ADD COLUMN refused TEXT NOT NULL DEFAULT '';
UPDATE revisions SET adopted_at = applied_at;
ALTER TABLE events ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN revision INTEGER NOT NULL DEFAULT 0; -- that it was stopped by
ALTER TABLE attempts ADD COLUMN revision INTEGER NOT NULL DEFAULT 0; -- that its end was judged by
