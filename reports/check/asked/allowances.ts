// Doubts: things that could hide what a condition forbids, and how much of each is allowed.
// Invariant: a doubt that nobody allowed is never a pass; what was allowed is named with the result.
// Not here: finding doubts (reports/check/doubts.ts), exceptions of single statements (exceptions.ts).

import { UsageError } from '../../../config/values/errors.js';
import { parseDuration } from '../../../config/values/units.js';

/**
 * not_observed: executions that were lost. opaque: sessions and minutes that could not be read. unknown: executions
 * whose source is not known. unknown_text: … whose text is not. untagged: … that lack the tag a condition names.
 * bypass: connections past pgwitness. unsampled: time in which
 * nobody looked for those. gap: time that nobody can vouch for. production: executions there of which nobody can say
 * who sent them, and times that the server dropped entries.
 */
const DOUBT_KEYS = [
  'not_observed',
  'opaque',
  'unknown',
  'unknown_text',
  'untagged',
  'bypass',
  'unsampled',
  'gap',
  'production',
] as const;
export type DoubtKey = (typeof DOUBT_KEYS)[number];

export interface Doubt {
  /** undefined = nothing allows it, only a reason in the configuration where one can. */
  readonly key?: DoubtKey;
  /** Executions, sessions or connections; of time ms. */
  readonly amount: number;
  /** What a share is of; 0 = shares say nothing here. */
  readonly of: number;
  readonly what: string;
}

/** At most `amount`, or at most this share. */
export interface Allowance {
  readonly amount?: number;
  readonly share?: number;
  /** As it was given: `unknown=0.1%`. */
  readonly text: string;
}

export type Allowances = ReadonlyMap<DoubtKey, Allowance>;

/** `unknown=0.1%,not_observed=10,gap=5m`. Throws UsageError. */
export function readAllowances(texts: readonly string[]): Allowances {
  const where = '--allow';
  const allowances = new Map<DoubtKey, Allowance>();
  for (const text of texts.flatMap((one) => one.split(','))) {
    const [, name, value] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
    const key = DOUBT_KEYS.find((known) => known === name?.replaceAll('-', '_'));
    if (key === undefined)
      throw new UsageError(`"${text}" allows nothing`, {
        where,
        hint: `write one of ${DOUBT_KEYS.join(', ')}, = and how much`,
      });
    if (allowances.has(key)) throw new UsageError(`${key} is given twice`, { where, hint: 'give it once' });
    allowances.set(key, { ...amountOf(key, value, where), text });
  }
  return allowances;
}

function amountOf(key: DoubtKey, value: string, where: string): Omit<Allowance, 'text'> {
  if (key === 'gap' || key === 'unsampled') return { amount: parseDuration(value, `${where} ${key}`) };
  const percent = /^([0-9]{1,2}(?:\.[0-9]{1,6})?)%$/.exec(value)?.[1];
  if (percent !== undefined && key !== 'opaque' && key !== 'bypass') return { share: Number(percent) / 100 };
  if (/^[0-9]{1,12}$/.test(value)) return { amount: Number(value) };
  const forms = key === 'opaque' || key === 'bypass' ? 'a number' : 'a number or a percentage';
  throw new UsageError(`"${value}" is not ${forms}`, { where: `${where} ${key}`, hint: `for instance ${key}=10` });
}

/** The share that may be missing where a condition needs 99.9 % observed. */
const MISSING_MAX = 0.001;
/** Doubts of which so little changes neither a percentile nor a rate. */
const SMALL: ReadonlySet<DoubtKey> = new Set(['not_observed', 'unknown', 'unknown_text', 'gap']);

export function isSmall({ key, amount, of }: Doubt): boolean {
  return key !== undefined && SMALL.has(key) && of > 0 && amount <= of * MISSING_MAX;
}

/** The allowance that covers a doubt. */
export function allowanceFor({ key, amount, of }: Doubt, allowances: Allowances): Allowance | undefined {
  const allowance = key === undefined ? undefined : allowances.get(key);
  if (allowance === undefined) return undefined;
  const most = allowance.amount ?? (allowance.share ?? 0) * of;
  return amount <= most ? allowance : undefined;
}
