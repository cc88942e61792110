// Schema version 2: an index of the sums of days by series, for reports over weeks.
// Invariant: committed SQL here never changes; a change is a new file with the next number.
// Not here: the reading (sqlite/read/series-totals.ts).
//
// It holds days only. They are written once an hour, so the index costs the writer next to nothing.

export const DAY_INDEX = `
CREATE INDEX rollup_day ON rollup (
  series_id, bucket_min, service_total_ns, calls_certain, calls_strong, calls_weak, calls_none, errors, batched_calls, rows,
  service_min_ns, service_max_ns
) WHERE span_s = 86400;
`;
