// Sums of tag sets, refused where nobody can say which pool the executions belong to.
// Invariant: with a pool, every execution counted ran in that pool. Not here: the query (query-statements.ts).

import { UsageError } from '../config/values/errors.js';
import { keyOf } from '../facts/statement-facts.js';
import type { Span } from '../storage/reading/span.js';
import type { SeriesFilter, TagSums } from '../storage/reading/statement-rows.js';
import type { StoredFacts } from '../storage/reading/stored-facts.js';

/** Throws UsageError for a pool of whose statements some ran in other pools too: tag sets do not say in which. */
export function taggedSums(stored: StoredFacts, { segments }: Span, filter: SeriesFilter): TagSums[] {
  const sums = stored.tagSums(segments, filter);
  if (filter.pool === undefined || sums.length === 0) return sums;
  const fingerprints = [...new Set(sums.map(({ fingerprint }) => fingerprint))];
  const elsewhere = new Set(stored.alsoElsewhere({ pool: filter.pool, fingerprints }).map(keyOf));
  const shared = new Set(sums.map(keyOf).filter((key) => elsewhere.has(key))).size;
  if (shared === 0) return sums;
  const ran = shared === 1 ? '1 of these statements ran' : `${shared} of these statements ran`;
  throw new UsageError(`tags are counted by statement and not by pool, and ${ran} in other pools too`, {
    where: 'pool and tag',
    hint: 'leave one of them out',
  });
}
