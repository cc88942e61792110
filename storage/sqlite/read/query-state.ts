// Queries for what a store says of itself, and for the names that were seen.
// Invariant: names alone are read, never counts of executions. Not here: how complete a window is (query-statements.ts,
// tables/losses.ts).

import { MINUTE_MS } from '../../../config/values/minute.js';
import type { RelayState, SeenNames, StoreState } from '../../reading/other-rows.js';
import type { Rows } from '../file/rows.js';
import { SCHEMA_VERSION } from '../file/schema-version.js';
import { firstJournaledMinute } from '../journal/first-minute.js';

const RELAYS = `SELECT relay_id AS relayId, last_sequence AS lastSequence, updated_ms AS updatedMs
  FROM relay_progress ORDER BY updated_ms DESC`;
const TOTALS = `SELECT (SELECT count(*) FROM open_session) AS sessionsOpen,
  (SELECT count(*) FROM statement) AS statementsKnown, (SELECT count(*) FROM pool) AS poolsKnown`;
/** A relay that runs is in every flush. */
const LAST_FLUSH = 'SELECT max(updated_ms) AS ms FROM relay_progress';
const TAGS = `SELECT DISTINCT pair.key AS key, CAST(pair.value AS TEXT) AS value
  FROM tag_series t, json_each(CASE WHEN json_valid(t.tag_set) THEN t.tag_set ELSE '{}' END) pair`;
const SUMMARIES = `SELECT DISTINCT summary AS name FROM statement
  WHERE substr(summary, 1, 6) IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE ')`;

export function storeState(rows: Rows): StoreState {
  return {
    relays: rows.all<RelayState>(RELAYS),
    ...rows.get<Pick<StoreState, 'sessionsOpen' | 'statementsKnown' | 'poolsKnown'>>(TOTALS)!,
    counters: rows.all<{ name: string; value: number }>('SELECT name, value FROM counter ORDER BY name'),
    schemaVersion: SCHEMA_VERSION,
  };
}

/** Of a minute that waits in the journal nobody can read what was flushed: up to there the tables have everything. */
export function lastFlushMs(rows: Rows): number | null {
  const flushedMs = rows.get<{ ms: number | null }>(LAST_FLUSH)?.ms ?? null;
  const waiting = firstJournaledMinute(rows);
  return flushedMs === null || waiting === null ? flushedMs : Math.min(flushedMs, waiting * MINUTE_MS);
}

export function seenNames(rows: Rows): SeenNames {
  const named = (sql: string): string[] => rows.all<{ name: string }>(sql).map(({ name }) => name);
  return {
    tags: rows.all<{ key: string; value: string }>(TAGS),
    summaries: named(SUMMARIES),
    sources: named('SELECT DISTINCT source AS name FROM series'),
    constructs: named(`SELECT DISTINCT construct AS name FROM series WHERE construct <> ''`),
    pools: named('SELECT DISTINCT name FROM pool'),
  };
}
