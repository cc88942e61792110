// Judges lost executions whose text is known: which of them a `--none` forbids.
// Invariant: what may fit stays a doubt; an execution leaves the doubts only if it is certain not to fit, or has failed
// the condition. Not here: which of them are known (analyzer/lost-statements.ts).

import { addTo } from '../../facts/sums.js';
import { HANDWRITTEN } from '../../facts/verdict.js';
import type { LostStatement } from '../../storage/sqlite/tables/losses.js';
import type { Doubt } from './asked/allowances.js';
import type { Condition, Scope } from './asked/conditions.js';
import { type Exception, exceptionFor } from './asked/exceptions.js';
import { allExecutions } from './doubts.js';
import type { CheckFacts } from './facts.js';
import type { Failure, Found } from './rule.js';
import { type Fit, textFits } from './texts.js';

/** What lost executions say about a condition: its doubts are those of all losses that are left. */
export function lostOf(facts: CheckFacts, condition: Condition, inForce: readonly Exception[]): Found {
  const { watched, pools } = facts;
  const failures: Failure[] = [];
  const excused: Array<Found['excused'][number]> = [];
  const left = new Map(watched.losses);
  let judged = 0;
  for (const lost of condition.kind === 'none' ? watched.lostStatements : []) {
    const { reason, count, source, fingerprint, query } = lost;
    const pool = pools.find(({ id }) => id === lost.pool)?.name ?? lost.pool;
    const fit = fitOf(lost, { scope: condition.scope, pool });
    if (fit === 'perhaps') continue;
    judged += count;
    addTo(left, reason, -count);
    if (fit === 'no') continue;
    const what = `${count} lost ${count === 1 ? 'execution' : 'executions'} of ${source} (${reason})`;
    const subject = { fingerprint: [fingerprint], source: [source], construct: [lost.construct], pool: [pool] };
    const exception = exceptionFor(inForce, subject);
    if (exception === undefined) failures.push({ what, fingerprint, source, query, executions: count });
    else excused.push({ what, exception });
  }
  return {
    failures,
    excused,
    doubts: lossDoubts(left, { amount: watched.notObserved - judged, of: allExecutions(facts) + watched.notObserved }),
  };
}

function lossDoubts(losses: ReadonlyMap<string, number>, { amount, of }: Pick<Doubt, 'amount' | 'of'>): Doubt[] {
  if (amount <= 0) return [];
  const reasons = [...losses].filter(([, count]) => count > 0).map(([reason, count]) => `${reason} ${count}`);
  const what = `${amount} executions were not observed (${reasons.join(', ')})`;
  return [{ key: 'not_observed', amount, of, what }];
}

/** Tags of lost executions are not kept. */
function fitOf(lost: LostStatement, { scope, pool }: { scope: Scope; pool: string }): Fit {
  const fits: Fit[] = [
    textFits({ ...lost, variants: [] }, scope),
    scope.source === undefined ? 'yes' : said(lost.source === scope.source),
    scope.construct === undefined ? 'yes' : constructFits(lost, (construct) => construct === scope.construct),
    scope.handwritten === true ? handFits(lost) : 'yes',
    scope.pool === undefined ? 'yes' : said(scope.pool === lost.pool || scope.pool === pool),
  ];
  if (fits.includes('no')) return 'no';
  return fits.includes('perhaps') || scope.tags.length > 0 ? 'perhaps' : 'yes';
}

function handFits(lost: LostStatement): Fit {
  if (HANDWRITTEN.sources.some((source) => source === lost.source)) return 'yes';
  return constructFits(lost, (construct) => HANDWRITTEN.constructs.some((one) => one === construct));
}

function constructFits({ construct }: LostStatement, isIt: (construct: string) => boolean): Fit {
  return construct === '' ? 'perhaps' : said(isIt(construct));
}

function said(fits: boolean): Fit {
  return fits ? 'yes' : 'no';
}
