-- How long a provider's machines took over tasks of runs of a name, in activities
-- that are over. What is old fades: the numbers are as of updated_at.
CREATE TABLE paces (
  provider   INTEGER NOT NULL REFERENCES providers,
  name       TEXT    NOT NULL,
  tasks      REAL    NOT NULL,
  busy       REAL    NOT NULL,
  cpu        REAL    NOT NULL,
  lived      REAL    NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (name, provider)
) STRICT, WITHOUT ROWID;
