// The retention of a store: what its nodes noted of it, and the rounds that change it.
// Invariant: readers are told no more than every table keeps, wherever a change stops. Who ends one aims at the target
// that is noted, so that who names no level undoes nothing. Where nodes differ, all of them do all rounds.
// Not here: sending it (prepare.ts), the statements (../schema/). Sidecars that name different levels at one moment.

import { MINUTE_MS } from '../../../config/values/minute.js';
import { DAY_MIN } from '../../reading/levels.js';
import { type KeptFrom, RETENTION_CHANGES, retentionRounds, STORE_FACT } from '../schema/migrations.js';
import type { Layout, RetentionDays } from '../schema/table.js';
import type { FleetClient } from './client.js';

/** Facts of one node; none where its tables have yet to be made. */
export interface Noted {
  readonly facts: ReadonlyMap<string, number>;
  /** The highest version of one. */
  readonly newest: number;
}

/** Throws StoreError. */
export async function notedBy(client: FleetClient): Promise<Noted> {
  const rows = await client.rows<{ name: string; value: number; newest: number }>(
    `SELECT name, argMax(value, version) AS value, max(version) AS newest FROM ${STORE_FACT} GROUP BY name`,
  );
  return {
    facts: new Map(rows.map(({ name, value }) => [name, Number(value)])),
    newest: Math.max(0, ...rows.map(({ newest }) => Number(newest))),
  };
}

export interface Retention {
  /** What readers are told: the least that a node noted. */
  readonly told: RetentionDays;
  /** What was asked for last; other than `told` while a level is raised. */
  readonly target: RetentionDays;
  /** Where levels begin that were raised. */
  readonly from: KeptFrom;
  /** No change is under way, and all nodes say the same. */
  readonly isEnded: boolean;
  readonly newest: number;
}

/** Of all nodes together; undefined where the store has yet to be made. */
export function retentionOf(all: readonly Noted[]): Retention | undefined {
  const nodes = all.filter(({ facts }) => facts.has('schema'));
  if (nodes.length === 0) return undefined;
  const told = daysBy((level) => Math.min(...nodes.map(({ facts }) => keptOf(facts)[level])));
  const { facts: last, newest } = nodes.reduce((one, other) => (other.newest > one.newest ? other : one));
  const wanted = (level: Level): number | undefined =>
    last.get(RETENTION_CHANGES) ? last.get(`${level}_wanted_days`) : undefined;
  const from: KeptFrom = Object.fromEntries(
    LEVELS.flatMap((level) => {
      const minutes = nodes.flatMap(({ facts }) => facts.get(`${level}_kept_from_min`) ?? []);
      return minutes.length === 0 ? [] : [[level, Math.max(...minutes)]];
    }),
  );
  const isEnded = nodes.every(
    ({ facts }) =>
      !facts.get(RETENTION_CHANGES) &&
      LEVELS.every((l) => keptOf(facts)[l] === told[l] && facts.get(`${l}_kept_from_min`) === from[l]),
  );
  return { told, target: daysBy((level) => wanted(level) ?? keptOf(last)[level]), from, isEnded, newest };
}

/** None where `layout` is what all nodes have; see retentionRounds. */
export function roundsTo(layout: Layout, { told, from, isEnded, newest }: Retention): string[][] {
  const { retention } = layout;
  if (isEnded && LEVELS.every((level) => told[level] === retention[level])) return [];
  // What was dropped does not come back where a level is kept for longer: until then it begins where it began.
  const nowMin = Math.floor(Date.now() / MINUTE_MS);
  const raised = LEVELS.filter((level) => retention[level] > told[level]).map((level) => [
    level,
    Math.max(from[level] ?? 0, nowMin - told[level] * DAY_MIN),
  ]);
  return retentionRounds(layout, {
    kept: told,
    from: { ...from, ...Object.fromEntries(raised) },
    // Not older than what a sidecar with another clock noted: the tables would be kept as nobody is told.
    version: Math.max(Date.now(), newest + 1),
  });
}

/** Some level is named otherwise than it is, or is about to be. */
export function asksForChange(named: Partial<RetentionDays>, { told, target }: Retention): boolean {
  return LEVELS.some((level) => ![undefined, told[level], target[level]].includes(named[level]));
}

export function keptOf(facts: ReadonlyMap<string, number>): RetentionDays {
  return daysBy((level) => facts.get(`${level}_kept_days`) ?? 0);
}

const LEVELS = ['minutes', 'hours', 'days'] as const;
type Level = (typeof LEVELS)[number];

function daysBy(daysOf: (level: Level) => number): RetentionDays {
  return { minutes: daysOf('minutes'), hours: daysOf('hours'), days: daysOf('days') };
}
