-- Why the task of a failed attempt was tried again or given up: task.retry and the
-- values it saw.
ALTER TABLE attempts ADD COLUMN verdict TEXT;
