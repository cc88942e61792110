// Schema version 7: when an observer ran, and what went past it.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: who notes it (observer/). Older files say nothing of the time before this version.

export const WATCHED = `
CREATE TABLE watched_time (
  from_min   INTEGER PRIMARY KEY, -- the first minute of a run of the observer
  until_min  INTEGER NOT NULL     -- the last minute in which it flushed
) STRICT, WITHOUT ROWID;
CREATE TABLE bypass_sample (
  minute_min   INTEGER PRIMARY KEY,
  connections  INTEGER,          -- past pgwitness at that moment; NULL = it could not be told
  clients      TEXT NOT NULL,    -- JSON list of {user, application_name, connections}
  reason       TEXT NOT NULL     -- why it could not be told; '' = it was
) STRICT, WITHOUT ROWID;
`;
