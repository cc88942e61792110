// The JSON form of slow samples and a plan, and back: /api/v1/statements/:fingerprint/samples.
// Invariant: samplesFromJson(samplesJson(report)) is the report; no literal is in it.
// Not here: the report (reports/samples.ts).

import * as v from 'valibot';
import { tagsIn } from '../../config/values/tag-set.js';
import type { SamplesReport } from '../samples.js';

const moment = v.pipe(v.string(), v.isoTimestamp());
const count = v.pipe(v.number(), v.minValue(0));
const schema = v.object({
  fingerprint: v.string(),
  slow_samples: v.array(
    v.object({
      at: moment,
      source: v.string(),
      service_ms: count,
      wait_ms: count,
      rows: count,
      /** null = it completed. */
      sqlstate: v.nullable(v.string()),
      pool: v.string(),
      tags: v.record(v.string(), v.string()),
      trace_id: v.nullable(v.string()),
      request_id: v.nullable(v.string()),
      /** 1 for the first statement of a transaction; null = outside of one. */
      transaction_position: v.nullable(count),
    }),
  ),
  plan: v.nullable(
    v.object({ at: moment, server_version: v.string(), text: v.nullable(v.string()), problem: v.nullable(v.string()) }),
  ),
});

export type SamplesJson = v.InferOutput<typeof schema>;

export function samplesJson(fingerprint: string, { samples, plan }: SamplesReport): SamplesJson {
  return {
    fingerprint,
    slow_samples: samples.map((sample) => ({
      at: iso(sample.atMs),
      source: sample.source,
      service_ms: sample.serviceNs / 1e6,
      wait_ms: sample.waitNs / 1e6,
      rows: sample.rows,
      sqlstate: orNull(sample.sqlstate),
      pool: sample.pool,
      tags: tagsIn(sample.tagSet),
      trace_id: orNull(sample.traceId),
      request_id: orNull(sample.requestId),
      transaction_position: sample.transactionPosition === 0 ? null : sample.transactionPosition,
    })),
    plan:
      plan === undefined
        ? null
        : {
            at: iso(plan.atMs),
            server_version: plan.serverVersion,
            text: orNull(plan.plan),
            problem: orNull(plan.problem),
          },
  };
}

/** Throws valibot's ValiError on what samplesJson did not make. */
export function samplesFromJson(value: unknown): SamplesReport {
  const { fingerprint, slow_samples, plan } = v.parse(schema, value);
  return {
    samples: slow_samples.map((sample) => ({
      fingerprint,
      source: sample.source,
      atMs: Date.parse(sample.at),
      serviceNs: sample.service_ms * 1e6,
      waitNs: sample.wait_ms * 1e6,
      rows: sample.rows,
      sqlstate: sample.sqlstate ?? '',
      pool: sample.pool,
      tagSet: Object.keys(sample.tags).length === 0 ? '' : JSON.stringify(sample.tags),
      traceId: sample.trace_id ?? '',
      requestId: sample.request_id ?? '',
      transactionPosition: sample.transaction_position ?? 0,
    })),
    plan:
      plan === null
        ? undefined
        : {
            fingerprint,
            atMs: Date.parse(plan.at),
            serverVersion: plan.server_version,
            plan: plan.text ?? '',
            problem: plan.problem ?? '',
          },
  };
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
