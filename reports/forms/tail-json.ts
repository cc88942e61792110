// The JSON form of single executions: /api/v1/tail.
// Invariant: texts are the catalogue's, without literals; a statement whose text is not known has the text ''.
// Not here: keeping executions (analyzer/notable/tail.ts).

import { tagsIn } from '../../config/values/tag-set.js';
import type { TailBatch } from '../../facts/answers.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';

export interface TailExecutionJson {
  at: string;
  session: string;
  pool: string;
  source: string;
  construct: string;
  fingerprint: string;
  query: string;
  service_ms: number;
  rows: number;
  /** '' = it completed. */
  sqlstate: string;
  /** 1 for the first statement of a transaction; 0 = outside of one. */
  transaction_position: number;
  tags: Record<string, string>;
  /** The id that the application gave its request; '' = none. */
  request: string;
  /** Names its unit of work among those of this sidecar; '' = not known. */
  unit: string;
  /** What tells that unit from the next (docs/REQUESTS.md); '' = not known. */
  boundary: string;
}

export interface TailJson {
  /** For `after` of the next question. */
  sequence: number;
  missed: number;
  executions: TailExecutionJson[];
}

/** Throws StoreError. */
export function tailJson(reader: StoreReader, batch: TailBatch): TailJson {
  const fingerprints = [...new Set(batch.executions.map(({ fingerprint }) => fingerprint))];
  const known = fingerprints.length === 0 ? [] : reader.read((stored) => stored.textsOf(fingerprints));
  const texts = new Map([...batch.texts, ...known.map(({ fingerprint, query }) => [fingerprint, query] as const)]);
  return {
    sequence: batch.sequence,
    missed: batch.missed,
    executions: batch.executions.map((one) => ({
      at: new Date(one.atMs).toISOString(),
      session: one.session,
      pool: one.pool,
      source: one.source,
      construct: one.construct,
      fingerprint: one.fingerprint,
      query: texts.get(one.fingerprint) ?? '',
      service_ms: one.serviceNs / 1e6,
      rows: one.rows,
      sqlstate: one.sqlstate,
      transaction_position: one.transactionPosition,
      tags: tagsIn(one.tagSet),
      request: one.request,
      unit: one.unit,
      boundary: one.boundary,
    })),
  };
}
