-- Offers as they were judged last, so that edited policies can judge them again.
-- One row for what a provider offers, however often it comes; the oldest go when
-- there are too many.
CREATE TABLE offers (
  key           INTEGER PRIMARY KEY,
  run           INTEGER NOT NULL REFERENCES runs,
  provider      TEXT    NOT NULL,
  digest        TEXT    NOT NULL, -- of the properties
  provider_name TEXT    NOT NULL,
  properties    TEXT    NOT NULL,
  env           TEXT    NOT NULL, -- what else the policies saw
  rule          TEXT    NOT NULL, -- what rejected it, or ''
  score         REAL,             -- NULL where it was rejected
  revision      INTEGER NOT NULL,
  times         INTEGER NOT NULL CHECK (times > 0),
  first_at      INTEGER NOT NULL,
  last_at       INTEGER NOT NULL,
  UNIQUE (run, provider, digest)
) STRICT;

CREATE INDEX offers_last ON offers (last_at);
