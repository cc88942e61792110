// Finds inserts, updates and deletes that a request sends one by one.
// Invariant: what shares its round trip with others (executemany in a pipeline), and a batch of many rows, is none.
// Not here: reads (n-plus-one.ts).

import type { FindingTold, Occurrence } from '../../../facts/finding.js';
import { isWrite, TRAITS } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { distinctParameters } from '../views/group.js';
import { BATCH_PARAMETERS_MIN, costOf, type Kind, poolsOf, REPEATED_MIN, tableWords } from '../views/kind.js';

export const WRITES_IN_LOOP: Kind = {
  kind: 'writes-in-loop',
  needs: TRAITS.repeats | TRAITS.writes,
  isLive: true,
  look(view) {
    const { unit, rules, route } = view;
    const found: Occurrence[] = [];
    if (!view.repeats) return found;
    for (const { statements: repeated } of view.groups) {
      if (repeated.length < 2 || !isWrite(repeated[0])) continue;
      const single = repeated.filter(({ batched, sqlstate }) => !batched && sqlstate === '');
      const [first] = single;
      if (single.length < 2 || single.some(({ parameterCount }) => parameterCount >= BATCH_PARAMETERS_MIN)) continue;
      const least = rules.threshold('writes-in-loop', { route, source: first.source }, REPEATED_MIN);
      if (distinctParameters(single) < least) continue;
      found.push({
        kind: 'writes-in-loop',
        confidence: unit.found === 'direct' ? 'strong' : 'weak',
        statements: [{ fingerprint: first.fingerprint, source: first.source, role: 'repeated' }],
        pools: poolsOf(single),
        times: single.length,
        costNs: costOf(single),
        caller: callerOf(first),
      });
    }
    return found;
  },
  words(told) {
    const table = tableWords(told);
    return {
      title: `Writes in a loop: ${Math.round(told.timesMean)} to ${table} in a request`,
      explanation:
        `One write to ${table} runs ${Math.round(told.timesMean)} times in a request, a row at a time. ` +
        'Each of them costs a round trip; one statement could write them all.',
      nextStep: mendOf(told),
    };
  },
};

function mendOf(told: FindingTold): string {
  const [{ source, query }] = told.statements;
  const isInsert = /^\s*insert\b/i.test(query);
  if (source === 'django-orm')
    return isInsert ? 'Use bulk_create().' : 'Use bulk_update(), or one update() with an expression.';
  if (source === 'sqlalchemy')
    return isInsert
      ? 'Use session.add_all() and one flush, or insert() with a list.'
      : 'Use update() with a list of rows.';
  return isInsert ? 'Use executemany(), or one INSERT with several rows.' : 'Use one UPDATE … FROM (VALUES …).';
}
