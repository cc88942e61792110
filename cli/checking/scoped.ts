// Asks a place for the statements of a scope.
// Invariant: texts are looked at here and not by the store, because "perhaps" is an answer too.
// Not here: what is asked for (gather.ts, scope-doubts.ts).

import type { StatementFacts, StatementFilter, StatementsReport } from '../../facts/answers.js';
import type { Scope } from '../../reports/check/asked/conditions.js';
import type { TimeRange } from '../../reports/questions/grammar.js';
import type { Place } from '../reading/place.js';

/** The catalogue knows to the millisecond when a statement ran last; the buckets of counts are coarser. */
export function ranIn({ calls, errors, lastSeenMs }: StatementFacts, { sinceMs }: TimeRange): boolean {
  return calls + errors > 0 && (sinceMs === undefined || lastSeenMs === 0 || lastSeenMs >= sinceMs);
}

/** The part of a scope that the store narrows. Texts are looked at here, where "perhaps" is an answer. */
export function filterOf({ source, construct, handwritten, pool, tags }: Scope): StatementFilter {
  return { source, construct, handwritten, pool, tags: tags.length === 0 ? undefined : tags };
}

export function statementsOf(
  place: Place,
  asked: { range: TimeRange; filter: StatementFilter; hidden: readonly string[] },
): Promise<StatementsReport> {
  return place.statements({ ...asked, sort: 'total', limit: 0, minMs: 0, form: 'mergeable' });
}
