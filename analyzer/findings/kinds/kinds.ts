// All kinds of findings: read this first. A new kind is a file of this folder, and its line here.
// Invariant: a kind without its line here, or in config/values/finding-kinds.ts, does not compile.
// Not here: keeping what they find (../findings.ts).

import type { FindingKind } from '../../../facts/finding.js';
import type { Kind } from '../views/kind.js';
import { BOUNDARY_LOST_ROLLBACK, BOUNDARY_READ, BOUNDARY_WRITE } from './boundary.js';
import { BOUNDARY_LOCK } from './boundary-lock.js';
import { CONNECTION_PER_REQUEST } from './connections.js';
import { DUPLICATE } from './duplicate.js';
import { ERRORS_RISE } from './errors-rise.js';
import { ALWAYS_FAILS, RETRIES, SCHEMA_DRIFT } from './failures.js';
import { FORBIDDEN_SOURCE, FORBIDDEN_WRITE } from './forbidden.js';
import { N_PLUS_ONE } from './n-plus-one.js';
import { POOL_OVERHELD } from './pool-overheld.js';
import { READ_ONLY_TRANSACTION, ROLLBACK_ON_RETURN } from './reading-transactions.js';
import { REPEATED_PATTERN } from './repeated-pattern.js';
import { SELECT_STAR } from './select-star.js';
import { SEQ_SCAN } from './seq-scan.js';
import { SLOWER_THAN_ITSELF } from './slower-than-itself.js';
import { IDLE_IN_TRANSACTION, LONG_TRANSACTION } from './transactions.js';
import { UNBOUNDED_RESULT } from './unbounded-result.js';
import { WRITES_IN_LOOP } from './writes-in-loop.js';

export const KINDS: { readonly [Name in FindingKind]: Kind } = {
  'n-plus-one': N_PLUS_ONE,
  'repeated-pattern': REPEATED_PATTERN,
  duplicate: DUPLICATE,
  'writes-in-loop': WRITES_IN_LOOP,
  'boundary-read': BOUNDARY_READ,
  'boundary-write': BOUNDARY_WRITE,
  'boundary-lost-rollback': BOUNDARY_LOST_ROLLBACK,
  'boundary-lock': BOUNDARY_LOCK,
  'idle-in-transaction': IDLE_IN_TRANSACTION,
  'long-transaction': LONG_TRANSACTION,
  'schema-drift': SCHEMA_DRIFT,
  retries: RETRIES,
  'unbounded-result': UNBOUNDED_RESULT,
  'forbidden-write': FORBIDDEN_WRITE,
  'forbidden-source': FORBIDDEN_SOURCE,
  'always-fails': ALWAYS_FAILS,
  'select-star': SELECT_STAR,
  'connection-per-request': CONNECTION_PER_REQUEST,
  'read-only-transaction': READ_ONLY_TRANSACTION,
  'rollback-on-return': ROLLBACK_ON_RETURN,
  'errors-rise': ERRORS_RISE,
  'slower-than-itself': SLOWER_THAN_ITSELF,
  'pool-overheld': POOL_OVERHELD,
  'seq-scan': SEQ_SCAN,
};
