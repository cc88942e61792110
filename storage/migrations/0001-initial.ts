// Schema version 1: every table and view of the first version.
// Invariant: committed SQL here never changes; a change is a new file with the next number. Names end with their unit:
// _s seconds, _min minutes since the Unix epoch, _ms milliseconds, _ns nanoseconds. Not here: applying it (schema.ts).
//
// All *_rollup tables share one shape: (span_s, bucket_min) is the stretch of time that a row sums up. span_s is 60,
// 3600 or 86400, and 0 for the whole life of the file (bucket_min 0). A minute that is over is added to its hour and to
// the whole life, an hour to its day. fold_state says how far that went: a total is coarse rows and fine rows after it.

export const INITIAL_SCHEMA = `
CREATE TABLE fold_state (
  only_row               INTEGER PRIMARY KEY CHECK (only_row = 1),
  minutes_folded_to_min  INTEGER NOT NULL, -- minutes before it are in their hour and in span 0
  hours_folded_to_min    INTEGER NOT NULL, -- hours that start before it are in their day
  minutes_kept_from_min  INTEGER NOT NULL, -- span 60 rows before it are dropped or about to be
  hours_kept_from_min    INTEGER NOT NULL,
  days_kept_from_min     INTEGER NOT NULL,
  first_min              INTEGER,          -- first and last minute that anything was written for
  last_min               INTEGER
) STRICT;
INSERT INTO fold_state VALUES (1, 0, 0, 0, 0, 0, NULL, NULL);

-- What is counted: one number for each (instance, pool, source, construct, fingerprint), so that rollup rows stay short.
CREATE TABLE series (
  series_id    INTEGER PRIMARY KEY,
  instance     TEXT NOT NULL,
  pool_id      TEXT NOT NULL,
  source       TEXT NOT NULL,
  construct    TEXT NOT NULL,
  fingerprint  TEXT NOT NULL,
  UNIQUE (fingerprint, source, construct, pool_id, instance)
) STRICT;

-- Calls are executions that completed, errors those answered with an error; service_total_ns holds both.
-- min, max and histogram leave out batched calls; service_min_ns is NULL while there is none.
CREATE TABLE rollup (
  span_s                 INTEGER NOT NULL,
  bucket_min             INTEGER NOT NULL,
  series_id              INTEGER NOT NULL,
  calls_certain          INTEGER NOT NULL,
  calls_strong           INTEGER NOT NULL,
  calls_weak             INTEGER NOT NULL,
  calls_none             INTEGER NOT NULL,
  batched_calls          INTEGER NOT NULL,
  errors                 INTEGER NOT NULL,
  rows                   INTEGER NOT NULL,
  requests               INTEGER NOT NULL, -- requests of the application that ran it, where comments name them
  request_bytes          INTEGER NOT NULL,
  response_bytes         INTEGER NOT NULL,
  service_total_ns       INTEGER NOT NULL,
  service_min_ns         INTEGER,
  service_max_ns         INTEGER NOT NULL,
  first_row_count        INTEGER NOT NULL,
  first_row_total_ns     INTEGER NOT NULL,
  client_stall_total_ns  INTEGER NOT NULL,
  wait_total_ns          INTEGER NOT NULL,
  histogram              BLOB NOT NULL,
  PRIMARY KEY (span_s, bucket_min, series_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_error (
  span_s      INTEGER NOT NULL,
  bucket_min  INTEGER NOT NULL,
  series_id   INTEGER NOT NULL,
  sqlstate    TEXT NOT NULL,
  errors      INTEGER NOT NULL,
  PRIMARY KEY (span_s, bucket_min, series_id, sqlstate)
) STRICT, WITHOUT ROWID;

-- The same executions once more by source alone: totals of a window without reading every statement.
CREATE TABLE source_rollup (
  span_s            INTEGER NOT NULL,
  bucket_min        INTEGER NOT NULL,
  source            TEXT NOT NULL,
  calls             INTEGER NOT NULL,
  errors            INTEGER NOT NULL,
  rows              INTEGER NOT NULL,
  service_total_ns  INTEGER NOT NULL,
  PRIMARY KEY (span_s, bucket_min, source)
) STRICT, WITHOUT ROWID;

-- tag_set is a JSON object with sorted keys, or '(other)'.
CREATE TABLE tag_series (
  tag_series_id  INTEGER PRIMARY KEY,
  fingerprint    TEXT NOT NULL,
  source         TEXT NOT NULL,
  tag_set        TEXT NOT NULL,
  UNIQUE (fingerprint, source, tag_set)
) STRICT;

CREATE TABLE tag_rollup (
  span_s            INTEGER NOT NULL,
  bucket_min        INTEGER NOT NULL,
  tag_series_id     INTEGER NOT NULL,
  calls             INTEGER NOT NULL,
  batched_calls     INTEGER NOT NULL,
  errors            INTEGER NOT NULL,
  rows              INTEGER NOT NULL,
  requests          INTEGER NOT NULL,
  service_total_ns  INTEGER NOT NULL,
  service_min_ns    INTEGER,
  service_max_ns    INTEGER NOT NULL,
  histogram         BLOB NOT NULL,
  PRIMARY KEY (span_s, bucket_min, tag_series_id)
) STRICT, WITHOUT ROWID;

-- The catalogue: normalised texts, never a literal. It outlives the rollups.
CREATE TABLE statement (
  fingerprint       TEXT PRIMARY KEY,
  query             TEXT NOT NULL,
  summary           TEXT NOT NULL,
  command           TEXT NOT NULL,
  key_hash          TEXT NOT NULL,
  grammar           TEXT NOT NULL,
  variants_dropped  INTEGER NOT NULL DEFAULT 0 -- times another text came when 20 were kept
) STRICT;

CREATE TABLE statement_variant (
  fingerprint  TEXT NOT NULL,
  key_hash     TEXT NOT NULL,
  query        TEXT NOT NULL,
  PRIMARY KEY (fingerprint, key_hash)
) STRICT, WITHOUT ROWID;

-- Lifetime counts, and the last verdict with its evidence: a JSON array of {rule, saw}.
CREATE TABLE statement_source (
  statement_source_id  INTEGER PRIMARY KEY,
  fingerprint          TEXT NOT NULL,
  source               TEXT NOT NULL,
  construct            TEXT NOT NULL,
  confidence           TEXT NOT NULL,
  first_seen_ms        INTEGER NOT NULL,
  last_seen_ms         INTEGER NOT NULL,
  calls                INTEGER NOT NULL,
  errors               INTEGER NOT NULL,
  evidence             TEXT NOT NULL,
  UNIQUE (fingerprint, source, construct)
) STRICT;

-- opened and closed are lifetime totals: their difference is what is open now. habits and evidence are JSON.
CREATE TABLE pool (
  pool_id           TEXT PRIMARY KEY,
  name              TEXT NOT NULL,
  owner             TEXT NOT NULL,
  user              TEXT NOT NULL,
  database          TEXT NOT NULL,
  application_name  TEXT NOT NULL,
  options           TEXT NOT NULL,
  client_network    TEXT NOT NULL,
  client_address    TEXT NOT NULL,
  server_version    TEXT NOT NULL,
  driver            TEXT NOT NULL,
  habits            TEXT NOT NULL,
  evidence          TEXT NOT NULL,
  first_seen_ms     INTEGER NOT NULL,
  last_seen_ms      INTEGER NOT NULL,
  opened            INTEGER NOT NULL DEFAULT 0,
  closed            INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE pool_rollup (
  span_s                  INTEGER NOT NULL,
  bucket_min              INTEGER NOT NULL,
  pool_id                 TEXT NOT NULL,
  opened                  INTEGER NOT NULL,
  closed                  INTEGER NOT NULL,
  lifetime_total_ms       INTEGER NOT NULL,
  connections_max         INTEGER NOT NULL,
  busy_max                INTEGER NOT NULL,
  active_ms               INTEGER NOT NULL,
  idle_ms                 INTEGER NOT NULL,
  idle_in_transaction_ms  INTEGER NOT NULL,
  transactions            INTEGER NOT NULL, -- that ended; a statement outside of BEGIN … COMMIT is none
  transaction_statements  INTEGER NOT NULL, -- in those, without BEGIN, COMMIT and ROLLBACK themselves
  transaction_total_ms    INTEGER NOT NULL,
  transaction_max_ms      INTEGER NOT NULL,
  transaction_histogram   BLOB NOT NULL,    -- of their durations
  PRIMARY KEY (span_s, bucket_min, pool_id)
) STRICT, WITHOUT ROWID;

-- All pools together; maxima within the bucket, busy at a resolution of one second.
CREATE TABLE fleet_rollup (
  span_s           INTEGER NOT NULL,
  bucket_min       INTEGER NOT NULL,
  connections_max  INTEGER NOT NULL,
  busy_max         INTEGER NOT NULL,
  PRIMARY KEY (span_s, bucket_min)
) STRICT, WITHOUT ROWID;

CREATE TABLE open_session (
  relay_id    TEXT NOT NULL,
  session_id  INTEGER NOT NULL,
  state       TEXT NOT NULL,
  PRIMARY KEY (relay_id, session_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE relay_progress (
  relay_id       TEXT PRIMARY KEY,
  last_sequence  INTEGER NOT NULL,
  updated_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was not observed: cumulative per counter, minute and reason.
CREATE TABLE loss (
  minute_min  INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  counter_id  TEXT NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (minute_min, reason, counter_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
  name   TEXT PRIMARY KEY,
  value  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Moments to compare around. kind: 'manual' (pgwitness mark), 'ddl' (seen on the wire), 'app-version' (a value of that tag not seen before).
CREATE TABLE mark (
  mark_id      INTEGER PRIMARY KEY,
  at_ms        INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  name         TEXT NOT NULL,
  fingerprint  TEXT NOT NULL DEFAULT '', -- of a DDL statement
  source       TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX mark_at ON mark (at_ms);
CREATE INDEX mark_name ON mark (name, at_ms);

-- The slowest executions of a statement, at most 10, without literals. transaction_position 0 = outside of a transaction.
CREATE TABLE slow_sample (
  fingerprint           TEXT NOT NULL,
  source                TEXT NOT NULL,
  at_ms                 INTEGER NOT NULL,
  service_ns            INTEGER NOT NULL,
  wait_ns               INTEGER NOT NULL,
  rows                  INTEGER NOT NULL,
  sqlstate              TEXT NOT NULL,
  pool_id               TEXT NOT NULL,
  tag_set               TEXT NOT NULL,
  trace_id              TEXT NOT NULL,
  request_id            TEXT NOT NULL,
  transaction_position  INTEGER NOT NULL,
  PRIMARY KEY (fingerprint, service_ns, at_ms)
) STRICT, WITHOUT ROWID;

-- The generic plan of a statement, asked for on a connection of our own (--samples-dsn), or why there is none.
CREATE TABLE plan (
  fingerprint     TEXT PRIMARY KEY,
  at_ms           INTEGER NOT NULL,
  server_version  TEXT NOT NULL,
  plan            TEXT NOT NULL, -- EXPLAIN's text; '' = none
  problem         TEXT NOT NULL
) STRICT;

-- Kept by the observer for the views: period is '1h', '24h', '7d' or 'all'. Percentiles are nearest-rank within 1 %.
-- min, max and percentiles are NULL where every call was batched.
CREATE TABLE statement_windows (
  period         TEXT NOT NULL,
  fingerprint    TEXT NOT NULL,
  source         TEXT NOT NULL,
  calls          INTEGER NOT NULL,
  batched_calls  INTEGER NOT NULL,
  errors         INTEGER NOT NULL,
  rows           INTEGER NOT NULL,
  total_ns       INTEGER NOT NULL,
  mean_ns        INTEGER NOT NULL,
  min_ns         INTEGER,
  max_ns         INTEGER,
  p50_ns         INTEGER,
  p95_ns         INTEGER,
  p99_ns         INTEGER,
  PRIMARY KEY (period, fingerprint, source)
) STRICT, WITHOUT ROWID;

-- Slowest total first. Statements sent as raw SQL, over the whole life of the file.
CREATE VIEW slow_raw_statements AS
SELECT w.fingerprint, coalesce(s.query, '(text unknown)') AS query, coalesce(s.summary, '') AS summary,
       w.calls, w.errors, w.rows,
       w.total_ns / 1e6 AS total_ms, w.mean_ns / 1e6 AS mean_ms, w.min_ns / 1e6 AS min_ms, w.max_ns / 1e6 AS max_ms,
       w.p50_ns / 1e6 AS p50_ms, w.p95_ns / 1e6 AS p95_ms, w.p99_ns / 1e6 AS p99_ms,
       (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', min(o.first_seen_ms) / 1000.0, 'unixepoch') FROM statement_source o
         WHERE o.fingerprint = w.fingerprint AND o.source = w.source) AS first_seen,
       (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', max(o.last_seen_ms) / 1000.0, 'unixepoch') FROM statement_source o
         WHERE o.fingerprint = w.fingerprint AND o.source = w.source) AS last_seen
  FROM statement_windows w LEFT JOIN statement s ON s.fingerprint = w.fingerprint
 WHERE w.period = 'all' AND w.source = 'raw'
 ORDER BY w.total_ns DESC, w.fingerprint;

-- Every statement and source over every period; construct and confidence are those of most executions.
CREATE VIEW statements AS
SELECT w.period, w.fingerprint, w.source, o.construct, o.confidence,
       coalesce(s.query, '(text unknown)') AS query, coalesce(s.summary, '') AS summary,
       w.calls, w.batched_calls, w.errors, w.rows,
       w.total_ns / 1e6 AS total_ms, w.mean_ns / 1e6 AS mean_ms, w.min_ns / 1e6 AS min_ms, w.max_ns / 1e6 AS max_ms,
       w.p50_ns / 1e6 AS p50_ms, w.p95_ns / 1e6 AS p95_ms, w.p99_ns / 1e6 AS p99_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.first_seen_ms / 1000.0, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%dT%H:%M:%fZ', o.last_seen_ms / 1000.0, 'unixepoch') AS last_seen
  FROM statement_windows w
  LEFT JOIN statement s ON s.fingerprint = w.fingerprint
  LEFT JOIN (SELECT fingerprint, source, construct, confidence,
                    row_number() OVER (PARTITION BY fingerprint, source ORDER BY calls + errors DESC, construct) AS place,
                    min(first_seen_ms) OVER (PARTITION BY fingerprint, source) AS first_seen_ms,
                    max(last_seen_ms) OVER (PARTITION BY fingerprint, source) AS last_seen_ms
               FROM statement_source) o
    ON o.fingerprint = w.fingerprint AND o.source = w.source AND o.place = 1;

CREATE VIEW pools AS
SELECT p.pool_id, p.name, p.owner, p.user, p.database, p.application_name, p.server_version, p.driver,
       max(p.opened - p.closed, 0) AS connections_now, p.opened, p.closed, p.habits,
       coalesce(t.transactions, 0) AS transactions,
       t.transaction_total_ms * 1.0 / nullif(t.transactions, 0) AS transaction_mean_ms, t.transaction_max_ms,
       t.transaction_statements * 1.0 / nullif(t.transactions, 0) AS statements_per_transaction,
       coalesce(t.idle_in_transaction_ms, 0) AS idle_in_transaction_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', p.first_seen_ms / 1000.0, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%dT%H:%M:%fZ', p.last_seen_ms / 1000.0, 'unixepoch') AS last_seen
  FROM pool p
  LEFT JOIN (SELECT pool_id, sum(transactions) AS transactions, sum(transaction_statements) AS transaction_statements,
                    sum(transaction_total_ms) AS transaction_total_ms, max(transaction_max_ms) AS transaction_max_ms,
                    sum(idle_in_transaction_ms) AS idle_in_transaction_ms
               FROM pool_rollup
              WHERE span_s = 0 OR (span_s = 60 AND bucket_min >= (SELECT minutes_folded_to_min FROM fold_state))
              GROUP BY pool_id) t ON t.pool_id = p.pool_id;

CREATE VIEW marks AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', at_ms / 1000.0, 'unixepoch') AS at, kind, name, fingerprint, source FROM mark;

CREATE VIEW slow_samples AS
SELECT s.fingerprint, s.source, strftime('%Y-%m-%dT%H:%M:%fZ', s.at_ms / 1000.0, 'unixepoch') AS at, s.service_ns / 1e6 AS service_ms,
       s.rows, s.sqlstate, coalesce(p.name, s.pool_id) AS pool, s.tag_set, s.trace_id, s.request_id, s.transaction_position
  FROM slow_sample s LEFT JOIN pool p ON p.pool_id = s.pool_id;

CREATE VIEW sources_by_hour AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', hour_min * 60, 'unixepoch') AS hour, source,
       sum(calls) AS calls, sum(errors) AS errors, sum(rows) AS rows, sum(service_total_ns) / 1e6 AS total_ms
  FROM (SELECT bucket_min AS hour_min, source, calls, errors, rows, service_total_ns
          FROM source_rollup WHERE span_s = 3600
        UNION ALL
        SELECT bucket_min - bucket_min % 60, source, calls, errors, rows, service_total_ns
          FROM source_rollup WHERE span_s = 60 AND bucket_min >= (SELECT minutes_folded_to_min FROM fold_state))
 GROUP BY hour_min, source;
`;
