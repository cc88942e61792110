// Schema version 10: lost executions whose text was known.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: which are known (analyzer/lost-statements.ts). The table loss counts these too.

export const LOST_STATEMENTS = `
CREATE TABLE lost_statement (
  minute_min   INTEGER NOT NULL,
  reason       TEXT NOT NULL,
  fingerprint  TEXT NOT NULL,
  source       TEXT NOT NULL,
  construct    TEXT NOT NULL,
  pool_id      TEXT NOT NULL,
  query        TEXT NOT NULL,    -- normalised
  summary      TEXT NOT NULL,
  count        INTEGER NOT NULL, -- executions; at most those of the minute and reason in loss
  PRIMARY KEY (minute_min, reason, fingerprint, source, construct, pool_id)
) STRICT, WITHOUT ROWID;
`;
