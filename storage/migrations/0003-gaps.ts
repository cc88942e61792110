// Schema version 3: gaps in what was counted, and relays that ended in order.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: who notices a gap (observer/). Relays of earlier versions count as ended, because nobody knows of them.

export const GAPS = `
CREATE TABLE gap (
  from_min    INTEGER NOT NULL,
  until_min   INTEGER NOT NULL, -- the last minute that belongs to it
  reason      TEXT NOT NULL,    -- 'killed', 'unstored', 'damaged', 'clock_stepped'
  executions  INTEGER,          -- NULL = nobody knows how many are missing
  PRIMARY KEY (from_min, until_min, reason)
) STRICT, WITHOUT ROWID;
ALTER TABLE relay_progress ADD COLUMN ended INTEGER NOT NULL DEFAULT 1; -- 0 = it runs, or it ended without a word
`;
