// Schema version 8: parts of the configuration, for reports.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: what the names mean (sqlite/tables/settings.ts).

export const SETTINGS = `
CREATE TABLE setting (
  name   TEXT PRIMARY KEY, -- 'findings.accepted'
  value  TEXT NOT NULL     -- JSON
) STRICT, WITHOUT ROWID;
`;
