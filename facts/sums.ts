// Adding up: measured values by the tables of measures.ts, and counts by key.
// Invariant: adding in any order gives the same sums; a value that is not known changes nothing; a count of 0 has no
// key.
// Not here: the values (measures.ts), counting executions (rollup-row.ts).

import {
  FLEET_MEASURES,
  type FleetMeasureName,
  type Measure,
  type Merge,
  POOL_MEASURES,
  type PointMeasureName,
  type PoolMeasureName,
  REQUEST_MEASURES,
  REQUEST_PART_MEASURES,
  REQUEST_STATEMENT_MEASURES,
  type RequestMeasureName,
  type RequestPartMeasureName,
  type RequestStatementMeasureName,
  type SourceMeasureName,
  STATEMENT_MEASURES,
  type StatementMeasure,
  type StatementMeasureName,
  type TagMeasureName,
} from './measures.js';

/** Where sums stop, because a server may claim any number of rows. In ns it is 146 years. */
export const SUM_MAX = 2 ** 62;

export type Sums<Name extends string> = Record<Name, number>;
/** Names with how they merge, in the order of the table. */
export type MergeRules<Name extends string> = Readonly<Record<Name, Merge>>;

export const STATEMENT_RULES = rulesOf<StatementMeasureName>(STATEMENT_MEASURES);
export const TAG_RULES = rulesOf<TagMeasureName>(kept('byTag'));
export const SOURCE_RULES = rulesOf<SourceMeasureName>(kept('bySource'));
export const POINT_RULES = rulesOf<PointMeasureName>(kept('overTime'));
export const POOL_RULES = rulesOf<PoolMeasureName>(POOL_MEASURES);
export const FLEET_RULES = rulesOf<FleetMeasureName>(FLEET_MEASURES);
export const REQUEST_RULES = rulesOf<RequestMeasureName>(REQUEST_MEASURES);
export const REQUEST_PART_RULES = rulesOf<RequestPartMeasureName>(REQUEST_PART_MEASURES);
export const REQUEST_STATEMENT_RULES = rulesOf<RequestStatementMeasureName>(REQUEST_STATEMENT_MEASURES);
/** Between sidecars. */
export const POOL_RULES_ACROSS = across<PoolMeasureName>(POOL_MEASURES);
export const FLEET_RULES_ACROSS = across<FleetMeasureName>(FLEET_MEASURES);

/** Sums of nothing. */
export function noSums<Name extends string>(rules: MergeRules<Name>): Sums<Name> {
  const sums = {} as Sums<Name>;
  for (const name in rules) sums[name] = rules[name] === 'min' ? Number.POSITIVE_INFINITY : 0;
  return sums;
}

/** Adds `more` to `into`. A null or missing value changes nothing: SQL says null for a minimum of nothing. */
export function addSums<Name extends string>(
  rules: MergeRules<Name>,
  into: Sums<Name>,
  more: Readonly<Partial<Record<Name, number | null>>>,
): void {
  for (const name in rules) {
    const value = more[name];
    if (value === undefined || value === null) continue;
    if (rules[name] === 'sum') into[name] = Math.min(into[name] + value, SUM_MAX);
    else if (rules[name] === 'squares') into[name] += value;
    else if (rules[name] === 'max') {
      if (value > into[name]) into[name] = value;
    } else if (value < into[name]) into[name] = value;
  }
}

function kept(by: 'byTag' | 'bySource' | 'overTime'): Readonly<Record<string, StatementMeasure>> {
  return Object.fromEntries(Object.entries<StatementMeasure>(STATEMENT_MEASURES).filter(([, measure]) => measure[by]));
}

function rulesOf<Name extends string>(measures: Readonly<Record<string, Measure>>): MergeRules<Name> {
  return Object.fromEntries(Object.entries(measures).map(([name, { merge }]) => [name, merge])) as MergeRules<Name>;
}

function across<Name extends string>(
  measures: Readonly<Record<string, { readonly acrossSidecars: Merge }>>,
): MergeRules<Name> {
  const rules = Object.entries(measures).map(([name, { acrossSidecars }]) => [name, acrossSidecars]);
  return Object.fromEntries(rules) as MergeRules<Name>;
}

/** Adds to a count; 0 makes no key. */
export function addTo<Key>(counts: Map<Key, number>, key: Key, more: number): void {
  if (more !== 0) counts.set(key, (counts.get(key) ?? 0) + more);
}

/** Adds every count of `more`. */
export function addAll<Key>(counts: Map<Key, number>, more: ReadonlyMap<Key, number>): void {
  for (const [key, count] of more) addTo(counts, key, count);
}

/** The key with the biggest count, the first of equal ones; undefined when empty. */
export function mostOf(counts: ReadonlyMap<string, number>): string | undefined {
  let most: string | undefined;
  for (const [key, count] of counts) if (most === undefined || count > counts.get(most)!) most = key;
  return most;
}
