// The rule of `--none`: no execution fits, and nothing that fits could have been missed.
// Invariant: a pool of the library that still opens contradicts "none of it", whatever it sends.
// Not here: doubts about the window (doubts.ts), which executions fit (cli/checking/gather.ts).

import type { PoolFacts } from '../../facts/answers.js';
import { keyOf } from '../../facts/statement-facts.js';
import type { Doubt } from './asked/allowances.js';
import { lineOf } from './asked/baseline.js';
import { exceptionFor } from './asked/exceptions.js';
import { codeLeft } from './code.js';
import { executionsOf } from './doubts.js';
import type { CheckFacts, VisitedKind } from './facts.js';
import { productionOf } from './production.js';
import type { AskedNone, Failure, Found } from './rule.js';
import { callersOf, shown } from './texts.js';

export function noneOf(facts: CheckFacts, asked: AskedNone): Found {
  const { condition, fitting, excused, inForce } = asked;
  const failures: Failure[] = [];
  const exempt: Array<Found['excused'][number]> = [];
  for (const one of fitting) {
    const exception = excused.get(keyOf(one));
    const executions = executionsOf(one);
    if (exception !== undefined) {
      exempt.push({ what: `${executions} executions of ${one.source}: ${shown(one)}`, exception });
      continue;
    }
    failures.push({
      what: `${executions} ${executions === 1 ? 'execution' : 'executions'} of ${one.source}`,
      fingerprint: one.fingerprint,
      source: one.source,
      query: one.query,
      callers: callersOf(one),
      executions,
    });
  }
  for (const pool of openPools(facts, condition.scope)) {
    const exception = exceptionFor(inForce, { pool: [pool.name] });
    const what = `the pool ${pool.name} still holds or opens connections (${pool.opened} opened in this window)`;
    if (exception !== undefined) exempt.push({ what, exception });
    else failures.push({ what, source: pool.owner });
  }
  const code = codeLeft(facts, asked);
  const production = productionOf(facts, asked);
  return {
    failures: [...failures, ...code.failures, ...production.failures],
    excused: [...exempt, ...code.excused, ...production.excused],
    doubts: [...baselineDoubts(facts, inForce), ...code.doubts, ...production.doubts],
  };
}

/** Of the library that is to be gone. Django's connections carry raw SQL too, so of it a pool says nothing. */
function openPools({ pools, sinceMs = 0 }: CheckFacts, scope: AskedNone['condition']['scope']): PoolFacts[] {
  const { source, tags, ...rest } = scope;
  const isWhole = tags.length === 0 && Object.values(rest).every((value) => value === undefined);
  if (!isWhole || source === undefined || source === 'django-orm') return [];
  const minute = Math.floor(sinceMs / 60_000) * 60_000;
  return pools.filter(
    ({ owner, lastSeenMs, opened, connectionsMax, connectionsNow }) =>
      owner === source && (connectionsNow > 0 || (lastSeenMs >= minute && opened + connectionsMax > 0)),
  );
}

/** Routes and jobs of the baseline without traffic: nobody saw what they send. */
function baselineDoubts(facts: CheckFacts, inForce: AskedNone['inForce']): Doubt[] {
  return unvisited(facts)
    .filter(({ kind, name }) => exceptionFor(inForce, { [kind]: [name] }) === undefined)
    .map(({ kind, name }) => ({ amount: 1, of: 0, what: `the ${kind} ${name} of the baseline had no traffic` }));
}

export interface Unvisited {
  readonly kind: VisitedKind;
  readonly name: string;
}

/** Of the baseline, what had no traffic in the window; sorted. */
export function unvisited({ baseline, visited }: Pick<CheckFacts, 'baseline' | 'visited'>): Unvisited[] {
  if (baseline === undefined) return [];
  const of = (kind: VisitedKind, names: ReadonlySet<string>): Unvisited[] => {
    const ran = new Set([...visited[kind]].map(lineOf));
    return [...names]
      .sort()
      .filter((name) => !ran.has(name))
      .map((name) => ({ kind, name }));
  };
  return [...of('route', baseline.routes), ...of('job', baseline.jobs), ...of('command', baseline.commands)];
}
