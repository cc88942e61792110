// The observed part of every report as JSON that another pgwitness can merge.
// Invariant: decodeObserved(encodeObserved(observed)) is the same. Not here: the reports around it (forms/, groups/).

import * as v from 'valibot';
import type { Observed } from '../facts/answers.js';

const count = v.pipe(v.number(), v.minValue(0));

export const observedSchema = v.object({
  executions: count,
  notObserved: count,
  notObservedByReason: v.array(v.tuple([v.string(), count])),
  unknown: count,
  exact: v.boolean(),
});
type EncodedObserved = v.InferOutput<typeof observedSchema>;

export function encodeObserved(observed: Observed): EncodedObserved {
  return { ...observed, notObservedByReason: [...observed.notObservedByReason] };
}

export function decodeObserved(encoded: EncodedObserved): Observed {
  return { ...encoded, notObservedByReason: new Map(encoded.notObservedByReason) };
}
