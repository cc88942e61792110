// Schema version 9: an example of each finding.
// Invariant: committed SQL here never changes again; a change is a new file with the next number.
// Not here: choosing it (analyzer/findings/). Findings of older files get theirs when they are seen again.

export const FINDING_SAMPLES = `
-- A unit of work that shows it, as JSON: its time, tags, and up to 100 statements in order. NULL = none is kept.
ALTER TABLE finding ADD COLUMN sample TEXT;
`;
