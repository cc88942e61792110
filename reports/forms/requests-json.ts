// The form in which requests travel between sidecars: /api/v1/requests, --url.
// Invariant: requestsFromJson(requestsJson(report)) is the report. Not here: requests for people (docs/REQUESTS.md).

import * as v from 'valibot';
import { addGroup, addStatement, type RequestsReport } from '../requests.js';

const sums = v.record(v.string(), v.number());
const schema = v.object({ groups: v.record(v.string(), sums), statements: v.record(v.string(), sums) });

export function requestsJson({ groups, statements }: RequestsReport): v.InferOutput<typeof schema> {
  return {
    groups: Object.fromEntries([...groups].map(([value, group]) => [value, { ...group }])),
    statements: Object.fromEntries([...statements].map(([key, one]) => [key, { ...one }])),
  };
}

/** Throws valibot's ValiError on what requestsJson did not make. */
export function requestsFromJson(value: unknown): RequestsReport {
  const read = v.parse(schema, value);
  return mergeRequests([
    {
      groups: new Map(Object.entries(read.groups)) as unknown as RequestsReport['groups'],
      statements: new Map(Object.entries(read.statements)) as unknown as RequestsReport['statements'],
    },
  ]);
}

export function mergeRequests(reports: readonly RequestsReport[]): RequestsReport {
  const merged: RequestsReport = { groups: new Map(), statements: new Map() };
  for (const { groups, statements } of reports) {
    for (const [value, group] of groups) addGroup(merged, value, group);
    for (const [key, one] of statements) addStatement(merged, key, one);
  }
  return merged;
}
