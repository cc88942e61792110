// Schema version 5: findings, what is wrong in how requests use the database.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: the rules (analyzer/findings/). Older files have none; theirs begin with this version.

export const FINDINGS = `
CREATE TABLE finding (
  finding_id     TEXT PRIMARY KEY, -- of kind, statements, pools and route: the same on every machine
  kind           TEXT NOT NULL,
  confidence     TEXT NOT NULL,    -- 'strong', 'weak'
  found          TEXT NOT NULL,    -- how its units were found: 'direct', 'heuristic'
  route          TEXT NOT NULL,    -- route, job or command; '' = untagged
  statements     TEXT NOT NULL,    -- JSON list of {fingerprint, source, role}
  pools          TEXT NOT NULL,    -- JSON list of pool ids
  callers        TEXT NOT NULL,    -- JSON list of file:line, those of the last flush
  units          INTEGER NOT NULL, -- units of work that showed it
  times          INTEGER NOT NULL, -- repetitions, or statements concerned, of all of them
  times_max      INTEGER NOT NULL, -- … of one unit
  cost_ns        INTEGER NOT NULL, -- time in the database, or idle, of all of them
  first_seen_ms  INTEGER NOT NULL,
  last_seen_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_last_seen ON finding (last_seen_ms);
`;
