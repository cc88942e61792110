// Schema version 4: requests, per route and minute, and each statement within them.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: how a request is found (analyzer/work/). Older files have none; theirs begin with this version.
//
// A request is counted in the bucket of its first statement. Columns *_squared and *_ns2 are sums of squares of whole
// requests, so that mean and variance per request follow. They leave 64 bits soon and are REAL.

export const REQUESTS = `
CREATE TABLE request_series (
  request_series_id  INTEGER PRIMARY KEY,
  instance           TEXT NOT NULL,
  found              TEXT NOT NULL, -- 'direct': tags or a short connection say it; 'heuristic'
  tag_set            TEXT NOT NULL, -- JSON object with sorted keys, without the caller; '' = untagged, or '(other)'
  UNIQUE (tag_set, found, instance)
) STRICT;

-- statements, repeated and rows leave out housekeeping; time and errors are of all.
-- Histograms are of requests that ended.
CREATE TABLE request_rollup (
  span_s               INTEGER NOT NULL,
  bucket_min           INTEGER NOT NULL,
  request_series_id    INTEGER NOT NULL,
  requests             INTEGER NOT NULL, -- that sent at least one statement
  idle_requests        INTEGER NOT NULL, -- that sent none, where the application counts them
  statements           INTEGER NOT NULL,
  statements_squared   REAL NOT NULL,
  statements_max       INTEGER NOT NULL,
  repeated             INTEGER NOT NULL, -- executions of a statement that its request had run before
  service_total_ns     INTEGER NOT NULL,
  service_squared_ns2  REAL NOT NULL,
  service_max_ns       INTEGER NOT NULL,
  rows                 INTEGER NOT NULL,
  rows_squared         REAL NOT NULL,
  errors               INTEGER NOT NULL,
  statement_histogram  BLOB NOT NULL,    -- statements per request
  service_histogram    BLOB NOT NULL,    -- ns per request
  PRIMARY KEY (span_s, bucket_min, request_series_id)
) STRICT, WITHOUT ROWID;

-- The same requests by source and pool, housekeeping included.
CREATE TABLE request_part_rollup (
  span_s             INTEGER NOT NULL,
  bucket_min         INTEGER NOT NULL,
  request_series_id  INTEGER NOT NULL,
  source             TEXT NOT NULL,
  pool_id            TEXT NOT NULL,
  statements         INTEGER NOT NULL,
  service_total_ns   INTEGER NOT NULL,
  PRIMARY KEY (span_s, bucket_min, request_series_id, source, pool_id)
) STRICT, WITHOUT ROWID;

-- One statement within the requests that ran it; a request counts once, under the tag set of its first execution.
CREATE TABLE request_statement_rollup (
  span_s               INTEGER NOT NULL,
  bucket_min           INTEGER NOT NULL,
  tag_series_id        INTEGER NOT NULL,
  requests             INTEGER NOT NULL,
  executions           INTEGER NOT NULL,
  executions_squared   REAL NOT NULL,
  service_total_ns     INTEGER NOT NULL,
  service_squared_ns2  REAL NOT NULL,
  rows                 INTEGER NOT NULL,
  rows_squared         REAL NOT NULL,
  PRIMARY KEY (span_s, bucket_min, tag_series_id)
) STRICT, WITHOUT ROWID;
`;
