// Finds N+1: one read is repeated in a request, each time with other parameters.
// Invariant: a chunk of a batch, a cursor's FETCH, polling and a retry are none. Not here: writes (writes-in-loop.ts),
// the same parameters again (duplicate.ts).

import type { FindingTold, Occurrence } from '../../facts/finding.js';
import type { UnitStatement, WorkUnit } from '../../facts/work/unit.js';
import {
  BATCH_PARAMETERS_MIN,
  byFingerprint,
  callerOf,
  costOf,
  distinctParameters,
  isRead,
  type Kind,
  ownStatements,
  poolsOf,
  REPEATED_MIN,
  tableWords,
} from './kind.js';

/** Without the rows of the statement before as a proof, so many repetitions are one. */
const PROVEN_BY_NUMBER = 10;
/** Rows that the statement before gave, as a share of the repetitions: about as many. */
const ROWS_SHARE = { least: 0.8, most: 1.25 } as const;

export const N_PLUS_ONE: Kind = {
  kind: 'n-plus-one',
  look(unit) {
    const own = ownStatements(unit);
    const found: Occurrence[] = [];
    for (const repeated of byFingerprint(own).values()) {
      const occurrence = occurrenceOf(unit, own, repeated);
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

function occurrenceOf(
  unit: WorkUnit,
  own: readonly UnitStatement[],
  repeated: UnitStatement[],
): Occurrence | undefined {
  const [first] = repeated;
  if (repeated.length < REPEATED_MIN || !isRead(first) || first.parameterCount >= BATCH_PARAMETERS_MIN)
    return undefined;
  const distinct = distinctParameters(repeated);
  if (distinct < REPEATED_MIN) return undefined;
  const before = own[own.indexOf(first) - 1];
  const share = before === undefined ? 0 : before.rows / distinct;
  const isProof = isRead(before ?? first) && share >= ROWS_SHARE.least && share <= ROWS_SHARE.most;
  const isMany = unit.found === 'direct' && distinct >= PROVEN_BY_NUMBER;
  const cause =
    before === undefined
      ? []
      : [{ fingerprint: before.fingerprint, source: before.source, role: 'caused-by' as const }];
  return {
    kind: 'n-plus-one',
    confidence: isProof || isMany ? 'strong' : 'weak',
    statements: [{ fingerprint: first.fingerprint, source: first.source, role: 'repeated' }, ...(isProof ? cause : [])],
    pools: poolsOf(repeated),
    times: repeated.length,
    costNs: costOf(repeated),
    caller: callerOf(first),
  };
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
