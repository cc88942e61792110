// Schema version 14: rows of large flushes that wait to be written.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: the bytes of a row (sqlite/journal/packed-row.ts), when they are written (sqlite/journal/journal.ts).

export const JOURNAL = `
-- What a large flush counted in a minute, and is not in the rollup tables yet: it will be when the minute is over.
CREATE TABLE journal (
  journal_id  INTEGER PRIMARY KEY,
  at_ms       INTEGER NOT NULL, -- of the flush
  minute      INTEGER NOT NULL,
  rows        INTEGER NOT NULL,
  packed      BLOB NOT NULL
) STRICT;

-- What of it is being written: the entries up to written_to of minutes up to this one, added up, of which the first
-- rows_written rows are written. NULL = all of them, and the entries are about to be dropped.
CREATE TABLE journal_state (
  only_row      INTEGER PRIMARY KEY CHECK (only_row = 1),
  written_to    INTEGER NOT NULL, -- 0 = nothing is being written
  minute        INTEGER NOT NULL,
  rows_written  INTEGER
) STRICT;
INSERT INTO journal_state VALUES (1, 0, 0, 0);
`;
