// Answers a statements query from one store, for the API and for --data alike.
// Invariant: --min-ms cuts before --limit does. Not here: merging several stores, formatting.

import type { StatementsReport } from '../../facts/answers.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { TEXT_UNKNOWN } from '../statement-details.js';
import { reportStatements } from '../statements.js';
import type { StatementsQuery } from './grammar.js';

/** A join by callers needs all of a statement, and a statement may have one per route. */
const TAG_VALUES_MERGED = 1_000;

/** Throws StoreError. */
export function answerStatements(reader: StoreReader, query: StatementsQuery): StatementsReport {
  const { range, filter, sort, limit, offset, minMs, hidden, form } = query;
  const whole = { ...range, filter, sort, limit, offset, hidden: new Set(hidden), meanNsMin: minMs * 1e6 };
  if (form === 'brief') return reportStatements(reader, { ...whole, detail: 'list' });
  return reportStatements(reader, form === 'mergeable' ? { ...whole, tagValuesMax: TAG_VALUES_MERGED } : whole);
}

/** Counts and times alone, without texts, verdicts and tags. Throws StoreError. */
export function answerCounts(reader: StoreReader, query: StatementsQuery): StatementsReport {
  const { range, filter, sort, limit, minMs, hidden } = query;
  const whole = { ...range, filter, sort, limit, hidden: new Set(hidden), meanNsMin: minMs * 1e6 };
  return reportStatements(reader, { ...whole, detail: 'counts' });
}

/** Normalised texts by fingerprint, of all that are asked for. Throws StoreError. */
export function answerTexts(reader: StoreReader, fingerprints: readonly string[]): ReadonlyMap<string, string> {
  const found = reader.read((stored) => stored.textsOf(fingerprints));
  const known = new Map(found.map(({ fingerprint, query }) => [fingerprint, query]));
  return new Map(fingerprints.map((one) => [one, known.get(one) ?? TEXT_UNKNOWN]));
}
