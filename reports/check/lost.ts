// Judges lost executions whose text is known: which of them a `--none` forbids.
// Invariant: what may fit stays a doubt; an execution leaves the doubts only if it is certain not to fit, or has failed
// the condition. Not here: which of them are known (analyzer/lost-statements.ts).

import { addTo } from '../../facts/sums.js';
import type { Doubt } from './asked/allowances.js';
import type { Condition } from './asked/conditions.js';
import { type Exception, exceptionFor } from './asked/exceptions.js';
import { allExecutions } from './doubts.js';
import type { StoreFacts } from './facts.js';
import { fitOf } from './fits.js';
import type { Failure, Found } from './rule.js';

/** What lost executions say about a condition: its doubts are those of all losses that are left. */
export function lostOf(facts: StoreFacts, condition: Condition, inForce: readonly Exception[]): Found {
  const { watched, pools } = facts;
  const failures: Failure[] = [];
  const excused: Array<Found['excused'][number]> = [];
  const doubts: Doubt[] = [];
  const of = allExecutions(facts) + watched.notObserved;
  const left = new Map(watched.losses);
  let judged = 0;
  for (const lost of condition.kind === 'none' ? watched.lostStatements : []) {
    const { reason, count, source, fingerprint, query } = lost;
    const pool = pools.find(({ id }) => id === lost.pool)?.name ?? lost.pool;
    const fit = fitOf({ ...lost, pools: [lost.pool, pool] }, condition.scope);
    if (fit === 'perhaps') continue;
    judged += count;
    addTo(left, reason, -count);
    if (fit === 'no') continue;
    const what = `${count} lost ${count === 1 ? 'execution' : 'executions'} of ${source} (${reason})`;
    const subject = { fingerprint: [fingerprint], source: [source], construct: [lost.construct], pool: [pool] };
    const exception = exceptionFor(inForce, subject);
    if (exception !== undefined) excused.push({ what, exception });
    else if (lost.mayPrecede)
      doubts.push({ key: 'not_observed', amount: count, of, what: `${what} in the minute in which the window begins` });
    else failures.push({ what, fingerprint, source, query, executions: count });
  }
  return {
    failures,
    excused,
    doubts: [...doubts, ...lossDoubts(left, { amount: watched.notObserved - judged, of })],
  };
}

function lossDoubts(losses: ReadonlyMap<string, number>, { amount, of }: Pick<Doubt, 'amount' | 'of'>): Doubt[] {
  if (amount <= 0) return [];
  const reasons = [...losses].filter(([, count]) => count > 0).map(([reason, count]) => `${reason} ${count}`);
  const what = `${amount} executions were not observed (${reasons.join(', ')})`;
  return [{ key: 'not_observed', amount, of, what }];
}
