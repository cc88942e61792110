// Schema version 11: which requests are counted, for an observer that follows one that was killed.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: what the slots mean (analyzer/work/counted-requests.ts).

export const COUNTED_REQUESTS = `
CREATE TABLE counted_requests (
  slot  INTEGER PRIMARY KEY, -- 0 = open at the last flush; else ended, flushes take turns
  ids   TEXT NOT NULL        -- JSON array of hashes
) STRICT;
`;
