// Statements for ClickHouse: texts, verdicts and names.
// Invariant: looked up by fingerprint, so cost follows the rows shown. Not here: counts (query-statements.ts).

import type { SeenNames } from '../../../reading/other-rows.js';
import type {
  DescribedStatements,
  StatementText,
  StatementVariant,
  StatementVerdict,
} from '../../../reading/statement-rows.js';
import { namesOf, type PoolName, poolNamesSql } from './query-pools.js';
import { list, totalSql } from './sql.js';
import { inParts, OF_FEW_ROWS, type View } from './view.js';

export function textsOf(view: View, fingerprints: readonly string[]): StatementText[] {
  return view.all(...inParts(fingerprints).map(textsSql)).flat() as StatementText[];
}

function textsSql(fingerprints: readonly string[]): string {
  return `SELECT fingerprint, query, summary FROM statement FINAL WHERE fingerprint IN ${list(fingerprints)}
    ${OF_FEW_ROWS}`;
}

function variantsSql(fingerprints: readonly string[]): string {
  return `SELECT fingerprint, query FROM statement_variant FINAL WHERE fingerprint IN ${list(fingerprints)}
    ORDER BY fingerprint, query ${OF_FEW_ROWS}`;
}

/** Of several sidecars the one that saw most of it says why. */
function verdictsSql(view: View, fingerprints: readonly string[]): string {
  const seen = 's.calls + s.errors';
  return `SELECT fingerprint, source, construct, argMax(s.confidence, ${seen}) AS confidence,
      min(s.first_seen_ms) AS firstSeenMs, max(s.last_seen_ms) AS lastSeenMs, ${totalSql(seen)} AS executions,
      argMax(s.evidence, ${seen}) AS evidence
    FROM statement_source AS s FINAL WHERE ${view.whose} AND fingerprint IN ${list(fingerprints)}
    GROUP BY fingerprint, source, construct ORDER BY executions DESC, construct ${OF_FEW_ROWS}`;
}

export function describe(view: View, fingerprints: readonly string[]): DescribedStatements {
  const parts = inParts(fingerprints);
  const answers = view.all(
    poolNamesSql(view),
    ...parts.flatMap((part) => [textsSql(part), variantsSql(part), verdictsSql(view, part)]),
  );
  const [names, ...described] = answers;
  const every = (kind: number): unknown[] => described.filter((_, at) => at % 3 === kind).flat();
  return {
    texts: every(0) as StatementText[],
    variants: every(1) as StatementVariant[],
    verdicts: every(2) as StatementVerdict[],
    poolNames: namesOf(names as PoolName[]),
  };
}

export function recordsOf(view: View, fingerprints: readonly string[]): Map<string, { calls: number; errors: number }> {
  const statements = inParts([...new Set(fingerprints)]).map(
    (part) => `SELECT fingerprint, ${totalSql('s.calls')} AS calls, ${totalSql('s.errors')} AS errors
      FROM statement_source AS s FINAL WHERE ${view.whose} AND fingerprint IN ${list(part)} GROUP BY fingerprint`,
  );
  const found = view.all(...statements).flat() as Array<{ fingerprint: string; calls: number; errors: number }>;
  return new Map(found.map(({ fingerprint, ...record }) => [fingerprint, record]));
}

const TABLES_OF = `substring(summary, 1, 6) IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE ')`;

export function seenNames(view: View): SeenNames {
  const [sources, constructs, pools, summaries, tags] = view.all(
    `SELECT DISTINCT source AS name FROM statement_source WHERE ${view.whose}`,
    `SELECT DISTINCT construct AS name FROM statement_source WHERE ${view.whose} AND construct != ''`,
    `SELECT DISTINCT name FROM pool FINAL WHERE ${view.whose}`,
    `SELECT DISTINCT summary AS name FROM statement FINAL WHERE ${TABLES_OF} AND fingerprint GLOBAL IN (
       SELECT fingerprint FROM statement_source WHERE ${view.whose})`,
    `SELECT DISTINCT pair.1 AS key, pair.2 AS value FROM (
       SELECT DISTINCT tag_set FROM tag_rollup WHERE ${view.ran}
     ) ARRAY JOIN JSONExtractKeysAndValues(tag_set, 'String') AS pair`,
  ) as [Name[], Name[], Name[], Name[], SeenNames['tags']];
  const named = (rows: readonly Name[]): string[] => rows.map(({ name }) => name);
  return {
    sources: named(sources),
    constructs: named(constructs),
    pools: named(pools),
    summaries: named(summaries),
    tags,
  };
}

interface Name {
  name: string;
}
