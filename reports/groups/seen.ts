// The values that filters can have: sources, constructs, pools, tables and tags that were seen.
// Invariant: it reads names alone, never counts; long lists are cut at VALUES_MAX and say so by their length.
// Not here: comparing what somebody typed with them (seen-filters.ts).

import * as v from 'valibot';
import type { Reader } from '../../storage/sqlite/read/reader.js';

/** Values kept of one filter. */
export const VALUES_MAX = 1_000;

const names = v.array(v.string());
const schema = v.object({
  sources: names,
  constructs: names,
  pools: names,
  tables: names,
  tags: v.record(v.string(), names),
});
/** Sorted. Also the JSON of /api/v1/filters. */
export type SeenValues = v.InferOutput<typeof schema>;

const VERBS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** Throws StoreError. */
export function reportSeen(reader: Reader): SeenValues {
  return reader.read((rows) => {
    const named = (sql: string): string[] => rows.all<{ name: string }>(sql).map(({ name }) => name);
    const tags = new Map<string, Set<string>>();
    const pairs = rows.all<{ key: string; value: string }>(
      `SELECT DISTINCT pair.key AS key, CAST(pair.value AS TEXT) AS value
         FROM tag_series t, json_each(CASE WHEN json_valid(t.tag_set) THEN t.tag_set ELSE '{}' END) pair`,
    );
    for (const { key, value } of pairs) tags.set(key, (tags.get(key) ?? new Set()).add(value));
    const summaries = named(
      `SELECT DISTINCT summary AS name FROM statement WHERE substr(summary, 1, 6) IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE ')`,
    );
    const tables = summaries.flatMap((summary) => summary.split(' ').filter((word) => !VERBS.has(word)));
    return {
      sources: sorted(named('SELECT DISTINCT source AS name FROM series')),
      constructs: sorted(named(`SELECT DISTINCT construct AS name FROM series WHERE construct <> ''`)),
      pools: sorted(named('SELECT DISTINCT name FROM pool')),
      tables: sorted(tables),
      tags: Object.fromEntries([...tags].sort().map(([key, values]) => [key, sorted(values)])),
    };
  });
}

/** `value` as JSON.parse gives it. Throws valibot's ValiError. */
export function seenFromJson(value: unknown): SeenValues {
  return v.parse(schema, value);
}

/** At least one. */
export function mergeSeen(all: readonly SeenValues[]): SeenValues {
  const tags = new Map<string, string[]>();
  for (const one of all)
    for (const [key, values] of Object.entries(one.tags)) tags.set(key, [...(tags.get(key) ?? []), ...values]);
  const of = (name: Exclude<keyof SeenValues, 'tags'>): string[] => sorted(all.flatMap((one) => one[name]));
  return {
    sources: of('sources'),
    constructs: of('constructs'),
    pools: of('pools'),
    tables: of('tables'),
    tags: Object.fromEntries([...tags].sort().map(([key, values]) => [key, sorted(values)])),
  };
}

function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort().slice(0, VALUES_MAX);
}
