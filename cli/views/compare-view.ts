// The form in which a comparison is to be printed.
// Not here: printing (compare.ts, compare-sets.ts).

export interface CompareView {
  readonly form: 'json' | 'markdown' | 'text';
  readonly limit: number;
  /** Name the test of each judgement. */
  readonly verbose: boolean;
}
