// Says in lines what a check looked at, for text and Markdown alike.
// Invariant: what was not looked at is said, not left out. Not here: the figures (reports/check/coverage.ts).

import type { CheckResult } from '../../../reports/check/judge.js';
import { count, share } from '../../terminal/format.js';

const NAMES_MAX = 12;

export function coverageLines({ coverage, conditions }: CheckResult): string[] {
  const { executions, ofApplication, notObserved, sources, ruled, weak, unvisited, pools, bypassing, places } =
    coverage;
  const lines = [
    `${count(executions)} executions observed, ${count(ofApplication)} of the application; ${count(notObserved)} not observed${knownOf(coverage)}`,
  ];
  if (sources.size > 0)
    lines.push(`sources: ${[...sources].map(([source, each]) => `${source} ${count(each)}`).join(', ')}`);
  if (weak > 0) lines.push(`the source of ${count(weak)} executions (${share(weak, executions)}) is weakly known`);
  if (ruled.length > 0) lines.push(`named by rules of the configuration: ${ruled.join(', ')}`);
  lines.push(
    `${count(coverage.requests)} requests, ${count(coverage.untaggedRequests)} of them untagged; ${plural(coverage.routes, 'route')}, ${plural(coverage.jobs, 'job or command', 'jobs and commands')}`,
  );
  if (unvisited === null) lines.push('routes and jobs that should have run: not known (no --baseline)');
  else if (unvisited.length === 0) lines.push('every route and job of the baseline had traffic');
  else lines.push(`without traffic, of the baseline: ${listed(unvisited.map(({ kind, name }) => `${kind} ${name}`))}`);
  if (pools.length > 0)
    lines.push(`pools: ${listed(pools.map(({ name, opened }) => `${name} (${count(opened)} opened)`))}`);
  lines.push(`connections past pgwitness now: ${bypassing === null ? 'not looked at (no --dsn)' : count(bypassing)}`);
  lines.push(`connections past pgwitness over the window: ${sampledOf(coverage)}`);
  if (conditions.some(({ text }) => text.startsWith('--none'))) {
    lines.push(
      places === null ? 'the code: not looked at (no --code)' : `the code: ${plural(places, 'place')} looked at`,
    );
    lines.push(...productionLines(coverage));
  }
  return lines;
}

function sampledOf({ bypassed }: CheckResult['coverage']): string {
  if (bypassed === null) return 'not sampled (run --bypass-dsn)';
  return `some in ${count(bypassed.bypassed)} of ${count(bypassed.sampled)} samples, in ${count(bypassed.minutes)} minutes`;
}

const CANNOT_SHOW = {
  pg_stat_statements: 'it does not say who sent a statement: that is told by the text, or by what was seen here',
  log: 'it has what log_statement or log_min_duration_statement let through, and nothing else',
  export: 'it is of what its sidecars saw',
  store: 'it is of what its sidecar saw',
} as const;

function productionLines({ production }: CheckResult['coverage']): string[] {
  if (production.length === 0)
    return ['production: not shown; this is the traffic of the sidecars that were read (no --production)'];
  return production.map(({ name, kind, sinceMs, untilMs, executions, statements, unknownHere }) => {
    const from = sinceMs === null ? 'since when is not said' : `from ${moment(sinceMs)}`;
    const to = untilMs === null ? '' : ` to ${moment(untilMs)}`;
    const seen = `${plural(statements, 'statement')}, ${count(unknownHere)} of them never seen here, ${plural(executions, 'execution')}`;
    return `production: ${name} (${kind}), ${from}${to}: ${seen}; ${CANNOT_SHOW[kind]}`;
  });
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function knownOf({ lostKnown }: CheckResult['coverage']): string {
  return lostKnown === 0 ? '' : `, the text of ${count(lostKnown)} of them known`;
}

function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

function listed(names: readonly string[]): string {
  const more = names.length > NAMES_MAX ? `, and ${count(names.length - NAMES_MAX)} more` : '';
  return names.slice(0, NAMES_MAX).join(', ') + more;
}
