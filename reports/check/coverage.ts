// Coverage of a check: the executions, sources, routes and pools it looked at, and what it did not.
// Invariant: it is named with every result, passed or not. Not here: doubts that fail a check (doubts.ts).

import type { Window } from '../../facts/answers.js';
import { addTo } from '../../facts/sums.js';
import { SOURCES } from '../../facts/verdict.js';
import type { BypassedReport } from '../watched/bypassed.js';
import { allExecutions, applicationExecutions, executionsOf } from './doubts.js';
import type { CheckFacts, KnownHere, ProductionFacts } from './facts.js';
import { type Unvisited, unvisited } from './none.js';

export interface ProductionCoverage extends Pick<ProductionFacts, 'name' | 'kind' | 'sinceMs' | 'untilMs'> {
  readonly executions: number;
  readonly statements: number;
  /** Statements that the places which were read never saw. */
  readonly unknownHere: number;
}

export interface Coverage {
  readonly executions: number;
  readonly ofApplication: number;
  readonly notObserved: number;
  /** Of these, the ones whose text is known. */
  readonly lostKnown: number;
  /** By source. */
  readonly sources: ReadonlyMap<string, number>;
  /** Sources that rules of the configuration name; theirs is the word for who sent it. */
  readonly ruled: readonly string[];
  /** Executions whose source is guessed. */
  readonly weak: number;
  readonly routes: number;
  readonly jobs: number;
  readonly requests: number;
  /** Executions of the application in requests that no tag names. */
  readonly untaggedRequests: number;
  /** null = no baseline was given. */
  readonly unvisited: readonly Unvisited[] | null;
  readonly pools: ReadonlyArray<{
    readonly name: string;
    readonly owner: string;
    readonly opened: number;
    readonly connectionsNow: number;
  }>;
  readonly recorded: Window | null;
  /** Now; null = nobody looked. */
  readonly bypassing: number | null;
  /** Over the window; null = no sample was taken. */
  readonly bypassed: BypassedReport | null;
  readonly production: readonly ProductionCoverage[];
  /** Places of the code that was given; null = none was. */
  readonly places: number | null;
}

export function coverageOf(facts: CheckFacts): Coverage {
  const { statements, routes, watched, bypass, baseline, pools } = facts;
  const sources = new Map<string, number>();
  let weak = 0;
  for (const one of statements) {
    addTo(sources, one.source, executionsOf(one));
    weak += (one.byConfidence.get('weak') ?? 0) + (one.byConfidence.get('none') ?? 0);
  }
  const untagged = routes.find(({ kind }) => kind === '');
  return {
    executions: allExecutions(facts),
    ofApplication: applicationExecutions(facts),
    notObserved: watched.notObserved,
    lostKnown: watched.lostStatements.reduce((sum, { count }) => sum + count, 0),
    sources: new Map([...sources].sort(([, a], [, b]) => b - a)),
    ruled: [...sources.keys()].filter((source) => !(SOURCES as readonly string[]).includes(source)).sort(),
    weak,
    routes: facts.visited.route.size,
    jobs: facts.visited.job.size + facts.visited.command.size,
    requests: routes.reduce((sum, { requests, idleRequests }) => sum + requests + idleRequests, 0),
    untaggedRequests: untagged?.requests ?? 0,
    unvisited: baseline === undefined ? null : unvisited(facts),
    pools: pools.map(({ name, owner, opened, connectionsNow }) => ({ name, owner, opened, connectionsNow })),
    recorded: watched.recorded,
    bypassed: watched.bypassed,
    production: facts.production.map((one) => productionCoverage(one, facts.knownHere)),
    places: facts.code === undefined ? null : facts.code.places.length,
    bypassing: bypass === undefined ? null : bypass.bypassing.reduce((sum, { connections }) => sum + connections, 0),
  };
}

function productionCoverage(facts: ProductionFacts, known: KnownHere): ProductionCoverage {
  const { name, kind, sinceMs, untilMs, statements } = facts;
  const fingerprints = new Set(statements.map(({ fingerprint }) => fingerprint));
  return {
    ...{ name, kind, sinceMs, untilMs },
    executions: statements.reduce((sum, { executions }) => sum + executions, 0),
    statements: fingerprints.size,
    unknownHere: [...fingerprints].filter((fingerprint) => !known.has(fingerprint)).length,
  };
}
