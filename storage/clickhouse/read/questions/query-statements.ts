// Statements for ClickHouse: sums, errors and histograms of statements and tag sets.
// Invariant: a row is of one series over all segments; its id is found again when its histogram is asked for.
// Not here: ranking (rank-statements.ts), texts (query-texts.ts).

import {
  CALLS_BY_CONFIDENCE,
  type StatementMeasureName,
  snakeCase,
  type TagMeasureName,
} from '../../../../facts/measures.js';
import { STATEMENT_RULES, TAG_RULES } from '../../../../facts/sums.js';
import type { Segment } from '../../../reading/levels.js';
import type {
  EncodedHistogram,
  ErrorSums,
  HistogramsWanted,
  SeriesFilter,
  SeriesSums,
  SourceExecutions,
  StatementKey,
  TagSums,
} from '../../../reading/statement-rows.js';
import { literal } from '../../schema/literal.js';
import { ofPool, seriesCondition, tagCondition } from './filters.js';
import { list, summedUp, totalSql } from './sql.js';
import { inParts, type Named, type View } from './view.js';

const BY_CONFIDENCE = Object.fromEntries(Object.values(CALLS_BY_CONFIDENCE).map((field) => [field, snakeCase(field)]));
export const CALLS_SQL = `(${Object.values(BY_CONFIDENCE).join(' + ')})`;

/** The column of a measure in `rollup`. */
export function statementColumn(name: StatementMeasureName): string {
  return name === 'calls' ? CALLS_SQL : snakeCase(name);
}

const SERIES_SUMS = summedUp(STATEMENT_RULES, { from: statementColumn, more: BY_CONFIDENCE });
const TAG_SUMS = summedUp<TagMeasureName>(TAG_RULES, {});

export function seriesSums(view: View, segments: readonly Segment[], filter: SeriesFilter): SeriesSums[] {
  if (segments.length === 0) return [];
  // Of few statements histograms are wanted next: reading both at once costs little more.
  const withHistograms = filter.fingerprints === undefined ? '' : ', sumMap(histogram) AS histogram';
  const rows = view.rows<SeriesSums & { histogram?: Uint8Array }>(
    `SELECT fingerprint, source, construct, pool_id AS poolId, ${SERIES_SUMS.sql}${withHistograms}
     FROM rollup FINAL ${view.statementsIn(segments, seriesCondition(filter, view))}
     GROUP BY fingerprint, source, construct, pool_id ORDER BY fingerprint, source, construct, pool_id`,
  );
  const histograms = new Map<number, Uint8Array>();
  for (const row of rows) {
    SERIES_SUMS.name(row);
    row.seriesId = idOfSeries(view, row);
    if (row.histogram !== undefined) histograms.set(row.seriesId, row.histogram);
  }
  view.keep(segments, histograms);
  return rows;
}

export function tagSums(view: View, segments: readonly Segment[], filter: SeriesFilter): TagSums[] {
  if (segments.length === 0) return [];
  const rows = view.rows<TagSums>(
    `SELECT fingerprint, source, tag_set AS tagSet, ${TAG_SUMS.sql}
     FROM tag_rollup FINAL ${view.statementsIn(segments, tagCondition(filter, view))}
     GROUP BY fingerprint, source, tag_set ORDER BY fingerprint, source, tag_set`,
  );
  for (const row of rows) {
    TAG_SUMS.name(row);
    const { fingerprint, source, tagSet } = row;
    row.tagSeriesId = view.idOf({ fingerprint, source, tagSet });
  }
  return rows;
}

/** The whole of each of these statements, as far as the filter goes. */
export function seriesIds(
  view: View,
  statements: readonly StatementKey[],
  filter: SeriesFilter,
): Array<StatementKey & { id: number }> {
  const condition = seriesCondition(filter, view);
  return statements.map(({ fingerprint, source }) => ({
    fingerprint,
    source,
    id: view.idOf({ fingerprint, source, condition }),
  }));
}

export function alsoElsewhere(
  view: View,
  { pool, fingerprints }: { pool: string; fingerprints: readonly string[] },
): StatementKey[] {
  const found = inParts(fingerprints).map(
    (part) => `SELECT DISTINCT fingerprint, source FROM rollup
      WHERE ${view.ran} AND fingerprint IN ${list(part)} AND NOT ${ofPool(pool)}`,
  );
  return view.all(...found).flat() as StatementKey[];
}

interface HistogramRow extends Required<Omit<Named, 'condition'>> {
  histogram: Uint8Array;
}

/** Merged in SQL over all time that is asked for. */
export function histogramsOf(
  view: View,
  table: 'rollup' | 'tag_rollup',
  { segments, ids, ...known }: HistogramsWanted,
): EncodedHistogram[] {
  if (ids?.length === 0 || segments.length === 0) return [];
  if (ids !== undefined && table === 'rollup') {
    const kept = view.kept(segments);
    if (ids.every((id) => kept.has(id))) return ids.map((id) => ({ id, histogram: kept.get(id)! }));
  }
  const wanted = ids === undefined ? undefined : new Set(ids);
  const named = (ids ?? []).map((id) => view.named(id));
  const whole = named[0]?.condition;
  const columns = columnsOf(table, whole !== undefined);
  const placeOf = (fingerprints: readonly string[] | undefined): string => {
    const conditions = [
      ...(fingerprints === undefined ? [] : [`fingerprint IN ${list(fingerprints)}`]),
      ...(known.fingerprint === undefined ? [] : [`fingerprint = ${literal(known.fingerprint)}`]),
      ...(whole === undefined ? [] : [whole]),
    ];
    return view.statementsIn(segments, conditions.length === 0 ? undefined : conditions.join(' AND '));
  };
  const fingerprints = ids === undefined ? undefined : [...new Set(named.map(({ fingerprint }) => fingerprint))];
  const parts = fingerprints === undefined ? [undefined] : inParts(fingerprints);
  const statements = parts.map(
    (
      part,
    ) => `SELECT ${columns.map(([column, name]) => `${column} AS ${name}`).join(', ')}, sumMap(histogram) AS histogram
      FROM ${table} FINAL ${placeOf(part)} GROUP BY ${columns.map(([column]) => column).join(', ')}`,
  );
  return (view.all(...statements).flat() as HistogramRow[]).flatMap(({ histogram, ...key }) => {
    const id = view.idOf(whole === undefined ? key : { ...key, condition: whole });
    return wanted?.has(id) === false ? [] : { id, histogram };
  });
}

function columnsOf(table: 'rollup' | 'tag_rollup', isWhole: boolean): Array<readonly [column: string, name: string]> {
  const statement = [['fingerprint', 'fingerprint'] as const, ['source', 'source'] as const];
  if (isWhole) return statement;
  if (table === 'tag_rollup') return [...statement, ['tag_set', 'tagSet']];
  return [...statement, ['construct', 'construct'], ['pool_id', 'poolId']];
}

export function errorSums(view: View, segments: readonly Segment[], filter: SeriesFilter): ErrorSums[] {
  if (segments.length === 0) return [];
  return view
    .rows<Omit<ErrorSums, 'seriesId'> & Required<Named>>(
      `SELECT fingerprint, source, construct, pool_id AS poolId, sqlstate, ${totalSql('errors')} AS errors
       FROM rollup_error FINAL ${view.statementsIn(segments, seriesCondition(filter, view))}
       GROUP BY fingerprint, source, construct, pool_id, sqlstate ORDER BY sqlstate`,
    )
    .map((row) => ({ seriesId: idOfSeries(view, row), sqlstate: row.sqlstate, errors: row.errors }));
}

export function sourceExecutions(view: View, segments: readonly Segment[]): SourceExecutions[] {
  if (segments.length === 0) return [];
  return view.rows<SourceExecutions>(
    `SELECT source, ${totalSql('calls + errors')} AS executions FROM source_rollup FINAL
     WHERE ${view.in(segments)} GROUP BY source ORDER BY source`,
  );
}

function idOfSeries(
  view: View,
  { fingerprint, source, construct, poolId }: Required<Omit<Named, 'tagSet' | 'condition'>>,
) {
  return view.idOf({ fingerprint, source, construct, poolId });
}
