-- Times are UTC microseconds, amounts decimal text, documents JSON text.
-- "" in the records is NULL here where a column is unique or seldom set.
-- Rows refer to each other by small integers, because finished tasks are many.

PRAGMA application_id = 0x676c6d74; -- "glmt"

CREATE TABLE runs (
  key               INTEGER PRIMARY KEY,
  id                TEXT    NOT NULL UNIQUE CHECK (id <> ''),
  name              TEXT    NOT NULL,
  session           TEXT    NOT NULL,
  state             TEXT    NOT NULL CHECK (state IN ('running', 'done', 'failed', 'stopped', 'exhausted', 'paused', 'interrupted')),
  note              TEXT    NOT NULL DEFAULT '',
  revision          INTEGER NOT NULL,
  daemon            TEXT    NOT NULL,
  identity          TEXT    NOT NULL,
  stop_asked        INTEGER NOT NULL DEFAULT 0 CHECK (stop_asked IN (0, 1)),
  created_at        INTEGER NOT NULL,
  started_at        INTEGER,
  finished_at       INTEGER,
  results_path      TEXT    NOT NULL DEFAULT '',
  results_offset    INTEGER NOT NULL DEFAULT 0,
  results_exported  INTEGER NOT NULL DEFAULT 0,
  agreement_cursor  TEXT    NOT NULL DEFAULT '',
  debit_note_cursor TEXT    NOT NULL DEFAULT '',
  invoice_cursor    TEXT    NOT NULL DEFAULT '',
  last_seq          INTEGER NOT NULL DEFAULT 0, -- of its results
  accepted          TEXT    NOT NULL DEFAULT '0',
  paid              TEXT    NOT NULL DEFAULT '0',
  CHECK ((state NOT IN ('running', 'paused')) = (finished_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX runs_session ON runs (session) WHERE session <> '';

CREATE TABLE revisions (
  run        INTEGER NOT NULL REFERENCES runs,
  number     INTEGER NOT NULL CHECK (number > 0),
  file       TEXT    NOT NULL,
  dir        TEXT    NOT NULL,
  text       BLOB    NOT NULL,
  workers    TEXT    NOT NULL,
  max_price  TEXT    NOT NULL,
  budget     TEXT    NOT NULL,
  applied_at INTEGER NOT NULL,
  PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

-- A stage has the cursor of its source and the counters of its tasks.
CREATE TABLE stages (
  key      INTEGER PRIMARY KEY,
  run      INTEGER NOT NULL REFERENCES runs,
  name     TEXT    NOT NULL,
  position TEXT,
  next     INTEGER NOT NULL DEFAULT 0,
  ended    INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
  pending  INTEGER NOT NULL DEFAULT 0 CHECK (pending >= 0),
  running  INTEGER NOT NULL DEFAULT 0 CHECK (running >= 0),
  done     INTEGER NOT NULL DEFAULT 0 CHECK (done >= 0),
  failed   INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  results  INTEGER NOT NULL DEFAULT 0 CHECK (results >= 0),
  UNIQUE (run, name)
) STRICT;

CREATE TABLE providers (
  key          INTEGER PRIMARY KEY,
  id           TEXT    NOT NULL UNIQUE,
  name         TEXT    NOT NULL,
  successes    INTEGER NOT NULL DEFAULT 0,
  failures     INTEGER NOT NULL DEFAULT 0,
  refusals     INTEGER NOT NULL DEFAULT 0,
  results      INTEGER NOT NULL DEFAULT 0,
  cost         TEXT    NOT NULL DEFAULT '0',
  last_failure INTEGER
) STRICT;

CREATE TABLE agreements (
  key           INTEGER PRIMARY KEY,
  run           INTEGER NOT NULL REFERENCES runs,
  id            TEXT    UNIQUE,
  state         TEXT    NOT NULL CHECK (state IN ('creating', 'created', 'confirmed', 'approved', 'ending', 'ended', 'failed', 'lost')),
  demand        TEXT    NOT NULL,
  proposal      TEXT    NOT NULL,
  provider      INTEGER NOT NULL REFERENCES providers,
  provider_name TEXT    NOT NULL,
  offer         TEXT    NOT NULL,
  pricing       TEXT    NOT NULL,
  platform      TEXT    NOT NULL,
  interval_us   INTEGER NOT NULL,
  agreed_at     INTEGER,
  created_at    INTEGER NOT NULL,
  ended_at      INTEGER,
  reason        TEXT    NOT NULL DEFAULT '',
  accepted      TEXT    NOT NULL DEFAULT '0',
  paid          TEXT    NOT NULL DEFAULT '0',
  invoice       TEXT    NOT NULL DEFAULT '',
  invoice_state TEXT    CHECK (invoice_state IN ('received', 'accepting', 'accepted', 'refused', 'ignored', 'settled')),
  invoice_total TEXT    NOT NULL DEFAULT '0',
  wait_until    INTEGER,
  CHECK ((state IN ('ended', 'failed', 'lost')) = (ended_at IS NOT NULL))
) STRICT;

CREATE INDEX agreements_run ON agreements (run);
CREATE INDEX agreements_live ON agreements (run) WHERE ended_at IS NULL;
CREATE INDEX agreements_unsettled ON agreements (run)
  WHERE state = 'ended' AND coalesce(invoice_state, '') NOT IN ('accepted', 'settled');
CREATE INDEX agreements_awaited ON agreements (run, wait_until) WHERE state = 'ended' AND invoice_state IS NULL;

CREATE TABLE activities (
  key           INTEGER PRIMARY KEY,
  run           INTEGER NOT NULL REFERENCES runs,
  agreement     INTEGER NOT NULL REFERENCES agreements,
  id            TEXT    UNIQUE,
  state         TEXT    NOT NULL CHECK (state IN ('creating', 'created', 'preparing', 'ready', 'stopping', 'ended', 'failed', 'lost')),
  created_at    INTEGER NOT NULL,
  ready_at      INTEGER,
  ended_at      INTEGER,
  reason        TEXT    NOT NULL DEFAULT '',
  batches       INTEGER NOT NULL DEFAULT 0,
  results       INTEGER NOT NULL DEFAULT 0,
  failures      INTEGER NOT NULL DEFAULT 0,
  streak        INTEGER NOT NULL DEFAULT 0,
  busy_us       INTEGER NOT NULL DEFAULT 0,
  last_task     INTEGER,
  usage         TEXT,
  usage_at      INTEGER,
  billed        TEXT    NOT NULL DEFAULT '0',
  billed_at     INTEGER,
  accepted      TEXT    NOT NULL DEFAULT '0',
  paid          TEXT    NOT NULL DEFAULT '0',
  authorised    TEXT    NOT NULL DEFAULT '0',
  prepare_batch TEXT    NOT NULL DEFAULT '',
  CHECK ((state IN ('ended', 'failed', 'lost')) = (ended_at IS NOT NULL))
) STRICT;

CREATE INDEX activities_run ON activities (run);
CREATE INDEX activities_live ON activities (run) WHERE ended_at IS NULL;
CREATE INDEX activities_agreement ON activities (agreement);

CREATE TABLE tasks (
  id          INTEGER PRIMARY KEY,
  run         INTEGER NOT NULL REFERENCES runs,
  stage       INTEGER NOT NULL REFERENCES stages,
  idx         INTEGER NOT NULL,
  item        TEXT,
  parent      INTEGER REFERENCES tasks,
  state       TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'failed')),
  attempts    INTEGER NOT NULL DEFAULT 0,
  next_try_at INTEGER,
  finished_at INTEGER,
  CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL))
) STRICT;

CREATE INDEX tasks_fresh ON tasks (run) WHERE state = 'pending' AND parent IS NULL;
CREATE INDEX tasks_emitted ON tasks (run) WHERE state = 'pending' AND parent IS NOT NULL;

CREATE TABLE attempts (
  id          INTEGER PRIMARY KEY,
  task        INTEGER NOT NULL REFERENCES tasks,
  number      INTEGER NOT NULL,
  activity    INTEGER NOT NULL REFERENCES activities,
  state       TEXT    NOT NULL DEFAULT 'starting' CHECK (state IN ('starting', 'running', 'done', 'failed', 'lost')),
  batch       TEXT,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER,
  fault       TEXT    CHECK (fault IN ('task', 'timeout', 'provider')),
  exit_code   INTEGER,
  message     TEXT,
  stdout      BLOB,
  stderr      BLOB,
  UNIQUE (task, number),
  CHECK ((state IN ('done', 'failed', 'lost')) = (finished_at IS NOT NULL))
) STRICT;

-- At most one attempt of a task is alive.
CREATE UNIQUE INDEX attempts_live ON attempts (task) WHERE finished_at IS NULL;
-- Those that went wrong keep their output, and are looked at.
CREATE INDEX attempts_wrong ON attempts (id) WHERE state IN ('failed', 'lost');

CREATE TABLE results (
  run     INTEGER NOT NULL REFERENCES runs,
  seq     INTEGER NOT NULL CHECK (seq > 0),
  task    INTEGER NOT NULL REFERENCES tasks,
  attempt INTEGER NOT NULL REFERENCES attempts,
  value   TEXT    NOT NULL,
  count   INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE bills (
  key        INTEGER PRIMARY KEY, -- the order in which they came
  id         TEXT    NOT NULL UNIQUE,
  kind       TEXT    NOT NULL CHECK (kind IN ('debit_note', 'invoice')),
  run        INTEGER NOT NULL REFERENCES runs,
  agreement  INTEGER NOT NULL REFERENCES agreements,
  activity   INTEGER REFERENCES activities,
  total      TEXT    NOT NULL,
  increment  TEXT    NOT NULL DEFAULT '0',
  state      TEXT    NOT NULL CHECK (state IN ('received', 'accepting', 'accepted', 'refused', 'ignored', 'settled')),
  reason     TEXT    NOT NULL DEFAULT '',
  issued_at  INTEGER,
  seen_at    INTEGER NOT NULL,
  decided_at INTEGER,
  usage      TEXT,
  CHECK ((kind = 'debit_note') = (activity IS NOT NULL)),
  CHECK ((state IN ('received', 'accepting')) = (decided_at IS NULL))
) STRICT;

CREATE INDEX bills_notes ON bills (activity) WHERE activity IS NOT NULL;
CREATE INDEX bills_open ON bills (run) WHERE state IN ('received', 'accepting', 'refused');
CREATE INDEX bills_spent ON bills (run, decided_at) WHERE state IN ('accepted', 'settled') AND increment <> '0';

CREATE TABLE allocations (
  key        INTEGER PRIMARY KEY,
  run        INTEGER NOT NULL REFERENCES runs,
  id         TEXT    UNIQUE,
  state      TEXT    NOT NULL CHECK (state IN ('creating', 'active', 'released', 'lost')),
  platform   TEXT    NOT NULL,
  total      TEXT    NOT NULL,
  timeout    INTEGER,
  created_at INTEGER NOT NULL,
  ended_at   INTEGER,
  CHECK ((state IN ('released', 'lost')) = (ended_at IS NOT NULL))
) STRICT;

CREATE INDEX allocations_run ON allocations (run);

CREATE TABLE demands (
  id         TEXT    NOT NULL PRIMARY KEY,
  run        INTEGER NOT NULL REFERENCES runs,
  created_at INTEGER NOT NULL,
  ended_at   INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX demands_open ON demands (run) WHERE ended_at IS NULL;

-- What happened and why, tasks left out: their attempts are their history.
CREATE TABLE events (
  seq     INTEGER PRIMARY KEY,
  run     INTEGER NOT NULL REFERENCES runs,
  at      INTEGER NOT NULL,
  kind    TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  note    TEXT    NOT NULL
) STRICT;

CREATE INDEX events_run ON events (run);
