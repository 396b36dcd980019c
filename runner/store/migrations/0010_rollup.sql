-- Rows of what has ended are rolled up: deleted, once their figures are in the
-- tables below. A row is deleted without a look through all that might refer to
-- it, so references to rows that are many are dropped here.
-- Lists of more than two words are written out: SQLite makes a table of each, for
-- every row that is written.

CREATE TABLE tasks_new (
  id          INTEGER PRIMARY KEY,
  run         INTEGER NOT NULL REFERENCES runs,
  stage       INTEGER NOT NULL REFERENCES stages,
  idx         INTEGER NOT NULL,
  item        TEXT,
  parent      INTEGER, -- a task that may be rolled up
  state       TEXT    NOT NULL DEFAULT 'pending' CHECK (state = 'pending' OR state = 'running' OR state = 'done' OR state = 'failed'),
  attempts    INTEGER NOT NULL DEFAULT 0,
  next_try_at INTEGER,
  finished_at INTEGER,
  forgiven    INTEGER NOT NULL DEFAULT 0 CHECK (forgiven <= attempts),
  quarantined INTEGER NOT NULL DEFAULT 0 CHECK (quarantined = 0 OR quarantined = 1 AND state = 'failed'),
  result      INTEGER, -- seq of its result
  CHECK ((state = 'done' OR state = 'failed') = (finished_at IS NOT NULL)),
  CHECK (result IS NULL OR state = 'done')
) STRICT;

INSERT INTO tasks_new
  SELECT t.id, t.run, t.stage, t.idx, t.item, t.parent, t.state, t.attempts, t.next_try_at, t.finished_at,
    t.forgiven, t.quarantined, u.seq
  FROM tasks t LEFT JOIN results u ON u.task = t.id;

CREATE TABLE attempts_new (
  id          INTEGER PRIMARY KEY,
  task        INTEGER NOT NULL REFERENCES tasks_new,
  number      INTEGER NOT NULL,
  activity    INTEGER NOT NULL, -- there for as long as it has attempts, see activities.rolled
  state       TEXT    NOT NULL DEFAULT 'starting' CHECK (state = 'starting' OR state = 'running' OR state = 'done' OR state = 'failed' OR state = 'lost'),
  batch       TEXT,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER,
  fault       TEXT    CHECK (fault = 'task' OR fault = 'timeout' OR fault = 'provider'),
  exit_code   INTEGER,
  message     TEXT,
  stdout      BLOB,
  stderr      BLOB,
  revision    INTEGER NOT NULL DEFAULT 0, -- that its end was judged by
  first       INTEGER, -- index of its first command in the batch, NULL for 0
  UNIQUE (task, number),
  CHECK ((state = 'done' OR state = 'failed' OR state = 'lost') = (finished_at IS NOT NULL))
) STRICT;

INSERT INTO attempts_new
  SELECT id, task, number, activity, state, batch, started_at, finished_at, fault, exit_code, message, stdout, stderr,
    revision, first
  FROM attempts;

CREATE TABLE results_new (
  run     INTEGER NOT NULL REFERENCES runs,
  seq     INTEGER NOT NULL CHECK (seq > 0),
  task    INTEGER NOT NULL, -- is rolled up with it, like the attempt
  attempt INTEGER NOT NULL,
  value   TEXT    NOT NULL,
  count   INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO results_new SELECT run, seq, task, attempt, value, count FROM results;

DROP TABLE results;
DROP TABLE attempts;
DROP TABLE tasks;
ALTER TABLE tasks_new RENAME TO tasks;
ALTER TABLE attempts_new RENAME TO attempts;
ALTER TABLE results_new RENAME TO results;

CREATE INDEX tasks_fresh ON tasks (run) WHERE state = 'pending' AND parent IS NULL;
CREATE INDEX tasks_emitted ON tasks (run) WHERE state = 'pending' AND parent IS NOT NULL;
-- Those that are rolled up by themselves; those with a result go with it.
CREATE INDEX tasks_plain ON tasks (run) WHERE state = 'done' AND result IS NULL;
CREATE INDEX tasks_failed ON tasks (run) WHERE state = 'failed';

-- At most one attempt of a task is alive.
CREATE UNIQUE INDEX attempts_live ON attempts (task) WHERE finished_at IS NULL;
-- Those that went wrong keep their output, and are looked at.
CREATE INDEX attempts_wrong ON attempts (id) WHERE state IN ('failed', 'lost');

-- How many of the ended attempts, which are its batches, are rolled up.
ALTER TABLE activities ADD COLUMN rolled INTEGER NOT NULL DEFAULT 0;
-- The debit notes that are rolled up: how many, and the time of the latest.
ALTER TABLE activities ADD COLUMN rolled_notes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN rolled_until INTEGER;

CREATE INDEX bills_agreement ON bills (agreement);
CREATE INDEX allocations_ended ON allocations (run, key) WHERE ended_at IS NOT NULL;
CREATE INDEX demands_ended ON demands (run, ended_at) WHERE ended_at IS NOT NULL;

-- The first line of the results file: of which task it is, and of which result,
-- as if every result from there on had its line.
ALTER TABLE runs ADD COLUMN file_task INTEGER;
ALTER TABLE runs ADD COLUMN file_seq INTEGER NOT NULL DEFAULT 1;
UPDATE runs SET file_task = (SELECT task FROM results WHERE run = key AND seq = 1) WHERE results_exported > 0;

-- What the rows of a run came to that are rolled up.
CREATE TABLE rolled (
  run        INTEGER PRIMARY KEY REFERENCES runs,
  done       INTEGER NOT NULL DEFAULT 0, -- tasks
  failed     INTEGER NOT NULL DEFAULT 0, -- tasks
  attempts   INTEGER NOT NULL DEFAULT 0,
  results    INTEGER NOT NULL DEFAULT 0, -- all up to this seq, in fact
  agreements INTEGER NOT NULL DEFAULT 0,
  invoices   INTEGER NOT NULL DEFAULT 0, -- agreements with an accepted one
  activities INTEGER NOT NULL DEFAULT 0,
  batches    INTEGER NOT NULL DEFAULT 0, -- of those activities, like the rest
  counted    INTEGER NOT NULL DEFAULT 0, -- results
  failures   INTEGER NOT NULL DEFAULT 0,
  busy_us    INTEGER NOT NULL DEFAULT 0,
  timed      INTEGER NOT NULL DEFAULT 0, -- batches of those that have a busy_us
  cost       TEXT    NOT NULL DEFAULT '0',
  accepted   TEXT    NOT NULL DEFAULT '0', -- of the agreements
  bills      INTEGER NOT NULL DEFAULT 0,
  events     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Why agreements with a provider ended that are rolled up.
CREATE TABLE rolled_ends (
  run      INTEGER NOT NULL REFERENCES runs,
  provider INTEGER NOT NULL REFERENCES providers,
  code     TEXT    NOT NULL, -- the reason without its details
  count    INTEGER NOT NULL CHECK (count > 0),
  PRIMARY KEY (run, provider, code)
) STRICT, WITHOUT ROWID;

-- What bills that are rolled up charged, for the windows of the budget. What no
-- window looks at any more is added up by the hour.
CREATE TABLE spends (
  run    INTEGER NOT NULL REFERENCES runs,
  at     INTEGER NOT NULL,
  amount TEXT    NOT NULL,
  PRIMARY KEY (run, at)
) STRICT, WITHOUT ROWID;
