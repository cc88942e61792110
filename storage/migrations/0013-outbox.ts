// Schema version 13: buckets that changed, for sending them to the store of a fleet.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: what is sent when. What older files hold counts as changed.

export const OUTBOX = `
-- A minute, hour or day that is over, with the number of its last change. It outlives the rows, so that those that were
-- dropped before they were sent can be counted.
CREATE TABLE outbox (
  span_s      INTEGER NOT NULL,
  bucket_min  INTEGER NOT NULL,
  changed     INTEGER NOT NULL, -- rises with every change, near to the Unix ms of it
  rows        INTEGER NOT NULL, -- when it was rolled up
  PRIMARY KEY (span_s, bucket_min)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox_clock (
  only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
  store     INTEGER NOT NULL, -- random: tells this file from others of the same instance
  changed   INTEGER NOT NULL  -- the last number that was given
) STRICT;
INSERT INTO outbox_clock VALUES (1, abs(random() % 9007199254740991), CAST(unixepoch('subsec') * 1000 AS INTEGER));

INSERT INTO outbox
  WITH RECURSIVE
    state AS (SELECT f.*, c.changed FROM fold_state f, outbox_clock c WHERE f.first_min IS NOT NULL),
    level (span_s, step, since, until) AS (
      SELECT 86400, 1440, max(days_kept_from_min, first_min - first_min % 1440), hours_folded_to_min - 1439 FROM state
      UNION ALL SELECT 3600, 60, max(hours_kept_from_min, first_min - first_min % 60), hours_folded_to_min - 59 FROM state
      UNION ALL SELECT 60, 1, max(minutes_kept_from_min, first_min), minutes_folded_to_min FROM state
    ),
    bucket (span_s, step, bucket_min, until) AS (
      SELECT span_s, step, since, until FROM level WHERE since < until
      UNION ALL SELECT span_s, step, bucket_min + step, until FROM bucket WHERE bucket_min + step < until
    )
  SELECT span_s, bucket_min, changed + row_number() OVER (ORDER BY bucket_min, span_s DESC), 0 FROM bucket, state;
UPDATE outbox_clock SET changed = max(changed, (SELECT ifnull(max(changed), 0) FROM outbox));
`;
