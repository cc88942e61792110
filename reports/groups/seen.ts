// The values that filters can have: sources, constructs, pools, tables and tags that were seen.
// Invariant: it reads names alone, never counts; long lists are cut at VALUES_MAX and say so by their length.
// Not here: comparing what somebody typed with them (seen-filters.ts).

import * as v from 'valibot';
import { UNNAMED } from '../../facts/fleet/identity.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';

/** Values kept of one filter. */
export const VALUES_MAX = 1_000;

const strings = v.array(v.string());
const schema = v.object({
  sources: strings,
  constructs: strings,
  pools: strings,
  tables: strings,
  tags: v.record(v.string(), strings),
  /** Who observed. A sidecar of an older version names nobody. */
  identities: v.optional(
    v.array(v.object({ service: v.string(), environment: v.string(), instance: v.string() })),
    () => [UNNAMED],
  ),
});
/** Sorted. Also the JSON of /api/v1/filters. */
export type SeenValues = v.InferOutput<typeof schema>;

const VERBS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** Throws StoreError. */
export function reportSeen(reader: StoreReader): SeenValues {
  return reader.read((stored) => {
    const { summaries, ...names } = stored.seenNames();
    const tags = new Map<string, Set<string>>();
    for (const { key, value } of names.tags) tags.set(key, (tags.get(key) ?? new Set()).add(value));
    const tables = summaries.flatMap((summary) => summary.split(' ').filter((word) => !VERBS.has(word)));
    return {
      sources: sorted(names.sources),
      constructs: sorted(names.constructs),
      pools: sorted(names.pools),
      tables: sorted(tables),
      tags: Object.fromEntries([...tags].sort().map(([key, values]) => [key, sorted(values)])),
      identities: stored.identities(),
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
  const of = (name: Exclude<keyof SeenValues, 'tags' | 'identities'>): string[] =>
    sorted(all.flatMap((one) => one[name]));
  return {
    sources: of('sources'),
    constructs: of('constructs'),
    pools: of('pools'),
    tables: of('tables'),
    tags: Object.fromEntries([...tags].sort().map(([key, values]) => [key, sorted(values)])),
    identities: all.flatMap((one) => one.identities),
  };
}

function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort().slice(0, VALUES_MAX);
}
