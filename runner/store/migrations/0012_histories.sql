-- What a provider did in runs of a name on a payload, in activities that are over.
-- What is old fades: the numbers are as of updated_at.
CREATE TABLE histories (
  name       TEXT    NOT NULL,
  payload    TEXT    NOT NULL, -- as in runs
  provider   INTEGER NOT NULL REFERENCES providers,
  tasks      REAL    NOT NULL, -- done well
  faults     REAL    NOT NULL, -- attempts failed by the provider's fault
  own        REAL    NOT NULL, -- attempts failed by the task's own fault
  timeouts   REAL    NOT NULL, -- attempts that took too long
  results    REAL    NOT NULL,
  cost       REAL    NOT NULL, -- GLM accepted, of live activities too
  busy       REAL    NOT NULL, -- seconds of all attempts
  cpu        REAL    NOT NULL, -- seconds of processor time, all threads together
  lived      REAL    NOT NULL, -- seconds for which cpu was reported
  seen_at    INTEGER,          -- when the last attempt began or ended
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (name, payload, provider)
) STRICT, WITHOUT ROWID;

INSERT INTO histories
  SELECT name, '', provider, tasks, 0, 0, 0, 0, 0, busy, cpu, lived, updated_at, updated_at FROM paces;

DROP TABLE paces;

-- Runtime and image, '' for a run from before this was recorded: it counts for
-- every payload.
ALTER TABLE runs ADD COLUMN payload TEXT NOT NULL DEFAULT '';

-- Of the failures, by fault. What a task did everywhere is moved to own.
ALTER TABLE activities ADD COLUMN faults INTEGER NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN own INTEGER NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN timeouts INTEGER NOT NULL DEFAULT 0;
