// Keeps the counts of both sides at one moment in a file, so that a later comparison starts there.
// Invariant: decodeBaseline(encodeBaseline(b)) is b; a file of another database or from before a reset is refused;
// the file holds normalised texts only.
// Not here: comparing (reconcile.ts).

import * as v from 'valibot';
import { RuntimeError } from '../config/values/errors.js';
import type { Count, WitnessCount } from './reconcile.js';
import type { ServerCount, ServerSnapshot } from './stat-statements.js';
import { ORIGINS } from './text-origin.js';

export interface Baseline {
  readonly server: ServerSnapshot;
  readonly witness: { readonly counts: ReadonlyMap<string, WitnessCount>; readonly notObserved: number };
}

const FORM = 1;
const count = v.object({ calls: v.number(), rows: v.number() });
const schema = v.object({
  form: v.literal(FORM),
  server: v.object({
    version: v.string(),
    major: v.number(),
    database: v.string(),
    statsResetMs: v.number(),
    deallocations: v.number(),
    trackUtility: v.boolean(),
    counts: v.array(
      v.tuple([
        v.string(),
        v.object({
          query: v.string(),
          command: v.string(),
          origin: v.optional(v.picklist(ORIGINS)),
          ...count.entries,
        }),
      ]),
    ),
  }),
  witness: v.object({
    notObserved: v.number(),
    counts: v.array(
      v.tuple([
        v.string(),
        v.object({ query: v.string(), isHousekeeping: v.optional(v.boolean()), least: count, most: count }),
      ]),
    ),
  }),
});

export function encodeBaseline({ server, witness }: Baseline): string {
  return `${JSON.stringify({
    form: FORM,
    server: { ...server, counts: [...server.counts] },
    witness: { ...witness, counts: [...witness.counts] },
  })}\n`;
}

/** Throws RuntimeError naming the file. */
export function decodeBaseline(text: string, file: string): Baseline {
  try {
    const { server, witness } = v.parse(schema, JSON.parse(text));
    return {
      server: { ...server, counts: new Map(server.counts) },
      witness: { ...witness, counts: new Map(witness.counts) },
    };
  } catch (error) {
    const hint = 'make a new one with pgwitness reconcile --save';
    throw new RuntimeError('the file was not written by reconcile --save of this version', {
      where: file,
      hint,
      cause: error,
    });
  }
}

/**
 * The counts since `before`; one that is lower now is given as it is, as begun anew. Throws RuntimeError if the whole
 * server was reset in between, or if this is another database.
 */
export function since(now: Baseline, before: Baseline): Baseline {
  if (now.server.database !== before.server.database) {
    throw new RuntimeError(`the file is about database ${before.server.database}`, {
      hint: 'use the same --dsn for both',
    });
  }
  if (now.server.statsResetMs !== before.server.statsResetMs) {
    throw new RuntimeError('pg_stat_statements was reset in between, by somebody or by a crash of the server', {
      hint: 'nothing can be compared with this file; make a new one with --save',
    });
  }
  const counts = new Map<string, ServerCount>();
  for (const [fingerprint, then] of before.server.counts) {
    const isGone = then.calls > 0 && !now.server.counts.has(fingerprint);
    if (isGone) counts.set(fingerprint, { ...then, ...NONE, beganAnew: true });
  }
  for (const [fingerprint, entry] of now.server.counts) {
    const then = before.server.counts.get(fingerprint);
    counts.set(fingerprint, isLower(entry, then) ? { ...entry, beganAnew: true } : { ...entry, ...minus(entry, then) });
  }
  const witnessed = new Map<string, WitnessCount>();
  for (const [fingerprint, then] of before.witness.counts) {
    const isGone = then.least.calls > 0 && !now.witness.counts.has(fingerprint);
    if (isGone) witnessed.set(fingerprint, { query: then.query, least: NONE, most: NONE, beganAnew: true });
  }
  for (const [fingerprint, entry] of now.witness.counts) {
    const then = before.witness.counts.get(fingerprint);
    if (isLower(entry.most, then?.least)) {
      witnessed.set(fingerprint, { ...entry, beganAnew: true });
      continue;
    }
    // Upper bound of the increase = upper bound now − lower bound then.
    witnessed.set(fingerprint, {
      ...entry,
      least: minus(entry.least, then?.most),
      most: minus(entry.most, then?.least),
    });
  }
  return {
    server: { ...now.server, counts, deallocations: now.server.deallocations - before.server.deallocations },
    witness: { counts: witnessed, notObserved: Math.max(0, now.witness.notObserved - before.witness.notObserved) },
  };
}

const NONE: Count = { calls: 0, rows: 0 };

/** Counts only grow, so this one began anew: the entry was reset or dropped, or it is another data directory. */
function isLower(now: Count, before: Count | undefined): boolean {
  return before !== undefined && (now.calls < before.calls || now.rows < before.rows);
}

function minus(now: Count, before: Count | undefined): Count {
  return {
    calls: Math.max(0, now.calls - (before?.calls ?? 0)),
    rows: Math.max(0, now.rows - (before?.rows ?? 0)),
  };
}
