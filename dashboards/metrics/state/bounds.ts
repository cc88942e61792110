// Upper bounds of the duration histograms, in seconds.
// Invariant: they rise. Not here: the store's finer buckets (facts/histogram.ts).

/** For statements, which often take less than 1 ms. OpenTelemetry's recommended bounds are among these. */
export const DURATION_BOUNDS_SECONDS = [
  0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
] as const;

/** For transactions, which last longer: they include what the application does between its statements. */
export const TRANSACTION_BOUNDS_SECONDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300,
] as const;
