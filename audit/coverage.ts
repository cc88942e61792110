// Grades how much of the code the traffic touched.
// Invariant: below `high`, a place that was never seen proves nothing; without routes the grade is `insufficient`.
// Not here: the places themselves (join.ts).

import type { StatementFacts } from '../facts/answers.js';
import type { Catalogue } from './catalogue.js';
import type { Joined } from './join.js';

export interface Share {
  readonly seen: number;
  /** null = the code does not say how many there are. */
  readonly all: number | null;
}

export interface Coverage {
  readonly routes: Share;
  readonly jobs: Share;
  /** Places that were seen by their caller's line or by their text, of all places of queries. */
  readonly callers: Share;
  readonly grade: 'high' | 'medium' | 'low' | 'insufficient';
  readonly routesNotSeen: readonly string[];
  readonly jobsNotSeen: readonly string[];
}

/** Least share of routes and jobs seen, by grade. */
const GRADES = [
  ['high', 0.7],
  ['medium', 0.4],
  ['low', 0.1],
] as const;

export function coverageOf(
  catalogue: Catalogue,
  joined: readonly Joined[],
  statements: readonly StatementFacts[],
): Coverage {
  const valuesOf = (key: string): Set<string> => new Set(statements.flatMap(({ tags }) => [...(tags.get(key) ?? [])]));
  const routes = split(catalogue.routes, valuesOf('route'));
  const jobs = split(catalogue.jobs?.map(({ name }) => name) ?? null, valuesOf('job'));
  const known = (routes.share.all ?? 0) + (jobs.share.all ?? 0);
  const share = (routes.share.seen + jobs.share.seen) / known;
  const grade = catalogue.routes === null || known === 0 ? undefined : GRADES.find(([, least]) => share >= least)?.[0];
  return {
    routes: routes.share,
    jobs: jobs.share,
    callers: { seen: joined.filter(({ by }) => by !== null).length, all: joined.length },
    grade: grade ?? 'insufficient',
    routesNotSeen: routes.notSeen,
    jobsNotSeen: jobs.notSeen,
  };
}

function split(all: readonly string[] | null, ran: ReadonlySet<string>): { share: Share; notSeen: string[] } {
  if (all === null) return { share: { seen: 0, all: null }, notSeen: [] };
  const plain = new Set([...ran].map(plainRoute));
  const notSeen = all.filter((name) => !plain.has(plainRoute(name)));
  return { share: { seen: all.length - notSeen.length, all: all.length }, notSeen };
}

/** Routes are written with and without a slash in front. */
function plainRoute(route: string): string {
  return route.replace(/^\//, '');
}
