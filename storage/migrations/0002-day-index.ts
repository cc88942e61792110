// Schema version 2: the sums of days by series, so that a report over weeks reads what lies together instead of sorting all of it.
// Invariant: committed SQL here never changes again; a change is a new file with the next number. Not here: who reads it (read/series-totals.ts).
//
// Of days only: they are written once an hour, so the index costs the writer nothing that it would notice.

export const DAY_INDEX = `
CREATE INDEX rollup_day ON rollup (
  series_id, bucket_min, service_total_ns, calls_certain, calls_strong, calls_weak, calls_none, errors, batched_calls, rows,
  service_min_ns, service_max_ns
) WHERE span_s = 86400;
`;
