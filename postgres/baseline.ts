// What both sides had counted at one moment, kept in a file so that a later comparison starts there.
// Invariant: decodeBaseline(encodeBaseline(b)) is b; a file of another server or from before a reset is refused. It holds normalised texts only.

import * as v from 'valibot';
import { RuntimeError } from '../config/values/errors.js';
import type { Count, WitnessCount } from './reconcile.js';
import type { ServerCount, ServerSnapshot } from './stat-statements.js';

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
    counts: v.array(v.tuple([v.string(), v.object({ query: v.string(), command: v.string(), ...count.entries })])),
  }),
  witness: v.object({
    notObserved: v.number(),
    counts: v.array(v.tuple([v.string(), v.object({ query: v.string(), least: count, most: count })])),
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
    throw new RuntimeError('this is not what reconcile --save writes', { where: file, hint, cause: error });
  }
}

/** What came after `before`. Throws RuntimeError where the server was reset in between or is another database. */
export function since(now: Baseline, before: Baseline): Baseline {
  if (now.server.database !== before.server.database) {
    throw new RuntimeError(`the file is of database ${before.server.database}`, {
      hint: 'use the same --dsn for both',
    });
  }
  if (now.server.statsResetMs !== before.server.statsResetMs) {
    throw new RuntimeError('pg_stat_statements was reset in between', { hint: 'make a new file with --save' });
  }
  const counts = new Map<string, ServerCount>();
  for (const [fingerprint, entry] of now.server.counts) {
    counts.set(fingerprint, { ...entry, ...minus(entry, before.server.counts.get(fingerprint)) });
  }
  const witnessed = new Map<string, WitnessCount>();
  for (const [fingerprint, entry] of now.witness.counts) {
    const then = before.witness.counts.get(fingerprint);
    // The most that came is the most there is now less the least there was.
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

function minus(now: Count, before: Count | undefined): Count {
  return {
    calls: Math.max(0, now.calls - (before?.calls ?? 0)),
    rows: Math.max(0, now.rows - (before?.rows ?? 0)),
  };
}
