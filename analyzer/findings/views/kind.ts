// The form of a kind of finding, and what several kinds ask of a unit.
// Invariant: a rule is pure and looks at one unit. Not here: the kinds (../kinds/), keeping findings
// (../findings.ts).

import type { FindingKind, FindingRole, FindingTold, FindingWords, Occurrence } from '../../../facts/finding.js';
import { tableOf } from '../../../facts/words/titles.js';
import type { UnitStatement } from '../../../facts/work/unit.js';
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

const WRITES: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
export function isWrite({ command }: UnitStatement): boolean {
  return WRITES.has(command);
}

export function isRead({ command }: UnitStatement): boolean {
  return command === 'SELECT';
}

/** Sets of parameters that differ for certain. A cut set may prove that two differ, never that they are the same. */
export function distinctParameters(statements: readonly UnitStatement[]): number {
  const hashes = new Set<number>();
  for (const { parameterHash } of statements) if (parameterHash !== 0) hashes.add(parameterHash);
  return hashes.size;
}

export function callerOf({ tagSet }: UnitStatement): string {
  if (!tagSet.includes('"caller"')) return '';
  return (JSON.parse(tagSet) as { caller?: string }).caller ?? '';
}

export function costOf(statements: readonly UnitStatement[]): number {
  return statements.reduce((sum, { serviceNs }) => sum + serviceNs, 0);
}

export function poolsOf(statements: readonly UnitStatement[]): string[] {
  return [...new Set(statements.map(({ pool }) => pool).filter((pool) => pool !== ''))].sort();
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
