// Adds to the statements of a report what they have beside counts: texts, verdicts, errors, tags.
// Invariant: only the statements of the answer are asked for. Not here: counts and order (statements.ts).

import { tagsIn } from '../config/values/tag-set.js';
import type { StatementFacts } from '../facts/answers.js';
import { keyOf } from '../facts/statement-facts.js';
import { addTo, mostOf } from '../facts/sums.js';
import type { Evidence } from '../facts/verdict.js';
import type { FactsById } from '../storage/reading/series-to-facts.js';
import type { Span } from '../storage/reading/span.js';
import type { SeriesFilter } from '../storage/reading/statement-rows.js';
import type { StoredFacts } from '../storage/reading/stored-facts.js';

/** Up to so many statements, only their own rows are read. */
export const FEW = 300;
/** Shown for a fingerprint that has no text in the catalogue. */
export const TEXT_UNKNOWN = '(text unknown)';

export function addErrors(
  stored: StoredFacts,
  grouped: FactsById,
  { span, statements }: { span: Span; statements: readonly StatementFacts[] },
): void {
  for (const row of stored.errorSums(span.segments, fewOf(statements))) {
    const facts = grouped.byId.get(row.seriesId);
    if (facts !== undefined) addTo(facts.errorsBySqlstate, row.sqlstate, row.errors);
  }
}

export function addTexts(stored: StoredFacts, statements: readonly StatementFacts[]): void {
  setTexts(statements, stored.textsOf(fingerprintsOf(statements)));
}

function setTexts(statements: readonly StatementFacts[], texts: ReturnType<StoredFacts['textsOf']>): void {
  const byFingerprint = new Map(texts.map((text) => [text.fingerprint, text]));
  for (const facts of statements) {
    const text = byFingerprint.get(facts.fingerprint);
    facts.query = text?.query ?? TEXT_UNKNOWN;
    facts.summary = text?.summary ?? '';
  }
}

/** Adds texts, verdicts and names. */
export function describe(stored: StoredFacts, statements: readonly StatementFacts[]): void {
  const described = stored.describe(fingerprintsOf(statements));
  setTexts(statements, described.texts);
  const variants = groupedBy(described.variants, ({ fingerprint }) => fingerprint);
  const verdicts = groupedBy(described.verdicts, keyOf);
  const names = described.poolNames;
  for (const facts of statements) {
    facts.variants = (variants.get(facts.fingerprint) ?? []).map(({ query }) => query);
    facts.pools = new Set([...facts.pools].map((id) => names.get(id) ?? id));
    const own = verdicts.get(keyOf(facts)) ?? [];
    if (own.length === 0) continue;
    facts.firstSeenMs = Math.min(...own.map(({ firstSeenMs }) => firstSeenMs));
    facts.lastSeenMs = Math.max(...own.map(({ lastSeenMs }) => lastSeenMs));
    const construct = mostOf(facts.byConstruct) ?? own[0].construct;
    const verdict = own.find((row) => row.construct === construct) ?? own[0];
    facts.evidence = JSON.parse(verdict.evidence) as Evidence[];
    // Rows by tag have no verdict, and errors no confidence.
    if (facts.byConstruct.size === 0) facts.byConstruct.set(verdict.construct, facts.calls + facts.errors);
    if (facts.byConfidence.size === 0) facts.byConfidence.set(verdict.confidence, facts.calls + facts.errors);
  }
}

export function addTags(
  stored: StoredFacts,
  statements: readonly StatementFacts[],
  { span, valuesMax }: { span: Span; valuesMax: number },
): void {
  const byKey = new Map(statements.map((facts) => [keyOf(facts), facts]));
  for (const row of stored.tagSums(span.segments, fewOf(statements))) {
    const facts = byKey.get(keyOf(row));
    if (facts === undefined) continue;
    for (const [key, value] of Object.entries(tagsIn(row.tagSet))) {
      const values = facts.tags.get(key) ?? new Set<string>();
      if (values.size < valuesMax) values.add(String(value));
      facts.tags.set(key, values);
    }
  }
}

function fewOf(statements: readonly StatementFacts[]): SeriesFilter {
  return statements.length > FEW ? {} : { fingerprints: fingerprintsOf(statements) };
}

export function fingerprintsOf(statements: readonly { readonly fingerprint: string }[]): string[] {
  return [...new Set(statements.map(({ fingerprint }) => fingerprint))];
}

function groupedBy<Row>(rows: readonly Row[], keyOfRow: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOfRow(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}
