// Conditions in SQL for what a filter asks for, on series and on tag sets.
// Invariant: every value is bound. Not here: the queries (query-statements.ts, series-totals.ts).

import { functionsOf } from '../../../config/values/glob.js';
import { HANDWRITTEN } from '../../../facts/verdict.js';
import type { SeriesFilter } from '../../reading/statement-rows.js';
import type { SqlValue } from '../file/rows.js';

export interface Condition {
  sql: string;
  values: SqlValue[];
}

const ALL: Condition = { sql: '', values: [] };

const BY_HAND = { source: oneOf(HANDWRITTEN.sources), construct: oneOf(HANDWRITTEN.constructs) };
const AMONG = 'fingerprint IN (SELECT value FROM json_each(?))';

/** Binds a pool twice, by id or name. */
export const OF_POOL = 'pool_id IN (SELECT ? UNION SELECT pool_id FROM pool WHERE name = ?)';

/** The condition of a filter on a row of `series`; '' = none. */
export function seriesConditions(filter: SeriesFilter): Condition {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  if (filter.fingerprint !== undefined) push(parts, values, 'fingerprint = ?', filter.fingerprint);
  if (filter.fingerprints !== undefined) push(parts, values, AMONG, JSON.stringify(filter.fingerprints));
  if (filter.prefix !== undefined) {
    parts.push('fingerprint >= ? AND fingerprint < ?');
    values.push(filter.prefix, afterPrefix(filter.prefix));
  }
  if (filter.source !== undefined) push(parts, values, 'source = ?', filter.source);
  if (filter.construct !== undefined) push(parts, values, 'construct = ?', filter.construct);
  if (filter.handwritten === true) parts.push(`(source ${BY_HAND.source} OR construct ${BY_HAND.construct})`);
  if (filter.pool !== undefined) {
    parts.push(OF_POOL);
    values.push(filter.pool, filter.pool);
  }
  pushTexts(parts, values, { filter, column: 'fingerprint' });
  return { sql: parts.join(' AND '), values };
}

export function seriesCondition(filter: SeriesFilter): Condition {
  const { sql, values } = seriesConditions(filter);
  return sql === '' ? ALL : { sql: ` AND series_id IN (SELECT series_id FROM series WHERE ${sql})`, values };
}

/** The first text after all that begin with a prefix: only digits and letters up to f follow it. */
function afterPrefix(prefix: string): string {
  return `${prefix}g`;
}

/** Tag rows have no construct and no pool, so any of the statement will do; see alsoElsewhere. */
export function tagCondition(filter: SeriesFilter): Condition {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  if (filter.fingerprint !== undefined) push(parts, values, 't.fingerprint = ?', filter.fingerprint);
  if (filter.fingerprints !== undefined) push(parts, values, `t.${AMONG}`, JSON.stringify(filter.fingerprints));
  if (filter.prefix !== undefined) {
    parts.push('t.fingerprint >= ? AND t.fingerprint < ?');
    values.push(filter.prefix, afterPrefix(filter.prefix));
  }
  if (filter.source !== undefined) push(parts, values, 't.source = ?', filter.source);
  const ofStatement = 'FROM statement_source o WHERE o.fingerprint = t.fingerprint AND o.source = t.source';
  if (filter.construct !== undefined) {
    push(parts, values, `EXISTS (SELECT 1 ${ofStatement} AND o.construct = ?)`, filter.construct);
  }
  if (filter.handwritten === true) {
    parts.push(`(t.source ${BY_HAND.source} OR EXISTS (SELECT 1 ${ofStatement} AND o.construct ${BY_HAND.construct}))`);
  }
  for (const [key, value] of filter.tags ?? []) {
    const condition = hasTag('t', key, value);
    parts.push(condition.sql);
    values.push(...condition.values);
  }
  if (filter.pool !== undefined) {
    parts.push(
      `EXISTS (SELECT 1 FROM series o WHERE o.fingerprint = t.fingerprint AND o.source = t.source AND ${OF_POOL})`,
    );
    values.push(filter.pool, filter.pool);
  }
  pushTexts(parts, values, { filter, column: 't.fingerprint' });
  if (parts.length === 0) return ALL;
  return {
    sql: ` AND tag_series_id IN (SELECT tag_series_id FROM tag_series t WHERE ${parts.join(' AND ')})`,
    values,
  };
}

/** A row of `table`, which has a tag set, has this tag; `*` stands for anything, as in config/values/glob.ts. */
export function hasTag(table: string, key: string, pattern: string): Condition {
  const sql = `EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid(${table}.tag_set) THEN ${table}.tag_set ELSE '{}' END) pair
    WHERE pair.key = ? AND (CAST(pair.value AS TEXT) GLOB ? OR CAST(pair.value AS TEXT) GLOB ?))`;
  return { sql, values: [key, globOf(pattern), globOf(functionsOf(pattern) ?? pattern)] };
}

/** For constants of ours only; every other value is bound. */
function oneOf(names: readonly string[]): string {
  return `IN (${names.map((name) => `'${name}'`).join(', ')})`;
}

function push(parts: string[], values: SqlValue[], sql: string, value: string): void {
  parts.push(sql);
  values.push(value);
}

/** Fingerprints of statements that a place with these words sent. */
const FROM_PLACE = `SELECT fingerprint FROM tag_series
  WHERE CASE WHEN json_valid(tag_set) THEN json_extract(tag_set, '$.caller') END LIKE ? ESCAPE '\\'`;

/** Statements whose text has the words, or the place that sends them, and whose summary the table. */
function pushTexts(
  parts: string[],
  values: SqlValue[],
  { filter, column }: { filter: SeriesFilter; column: string },
): void {
  const texts: string[] = [];
  for (const word of filter.find ?? []) {
    texts.push(`(query LIKE ? ESCAPE '\\' OR summary LIKE ? ESCAPE '\\' OR fingerprint LIKE ? ESCAPE '\\'
      OR fingerprint IN (${FROM_PLACE}))`);
    const like = `%${likeOf(word)}%`;
    values.push(like, like, like, like);
  }
  if (filter.table !== undefined) {
    // A summary is words: the operation and the tables.
    push(texts, values, `' ' || summary || ' ' LIKE ? ESCAPE '\\'`, `% ${likeOf(filter.table).replaceAll('*', '%')} %`);
  }
  if (texts.length > 0) parts.push(`${column} IN (SELECT fingerprint FROM statement WHERE ${texts.join(' AND ')})`);
}

function likeOf(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** Only `*` stands for anything. */
function globOf(value: string): string {
  return value.replace(/[?[]/g, '[$&]');
}
