// Names the kinds of findings, as the config file, the API and `findings` write them.
// Invariant: a kind without its rule, or a rule without its kind, does not compile (analyzer/findings/kinds/kinds.ts).
// Not here: what each kind means (docs/FINDINGS.md), its rule and words (analyzer/findings/kinds/).

export const FINDING_KINDS = [
  'n-plus-one',
  'repeated-pattern',
  'duplicate',
  'writes-in-loop',
  'boundary-read',
  'boundary-write',
  'boundary-lost-rollback',
  'boundary-lock',
  'idle-in-transaction',
  'long-transaction',
  'schema-drift',
  'retries',
  'unbounded-result',
  'forbidden-write',
  'forbidden-source',
  'always-fails',
  'select-star',
  'connection-per-request',
  'read-only-transaction',
  'rollback-on-return',
  'errors-rise',
  'slower-than-itself',
  'pool-overheld',
  'seq-scan',
] as const;

/** Kinds that are found at a number of repetitions, or of rows: `least` moves it. */
export const COUNTED_KINDS = [
  'n-plus-one',
  'repeated-pattern',
  'duplicate',
  'writes-in-loop',
  'unbounded-result',
] as const;

/** Kinds that are found after a time: `after` moves it. */
export const TIMED_KINDS = ['idle-in-transaction', 'long-transaction', 'boundary-lock'] as const;
