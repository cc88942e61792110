// Schema version 6: single units of work, as examples of their route.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: choosing them (analyzer/work/). Older files have none; theirs begin with this version.

export const UNIT_SAMPLES = `
-- Of each route and stretch the unit with the highest rank. Hours are kept as long as minutes of counts, days as days.
CREATE TABLE unit_sample (
  span_s             INTEGER NOT NULL, -- 3600, 86400
  bucket_min         INTEGER NOT NULL, -- of its first statement
  request_series_id  INTEGER NOT NULL,
  kind               TEXT NOT NULL,    -- 'slowest', 'random'
  rank               REAL NOT NULL,    -- its time in ns, or a random number
  boundary           TEXT NOT NULL,    -- how it was found: 'tags', 'connection', 'driver', 'transaction', 'burst'
  request_id         TEXT NOT NULL,    -- that its tags give
  at_ms              INTEGER NOT NULL, -- its first statement was sent
  duration_ms        REAL NOT NULL,    -- until its last one ended
  service_ns         INTEGER NOT NULL, -- time in the database
  executions         INTEGER NOT NULL, -- housekeeping included
  statements         TEXT NOT NULL,    -- JSON list, in order, of the first 100
  PRIMARY KEY (span_s, bucket_min, request_series_id, kind)
) STRICT, WITHOUT ROWID;
`;
