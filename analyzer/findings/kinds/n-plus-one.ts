// Finds N+1: one read is repeated in a request, each time with other parameters.
// Invariant: a chunk of a batch, a cursor's FETCH, polling, a pipeline and a retry are none. Not here: what caused it
// (cause.ts), writes (writes-in-loop.ts), the same parameters again (duplicate.ts).

import type { FindingStatement, FindingTold, Occurrence } from '../../../facts/finding.js';
import { TRAITS, type UnitStatement } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { distinctParameters, type Group } from '../views/group.js';
import { BATCH_PARAMETERS_MIN, costOf, isRead, type Kind, poolsOf, REPEATED_MIN, tableWords } from '../views/kind.js';
import type { UnitView } from '../views/unit-view.js';
import { causeOf, isTreeWalk } from './cause.js';

/** Without the rows of the statement before as a proof, so many repetitions are one. */
const PROVEN_BY_NUMBER = 10;

export const N_PLUS_ONE: Kind = {
  kind: 'n-plus-one',
  needs: TRAITS.repeats,
  isLive: true,
  look(view) {
    const found: Occurrence[] = [];
    if (!view.repeats) return found;
    for (const group of view.groups) {
      const { statements } = group;
      if (statements.length < 2 || !isRead(statements[0])) continue;
      const occurrence = occurrenceOf(view, group);
      if (occurrence !== undefined) found.push(occurrence);
    }
    return found;
  },
  // What a library asks of the catalogue, as migrations and reflection do, is not the application's.
  excludes: (query) => /\bANY\s*\(|\bSKIP\s+LOCKED\b|^\s*FETCH\b|\bpg_catalog\./i.test(query),
  words(told) {
    const table = tableWords(told);
    const cause = told.statements.find(({ role }) => role === 'caused-by');
    const times = Math.round(told.timesMean);
    if (cause?.fingerprint === told.statements[0].fingerprint) {
      return {
        title: `A tree of ${table}, walked with ${times} reads per request`,
        explanation:
          `One statement on ${table} runs ${times} times in a request (at most ${told.timesMax}), once for each row that it returned before. ` +
          'Each of them costs a round trip, and the request grows with the tree.',
        nextStep: `Read the whole tree of ${table} with one statement: WITH RECURSIVE, or a materialised path.`,
      };
    }
    const after = cause === undefined ? '' : `, after one on ${tableWords(told, 'caused-by')}`;
    return {
      title: `N+1 on ${table}: ${times} reads per request${after}`,
      explanation:
        `One statement on ${table} runs ${times} times in a request (at most ${told.timesMax}), each time with other parameters. ` +
        'Each of them costs a round trip, and the request grows with its rows.',
      nextStep: mendOf(told, table),
    };
  },
};

function occurrenceOf(view: UnitView, group: Group): Occurrence | undefined {
  const repeated = group.single;
  const [first] = repeated;
  if (first === undefined) return undefined;
  const least = view.rules.threshold('n-plus-one', { route: view.route, source: first.source }, REPEATED_MIN);
  if (repeated.length < least || repeated.some(isBatch)) return undefined;
  const distinct = repeated === group.statements ? group.distinct : distinctParameters(repeated);
  if (distinct < least) return undefined;
  const cause = causeOf(view, first) ?? (isTreeWalk(repeated) ? first : undefined);
  const isMany = view.unit.found === 'direct' && distinct >= PROVEN_BY_NUMBER;
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

function isBatch({ parameterCount }: UnitStatement): boolean {
  return parameterCount >= BATCH_PARAMETERS_MIN;
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
