// Filters as conditions in ClickHouse's SQL, on rows of statements and on rows by tag set.
// Invariant: every value is a literal. What they mean is what storage/sqlite/tables/filter-conditions.ts says.
// Not here: whose rows and of which time (place.ts).

import { functionsOf } from '../../../../config/values/glob.js';
import { HANDWRITTEN } from '../../../../facts/verdict.js';
import type { SeriesFilter } from '../../../reading/statement-rows.js';
import { literal } from '../../schema/literal.js';
import { likeOf, list } from './sql.js';

const BY_HAND = { source: `IN ${list(HANDWRITTEN.sources)}`, construct: `IN ${list(HANDWRITTEN.constructs)}` };

/** What is asked of all time: a condition for rows with an identity, and one for rows of rollup tables. */
interface Scope {
  readonly whose: string;
  readonly ran: string;
}

/** On rows of `rollup` and `rollup_error`; a filter's tags are ignored. */
export function seriesCondition(filter: SeriesFilter, scope: Scope): string {
  const parts = statementParts(filter, scope);
  if (filter.construct !== undefined) parts.push(`construct = ${literal(filter.construct)}`);
  if (filter.handwritten === true) parts.push(`(source ${BY_HAND.source} OR construct ${BY_HAND.construct})`);
  if (filter.pool !== undefined) parts.push(ofPool(filter.pool));
  return joined(parts);
}

/** Tag rows have no construct and no pool, so any of the statement will do. */
export function tagCondition(filter: SeriesFilter, scope: Scope): string {
  const { ran, whose } = scope;
  const parts = statementParts(filter, scope);
  const verdicts = (condition: string): string =>
    `(fingerprint, source) GLOBAL IN (SELECT fingerprint, source FROM statement_source WHERE ${whose} AND ${condition})`;
  if (filter.construct !== undefined) parts.push(verdicts(`construct = ${literal(filter.construct)}`));
  if (filter.handwritten === true) {
    parts.push(`(source ${BY_HAND.source} OR ${verdicts(`construct ${BY_HAND.construct}`)})`);
  }
  for (const [key, value] of filter.tags ?? []) parts.push(hasTag(key, value));
  if (filter.pool !== undefined) {
    parts.push(
      `(fingerprint, source) GLOBAL IN (SELECT fingerprint, source FROM rollup WHERE ${ran} AND ${ofPool(filter.pool)})`,
    );
  }
  return joined(parts);
}

/** By id or name. */
export function ofPool(pool: string): string {
  const named = literal(pool);
  return `(pool_id = ${named} OR pool_id GLOBAL IN (SELECT pool_id FROM pool FINAL WHERE name = ${named}))`;
}

/** The tag set of a row has this tag; `*` stands for anything, as in config/values/glob.ts. */
function hasTag(key: string, pattern: string): string {
  const value = `JSONExtractString(tag_set, ${literal(key)})`;
  const fits = [pattern, functionsOf(pattern) ?? pattern].map((glob) => `${value} LIKE ${literal(globOf(glob))}`);
  return `(JSONHas(tag_set, ${literal(key)}) AND (${fits.join(' OR ')}))`;
}

export function tagsCondition(tags: ReadonlyArray<readonly [key: string, value: string]>): string {
  return joined(tags.map(([key, value]) => hasTag(key, value)));
}

function statementParts(filter: SeriesFilter, scope: Scope): string[] {
  const parts: string[] = [];
  if (filter.fingerprint !== undefined) parts.push(`fingerprint = ${literal(filter.fingerprint)}`);
  if (filter.fingerprints !== undefined) parts.push(`fingerprint IN ${list(filter.fingerprints)}`);
  if (filter.prefix !== undefined) parts.push(`startsWith(fingerprint, ${literal(filter.prefix)})`);
  if (filter.source !== undefined) parts.push(`source = ${literal(filter.source)}`);
  const texts = textParts(filter, scope);
  if (texts.length > 0)
    parts.push(`fingerprint GLOBAL IN (SELECT fingerprint FROM statement FINAL WHERE ${joined(texts)})`);
  return parts;
}

/**
 * Statements whose text has the words, or a place of theirs that sends them, and whose summary the table. Case does not
 * matter within ASCII.
 */
function textParts({ find = [], table }: SeriesFilter, { ran }: Scope): string[] {
  const parts = find.map((word) => {
    const like = literal(`%${likeOf(inLowerCase(word))}%`);
    const fromPlace = `SELECT fingerprint FROM tag_rollup
      WHERE ${ran} AND lower(JSONExtractString(tag_set, 'caller')) LIKE ${like}`;
    return `(lower(query) LIKE ${like} OR lower(summary) LIKE ${like} OR lower(fingerprint) LIKE ${like}
      OR fingerprint GLOBAL IN (${fromPlace}))`;
  });
  // A summary is words: the operation and the tables.
  if (table !== undefined) {
    const name = likeOf(inLowerCase(table)).replaceAll('*', '%');
    parts.push(`lower(concat(' ', summary, ' ')) LIKE ${literal(`% ${name} %`)}`);
  }
  return parts;
}

/** As lower() of ClickHouse. */
function inLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function globOf(pattern: string): string {
  return likeOf(pattern).replaceAll('*', '%');
}

function joined(parts: readonly string[]): string {
  return parts.length === 0 ? '1' : parts.join(' AND ');
}
