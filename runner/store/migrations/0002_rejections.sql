-- Which rule rejected how many offers, for each revision of a run, with the
-- cheapest of them as the example. One row a rule, however many offers there are.
CREATE TABLE rejections (
  run           INTEGER NOT NULL REFERENCES runs,
  revision      INTEGER NOT NULL,
  rule          TEXT    NOT NULL,
  count         INTEGER NOT NULL CHECK (count > 0),
  first_at      INTEGER NOT NULL,
  last_at       INTEGER NOT NULL,
  provider      TEXT    NOT NULL,
  provider_name TEXT    NOT NULL,
  per_hour      TEXT    NOT NULL,
  why           TEXT    NOT NULL,
  PRIMARY KEY (run, revision, rule)
) STRICT, WITHOUT ROWID;
