// Requests of a window: how many, and what each sent, took and gave, as sums that can be tested.
// Invariant: a request counts once.
// Not here: comparing them (compare/noise/per-request.ts), their JSON (forms/requests-json.ts).

import { tagsIn } from '../config/values/tag-set.js';
import type { RequestMeasureName, RequestStatementMeasureName } from '../facts/measures.js';
import { keyOf } from '../facts/statement-facts.js';
import { addSums, noSums, REQUEST_RULES, REQUEST_STATEMENT_RULES, type Sums } from '../facts/sums.js';
import type { Tags } from '../storage/reading/request-rows.js';
import { spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { StoreReader } from '../storage/reading/stored-facts.js';

export interface RequestsQuestion extends TimeBounds {
  /** All of which a request must have. */
  tags: Tags;
  /** Group requests by the values of this tag; those without it are left out. */
  by?: string;
}

export interface RequestGroup extends Sums<RequestMeasureName> {
  /** Requests whose bounds were guessed from the traffic. */
  guessed: number;
}

export interface RequestsReport {
  /** By value of the tag; '' where nothing is grouped. */
  groups: Map<string, RequestGroup>;
  /** By fingerprint and source (keyOf). Of all groups together. */
  statements: Map<string, Sums<RequestStatementMeasureName>>;
}

/** Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportRequests(reader: StoreReader, question: RequestsQuestion): RequestsReport {
  const { tags, by } = question;
  return reader.read((stored) => {
    const { segments } = spanOf(stored, question);
    const report: RequestsReport = { groups: new Map(), statements: new Map() };
    for (const row of stored.requestSums(segments, tags)) {
      const value = by === undefined ? '' : tagsIn(row.tagSet)[by];
      if (value !== undefined)
        addGroup(report, value, { ...row, guessed: row.found === 'heuristic' ? row.requests : 0 });
    }
    if (by !== undefined) return report;
    for (const row of stored.requestStatementSums(segments, tags)) addStatement(report, keyOf(row), row);
    return report;
  });
}

export function addGroup(report: RequestsReport, value: string, more: Readonly<RequestGroup>): void {
  let group = report.groups.get(value);
  if (group === undefined) {
    group = { ...noSums(REQUEST_RULES), guessed: 0 };
    report.groups.set(value, group);
  }
  addSums(REQUEST_RULES, group, more);
  group.guessed += more.guessed;
}

export function addStatement(
  report: RequestsReport,
  key: string,
  more: Readonly<Sums<RequestStatementMeasureName>>,
): void {
  let sums = report.statements.get(key);
  if (sums === undefined) {
    sums = noSums(REQUEST_STATEMENT_RULES);
    report.statements.set(key, sums);
  }
  addSums(REQUEST_STATEMENT_RULES, sums, more);
}

/** All groups as one. */
export function groupsTogether({ groups }: RequestsReport): RequestGroup {
  const all: RequestsReport = { groups: new Map(), statements: new Map() };
  for (const group of groups.values()) addGroup(all, '', group);
  return all.groups.get('') ?? { ...noSums(REQUEST_RULES), guessed: 0 };
}
