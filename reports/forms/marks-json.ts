// The JSON form of marks, and back: /api/v1/marks, `mark --json`, --url.
// Invariant: marksFromJson(marksJson(marks)) are the marks.
// Not here: setting marks (analyzer/notable/marks.ts, cli/commands/mark.ts).

import * as v from 'valibot';
import type { MarkRow } from '../../facts/flush.js';

const schema = v.object({
  marks: v.array(
    v.object({
      at: v.pipe(v.string(), v.isoTimestamp()),
      /** `ddl` and `app-version` were seen on the wire. */
      kind: v.picklist(['manual', 'ddl', 'app-version']),
      name: v.string(),
      /** Of the DDL statement; '' for other kinds. */
      fingerprint: v.string(),
    }),
  ),
});

export type MarksJson = v.InferOutput<typeof schema>;

export function marksJson(marks: readonly MarkRow[]): MarksJson {
  return {
    marks: marks.map(({ atMs, kind, name, fingerprint }) => ({
      at: new Date(atMs).toISOString(),
      kind,
      name,
      fingerprint,
    })),
  };
}

/** Throws valibot's ValiError on what marksJson did not make. */
export function marksFromJson(value: unknown): MarkRow[] {
  return v.parse(schema, value).marks.map(({ at, ...mark }) => ({ ...mark, atMs: Date.parse(at), source: '' }));
}
