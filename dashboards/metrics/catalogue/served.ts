// The families of `pgwitness serve`: of the store, and those of the process that need no observer.
// Invariant: as in catalogue.ts, a family is exported if and only if it stands here.
// Not here: the families themselves.

import type { Family } from './family.js';
import { FINDING_FAMILIES } from './finding-families.js';
import { OWN_FAMILIES } from './own-families.js';
import { STORE_FAMILIES } from './store-families.js';

/** Of families that an observer exports too. */
const SHARED: ReadonlySet<string> = new Set([
  'pgwitness_findings',
  'pgwitness_event_loop_lag_seconds',
  'pgwitness_cpu_seconds_total',
  'pgwitness_resident_memory_bytes',
  'pgwitness_last_mark_timestamp_seconds',
  'pgwitness_http_refused_total',
  'pgwitness_http_wrong_tokens_total',
  'pgwitness_exposition_timestamp_seconds',
  'pgwitness_build_info',
]);

export const SERVED: readonly Family[] = [
  ...STORE_FAMILIES,
  ...[...FINDING_FAMILIES, ...OWN_FAMILIES].filter(({ name }) => SHARED.has(name)),
];
