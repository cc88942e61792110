// Finds the same read with the same parameters, again and again in one request.
// Invariant: parameters that were cut, or are not known, prove nothing; a write between two reads makes them two.
// Not here: other parameters each time (n-plus-one.ts).

import type { Occurrence } from '../../../facts/finding.js';
import { isWrite, TRAITS, type UnitStatement } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import type { Group } from '../views/group.js';
import { addTo, costOf, isRead, type Kind, poolsOf, tableWords } from '../views/kind.js';

const SAME_MIN = 3;

export const DUPLICATE: Kind = {
  kind: 'duplicate',
  needs: TRAITS.repeats,
  look(view) {
    const { unit, own, rules, route } = view;
    if (!view.repeats || !view.groups.some(hasSame)) return [];
    const found = new Map<string, Occurrence>();
    for (const same of runsOf(own)) {
      const [first] = same;
      if (same.length < rules.threshold('duplicate', { route, source: first.source }, SAME_MIN)) continue;
      addTo(found, {
        kind: 'duplicate',
        confidence: unit.found === 'direct' ? 'strong' : 'weak',
        statements: [{ fingerprint: first.fingerprint, source: first.source, role: 'repeated' }],
        pools: poolsOf(same),
        // The first of them is needed.
        times: same.length - 1,
        costNs: costOf(same.slice(1)),
        caller: callerOf(first),
      });
    }
    return [...found.values()];
  },
  // What a library asks of the catalogue, as migrations and reflection do, is not the application's.
  excludes: (query) => /\bSKIP\s+LOCKED\b|^\s*FETCH\b|\bnextval\s*\(|\bpg_catalog\./i.test(query),
  words(told) {
    const table = tableWords(told);
    return {
      title: `The same read of ${table}, ${Math.round(told.timesMean)} times more than needed in a request`,
      explanation:
        `One statement on ${table} runs again with the same parameters, and nothing was written in between. ` +
        'The answer is the one that the request has already.',
      nextStep: 'Keep the first answer for the length of the request: pass it on, or use a cached property.',
    };
  },
};

/** Some of its executions have the same parameters. */
function hasSame(group: Group): boolean {
  return group.statements.length > 1 && group.known > group.distinct;
}

/** Equal reads since the last write. */
function* runsOf(statements: readonly UnitStatement[]): Generator<UnitStatement[]> {
  let runs = new Map<string, UnitStatement[]>();
  for (const statement of statements) {
    if (isWrite(statement)) {
      yield* runs.values();
      runs = new Map();
    }
    if (!isRead(statement) || statement.parameterHash === 0 || statement.parametersCut) continue;
    const key = `${statement.fingerprint} ${statement.parameterHash}`;
    const run = runs.get(key);
    if (run === undefined) runs.set(key, [statement]);
    else run.push(statement);
  }
  yield* runs.values();
}
