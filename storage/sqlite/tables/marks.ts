// Marks in the database: moments that windows are compared around.
// Invariant: an app version is marked once, when it was first seen. At most MARKS_MAX marks are kept; automatic ones go
// first, the oldest first. Not here: which moments become marks (analyzer/notable/marks.ts).

import type { MarkRow } from '../../../facts/flush.js';
import type { Rows } from '../file/rows.js';

const MARKS_MAX = 10_000;

const INSERT = 'INSERT INTO mark (at_ms, kind, name, fingerprint, source) VALUES (?, ?, ?, ?, ?)';
const KNOWN_VERSION = "SELECT 1 FROM mark WHERE kind = 'app-version' AND name = ? LIMIT 1";
const COUNT = 'SELECT count(*) AS count FROM mark';
const DROP_OLDEST = `DELETE FROM mark WHERE mark_id IN (
  SELECT mark_id FROM mark ORDER BY kind = 'manual', at_ms LIMIT max(0, ? - ${MARKS_MAX}))`;
const COLUMNS = 'at_ms AS atMs, kind, name, fingerprint, source';
const IN_WINDOW = `SELECT ${COLUMNS} FROM mark WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms, mark_id`;

/** Inside a transaction. */
export function writeMark(rows: Rows, mark: MarkRow): void {
  if (mark.kind === 'app-version' && rows.get(KNOWN_VERSION, mark.name) !== undefined) return;
  rows.run(INSERT, Math.round(mark.atMs), mark.kind, mark.name, mark.fingerprint, mark.source);
  const { count } = rows.get<{ count: number }>(COUNT)!;
  if (count > MARKS_MAX) rows.run(DROP_OLDEST, count);
}

/** Those in [sinceMs, untilMs), oldest first. */
export function marksIn(rows: Rows, window: { sinceMs: number; untilMs: number }): MarkRow[] {
  return rows.all<MarkRow>(IN_WINDOW, window.sinceMs, window.untilMs);
}

/** When the last mark of this name was set. */
export function markNamed(rows: Rows, name: string): number | undefined {
  const { atMs } = rows.get<{ atMs: number | null }>('SELECT max(at_ms) AS atMs FROM mark WHERE name = ?', name)!;
  return atMs ?? undefined;
}

/** When the last mark of each kind was set. */
export function latestMarks(rows: Rows): Array<{ kind: string; atMs: number }> {
  return rows.all('SELECT kind, max(at_ms) AS atMs FROM mark GROUP BY kind');
}
