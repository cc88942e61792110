// The recording of all versions, and the texts of it that nothing on the wire tells apart.
// Not here: making it (live.test.ts with PGWITNESS_RECORD_MATRIX=1).

import path from 'node:path';

/** Lines of `attribute` with labels, gzipped. */
export const RECORDING = path.join(import.meta.dirname, 'recording.jsonl.gz');

/** By hand, in one line as SQLAlchemy writes it too: docs/ATTRIBUTION.md, "What it cannot see". */
export const KNOWN: readonly RegExp[] = [
  /^select set_masklen\(/i,
  /^create index concurrently lib_later/i,
  /^insert into bare \(name, n\) values/i,
];
