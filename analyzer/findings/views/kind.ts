// The form of a kind of finding, and what several kinds ask of a unit.
// Invariant: a rule is pure and looks at one unit. Not here: the kinds (../kinds/), keeping findings
// (../findings.ts).

import type { FindingKind, FindingRole, FindingTold, FindingWords, Occurrence } from '../../../facts/finding.js';
import { tableOf } from '../../../facts/words/titles.js';
import type { UnitStatement } from '../../../facts/work/unit.js';
import { callerOf } from './caller.js';
import type { LookAtPool } from './pool-slot.js';
import type { LookOverTime } from './statement-slot.js';
import type { UnitView } from './unit-view.js';

/** All executions of a statement. */
export interface StatementRecord {
  readonly calls: number;
  readonly errors: number;
}

export interface Kind {
  readonly kind: FindingKind;
  /** Traits without which no unit shows it; left out = any may. */
  readonly needs?: number;
  /** At most one occurrence per statement that it is about. */
  look(view: UnitView): Occurrence[];
  /** What it shows of a unit that goes on, more statements cannot take back. */
  readonly isLive?: boolean;
  /** Of a kind that is not about units: called for every statement once its slot of five minutes is over. */
  readonly lookOverTime?: LookOverTime;
  /** Of a kind about pools: called for every pool once its slot of six hours is over. */
  readonly lookAtPool?: LookAtPool;
  /** Units after which it is no candidate any more; left out = as many as of most kinds. */
  readonly unitsToOpen?: number;
  /** True for a statement whose text shows that the finding is none. */
  excludes?(query: string): boolean;
  /** False while what the store has of the statement, over all units, does not bear it out. */
  confirms?(record: StatementRecord): boolean;
  words(told: FindingTold): FindingWords;
}

/** Repetitions that are found, unless the configuration says otherwise. */
export const REPEATED_MIN = 5;
/** So many constants or parameters are a batch, not a loop. */
export const BATCH_PARAMETERS_MIN = 50;

/** Of the server or the connection, of other transactions, a cancelled statement, the echo of an earlier failure. */
export const OF_CIRCUMSTANCES = /^(?:08|25P02|40|53|55P03|57|58|XX)/;

export function isRead({ command }: UnitStatement): boolean {
  return command === 'SELECT';
}

export function costOf(statements: readonly UnitStatement[]): number {
  let sum = 0;
  for (const { serviceNs } of statements) sum += serviceNs;
  return sum;
}

export function poolsOf(statements: readonly UnitStatement[]): string[] {
  const [{ pool }] = statements;
  if (pool !== '' && isAllOf(pool, statements)) return [pool];
  return [...new Set(statements.map(({ pool }) => pool).filter((pool) => pool !== ''))].sort();
}

function isAllOf(pool: string, statements: readonly UnitStatement[]): boolean {
  for (const one of statements) if (one.pool !== pool) return false;
  return true;
}

/** Adds an occurrence to that of the same statement. */
export function addTo(found: Map<string, Occurrence>, more: Occurrence): void {
  const { fingerprint } = more.statements[0];
  const known = found.get(fingerprint);
  const times = more.times + (known?.times ?? 0);
  found.set(fingerprint, { ...more, times, costNs: more.costNs + (known?.costNs ?? 0) });
}

/** A statement on another pool, beside a transaction that has written. */
export function besideOf(
  { kind, confidence }: Pick<Occurrence, 'kind' | 'confidence'>,
  other: UnitStatement,
  inside: UnitStatement,
): Occurrence {
  return {
    kind,
    confidence,
    statements: [
      { fingerprint: other.fingerprint, source: other.source, role: 'beside' },
      { fingerprint: inside.fingerprint, source: inside.source, role: 'inside' },
    ],
    pools: [inside.pool, other.pool],
    times: 1,
    costNs: other.serviceNs,
    caller: callerOf(other),
  };
}

/** "store_product", or "its table" where no text is known. */
export function tableWords(told: FindingTold, role: FindingRole = 'repeated'): string {
  const statement = told.statements.find((one) => one.role === role);
  return (statement && tableOf(statement)) || 'its table';
}
