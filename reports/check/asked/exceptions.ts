// Exceptions from conditions, as the config file lists them, and what each covers.
// Invariant: an exception covers something only if every key that it names matches all of it.
// Not here: their form in the file (config/file-schema.ts), which executions of a statement it covers
// (cli/checking/gather.ts asks the store).

import { UsageError } from '../../../config/values/errors.js';
import { fitsGlob } from '../../../config/values/glob.js';
import type { Condition } from './conditions.js';

export type ExceptionKey =
  | 'fingerprint'
  | 'source'
  | 'construct'
  | 'pool'
  | 'table'
  | 'function'
  | 'route'
  | 'job'
  | 'command'
  | 'caller'
  | 'finding'
  | 'user'
  | 'application_name';

export interface Exception {
  readonly reason: string;
  /** `*` stands for anything; a fingerprint may be its beginning. */
  readonly match: Readonly<Partial<Record<ExceptionKey, string>>>;
  /** The conditions it is from; undefined = any. */
  readonly from?: string;
  /** After this moment it covers nothing. */
  readonly untilMs?: number;
}

/** Of what is judged: all values that it has of a key. */
export type Subject = Readonly<Partial<Record<ExceptionKey, readonly string[]>>>;

const DAY_MS = 86_400_000;

/** As the config file has them. */
export interface WrittenException {
  readonly reason: string;
  readonly match: Readonly<Partial<Record<ExceptionKey, string | undefined>>>;
  readonly from?: string;
  readonly until?: string;
}

/** Throws UsageError for one that names nothing. */
export function exceptionsOf(written: readonly WrittenException[]): Exception[] {
  return written.map(({ reason, match, from, until }, index) => {
    const given = Object.entries(match).filter(([, value]) => value !== undefined) as Array<[ExceptionKey, string]>;
    if (given.length === 0) {
      throw new UsageError('nothing is excepted', {
        where: `exceptions[${index}].match`,
        hint: 'name a route, a pool, …',
      });
    }
    // Its last day counts.
    const untilMs = until === undefined ? undefined : Date.parse(until) + DAY_MS;
    return { reason, match: Object.fromEntries(given), from, untilMs };
  });
}

/** Whether it may cover something of this condition now. */
export function isInForce({ from, untilMs }: Exception, condition: Condition, nowMs: number): boolean {
  if (untilMs !== undefined && nowMs >= untilMs) return false;
  return from === undefined || from === kindOf(condition);
}

/** The first of the exceptions that covers the whole subject. */
export function exceptionFor(exceptions: readonly Exception[], subject: Subject): Exception | undefined {
  return exceptions.find(({ match }) =>
    (Object.entries(match) as Array<[ExceptionKey, string]>).every(([key, pattern]) => {
      const values = subject[key];
      if (values === undefined || values.length === 0) return false;
      return values.every((value) => (key === 'fingerprint' ? value.startsWith(pattern) : fitsGlob(value, pattern)));
    }),
  );
}

/** none, p95, errors, statements-per-request, handwritten, findings. */
function kindOf(condition: Condition): string {
  if (condition.kind === 'none') return 'none';
  return condition.kind === 'max' ? condition.measure : condition.what;
}
