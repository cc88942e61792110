// The rules of `--max`: p95 of statements, errors of routes and sources, statements per request.
// Invariant: what has no figure is a doubt, never below the limit. Not here: figures (facts/latency.ts).

import { fitsGlob } from '../../config/values/glob.js';
import type { StatementFacts } from '../../facts/answers.js';
import { percentileNs } from '../../facts/latency.js';
import { keyOf } from '../../facts/statement-facts.js';
import { duration } from '../../facts/words/format.js';
import type { RouteFacts } from '../../facts/work/routes.js';
import type { Doubt } from './asked/allowances.js';
import type { Scope } from './asked/conditions.js';
import { type Exception, exceptionFor } from './asked/exceptions.js';
import { executionsOf } from './doubts.js';
import type { CheckFacts } from './facts.js';
import type { AskedMax, Failure, Found } from './rule.js';
import { callersOf, shown } from './texts.js';

export function mostOf(facts: CheckFacts, asked: AskedMax): Found {
  const { measure } = asked.condition;
  if (measure === 'p95') return slowest(asked);
  return measure === 'errors' ? failing(asked) : busiest(facts, asked);
}

/** Collects failures, and what exceptions cover. */
class Verdicts {
  readonly failures: Failure[] = [];
  readonly excused: Array<Found['excused'][number]> = [];
  readonly doubts: Doubt[] = [];

  over(failure: Failure, exception: Exception | undefined): void {
    if (exception === undefined) this.failures.push(failure);
    else this.excused.push({ what: failure.what, exception });
  }

  doubt(what: string): void {
    this.doubts.push({ amount: 1, of: 0, what });
  }
}

function slowest({ condition, fitting, excused }: AskedMax): Found {
  const found = new Verdicts();
  if (fitting.length === 0) found.doubt('nothing fits, so there is no p95');
  for (const facts of fitting) {
    const p95Ns = percentileNs(facts, 0.95);
    const exception = excused.get(keyOf(facts));
    if (p95Ns !== null && p95Ns > condition.limit) {
      const what = `p95 ${duration(p95Ns / 1e6)} of ${executionsOf(facts)} executions, over ${duration(condition.limit / 1e6)}`;
      found.over({ what, ...named(facts) }, exception);
    } else if (p95Ns === null && facts.serviceTotalNs > condition.limit) {
      const what = `no p95 is known of a statement that ran in batches alone: ${shown(facts)}`;
      if (exception === undefined) found.doubt(what);
      else found.excused.push({ what, exception });
    }
  }
  return found;
}

function named(facts: StatementFacts): Pick<Failure, 'fingerprint' | 'source' | 'query' | 'callers' | 'executions'> {
  const { fingerprint, source, query } = facts;
  return { fingerprint, source, query, callers: callersOf(facts), executions: executionsOf(facts) };
}

function failing({ condition, fitting, errorGroups, inForce }: AskedMax): Found {
  const found = new Verdicts();
  if (fitting.length === 0) found.doubt('nothing fits, so there is no share of errors');
  const over = (name: string, sums: { calls: number; errors: number }, exception: Exception | undefined): void => {
    const executions = sums.calls + sums.errors;
    if (executions === 0 || sums.errors / executions <= condition.limit) return;
    const what = `${name}: ${sums.errors} of ${executions} executions failed (${percent(sums.errors / executions)}), over ${percent(condition.limit)}`;
    found.over({ what, executions }, exception);
  };
  const sources = new Map<string, { calls: number; errors: number }>();
  for (const { source, calls, errors } of fitting) {
    const sums = sources.get(source) ?? { calls: 0, errors: 0 };
    sources.set(source, { calls: sums.calls + calls, errors: sums.errors + errors });
  }
  for (const [source, sums] of sources) over(`source ${source}`, sums, exceptionFor(inForce, { source: [source] }));
  for (const { value, ...sums } of errorGroups) {
    if (value !== '') over(`route ${value}`, sums, exceptionFor(inForce, { route: [value] }));
  }
  return found;
}

function busiest({ routes }: CheckFacts, { condition, inForce }: AskedMax): Found {
  const found = new Verdicts();
  const fitting = routes.filter((route) => route.requests > 0 && isOf(route, condition.scope));
  if (fitting.length === 0) found.doubt('no request fits, so nothing is known of its statements');
  for (const facts of fitting) {
    const name = facts.kind === '' ? 'untagged requests' : `${facts.kind} ${facts.route}`;
    if (facts.statementHistogram.count === 0) {
      found.doubt(`no request of ${name} has ended, so nothing is known of its statements`);
      continue;
    }
    const p95 = Math.min(facts.statementsMax, Math.round(facts.statementHistogram.percentile(0.95)));
    if (p95 <= condition.limit) continue;
    const guessed = facts.directRequests < facts.requests ? ', some of them told apart by the traffic alone' : '';
    const what = `${name}: ${p95} statements per request at p95 (${facts.requests} requests${guessed}), over ${condition.limit}`;
    found.over({ what }, facts.kind === '' ? undefined : exceptionFor(inForce, { [subjectKey(facts)]: [facts.route] }));
  }
  return found;
}

function subjectKey({ kind }: RouteFacts): 'route' | 'job' | 'command' {
  return kind === 'job' || kind === 'command' ? kind : 'route';
}

function isOf(facts: RouteFacts, { source, pool, tags }: Scope): boolean {
  if (source !== undefined && !facts.sources.has(source)) return false;
  if (pool !== undefined && !facts.pools.has(pool)) return false;
  return tags.every(([key, value]) => key === subjectKey(facts) && fitsGlob(facts.route, value));
}

function percent(part: number): string {
  return `${Number((100 * part).toPrecision(3))} %`;
}
