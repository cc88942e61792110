// Finds N+1: one read is repeated in a request, each time with other parameters.
// Invariant: a chunk of a batch, a cursor's FETCH, polling and a retry are none. Not here: writes (writes-in-loop.ts),
// the same parameters again (duplicate.ts).

import type { FindingStatement, FindingTold, Occurrence } from '../../facts/finding.js';
import type { UnitStatement } from '../../facts/work/unit.js';
import {
  BATCH_PARAMETERS_MIN,
  callerOf,
  costOf,
  distinctParameters,
  isRead,
  type Kind,
  poolsOf,
  REPEATED_MIN,
  tableWords,
} from './kind.js';
import type { UnitView } from './unit-view.js';

/** Without the rows of the statement before as a proof, so many repetitions are one. */
const PROVEN_BY_NUMBER = 10;
/** Rows that the statement before gave, as a share of the repetitions: about as many. */
const ROWS_SHARE = { least: 0.8, most: 1.25 } as const;

export const N_PLUS_ONE: Kind = {
  kind: 'n-plus-one',
  look(view) {
    const found: Occurrence[] = [];
    for (const repeated of view.byFingerprint.values()) {
      const occurrence = repeated.length < REPEATED_MIN ? undefined : occurrenceOf(view, repeated);
      if (occurrence !== undefined) found.push(occurrence);
    }
    return found;
  },
  excludes: (query) => /\bANY\s*\(|\bSKIP\s+LOCKED\b|^\s*FETCH\b/i.test(query),
  words(told) {
    const table = tableWords(told);
    const cause = told.statements.find(({ role }) => role === 'caused-by');
    const after = cause === undefined ? '' : `, after one on ${tableWords(told, 'caused-by')}`;
    return {
      title: `N+1 on ${table}: ${Math.round(told.timesMean)} reads per request${after}`,
      explanation:
        `One statement on ${table} runs ${Math.round(told.timesMean)} times in a request (at most ${told.timesMax}), each time with other parameters. ` +
        'Each of them costs a round trip, and the request grows with its rows.',
      nextStep: mendOf(told, table),
    };
  },
};

function occurrenceOf({ unit, own }: UnitView, repeated: readonly UnitStatement[]): Occurrence | undefined {
  const [first] = repeated;
  if (!isRead(first) || first.parameterCount >= BATCH_PARAMETERS_MIN) return undefined;
  const distinct = distinctParameters(repeated);
  if (distinct < REPEATED_MIN) return undefined;
  const cause = causeOf(own, first, distinct);
  const isMany = unit.found === 'direct' && distinct >= PROVEN_BY_NUMBER;
  const statements: FindingStatement[] = [{ fingerprint: first.fingerprint, source: first.source, role: 'repeated' }];
  if (cause !== undefined) statements.push({ fingerprint: cause.fingerprint, source: cause.source, role: 'caused-by' });
  return {
    kind: 'n-plus-one',
    confidence: cause !== undefined || isMany ? 'strong' : 'weak',
    statements,
    pools: poolsOf(repeated),
    times: repeated.length,
    costNs: costOf(repeated),
    caller: callerOf(first),
  };
}

/** The read before it, where that gave about as many rows. */
function causeOf(own: readonly UnitStatement[], first: UnitStatement, distinct: number): UnitStatement | undefined {
  const before = own[own.indexOf(first) - 1];
  if (before === undefined || !isRead(before)) return undefined;
  const share = before.rows / distinct;
  return share >= ROWS_SHARE.least && share <= ROWS_SHARE.most ? before : undefined;
}

/** In the words of the library that sent it. */
function mendOf(told: FindingTold, table: string): string {
  const source = told.statements.find(({ role }) => role === 'repeated')?.source;
  if (source === 'django-orm') {
    return `Load ${table} with the queryset before it: select_related() where it is one row each, prefetch_related() where it is several.`;
  }
  if (source === 'sqlalchemy') {
    return `Load ${table} with the query before it: joinedload() where it is one row each, selectinload() where it is several.`;
  }
  return `Ask ${table} once for all of them: … WHERE column = ANY(%s), or a join in the statement before.`;
}
