// Flushes made by hand for the storage tests.
// Small, with every part that a test does not name left empty.
// Not here: real traffic, which the pipeline's tests bring.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CatalogueEntry, emptyFlush, type Flush, type StatementSourceDelta } from '../../facts/flush.js';
import { LogHistogram } from '../../facts/histogram.js';
import type { PoolRow } from '../../facts/pool.js';
import { RollupRow, type TagRollup } from '../../facts/rollup-row.js';
import type { Confidence } from '../../facts/verdict.js';
import { openReader, type Reader } from '../../storage/sqlite/read/reader.js';
import { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from '../../storage/sqlite/sqlite-store.js';

/** 2026-03-01T00:00Z, a day boundary. */
export const DAY_START_MIN = Date.UTC(2026, 2, 1) / 60_000;
export const MINUTE_MS = 60_000;

/** Removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function openStore(dataDir: string, options: Partial<SqliteStoreOptions> = {}): SqliteStore {
  const store = openSqliteStore({ dataDir, ...options });
  onTestFinished(() => store.close());
  return store;
}

export function openTestReader(dataDir: string): Reader {
  const reader = openReader(dataDir);
  onTestFinished(() => reader.close());
  return reader;
}

export function flushOf(parts: Partial<Flush> = {}): Flush {
  return { ...emptyFlush(DAY_START_MIN * MINUTE_MS), ...parts };
}

export interface Executions {
  minute?: number;
  fingerprint?: string;
  source?: string;
  construct?: string;
  pool?: string;
  confidence?: Confidence;
  /** Service time of each call, not batched. */
  callsNs?: readonly number[];
  batchedNs?: readonly number[];
  /** SQLSTATE of each error; each took 1000 ns. */
  errors?: readonly string[];
  rows?: number;
}

/** A rollup row as the analyzer would have counted these executions. */
export function rollupOf(executions: Executions): RollupRow {
  const { minute = DAY_START_MIN, fingerprint = FINGERPRINT, source = 'raw', construct = 'cursor' } = executions;
  const row = new RollupRow({ minute, fingerprint, source, construct, pool: executions.pool ?? 'pool-a' });
  const calls = [...(executions.callsNs ?? []), ...(executions.batchedNs ?? [])].length;
  const confidence = executions.confidence ?? 'strong';
  if (confidence === 'certain') row.callsCertain = calls;
  if (confidence === 'strong') row.callsStrong = calls;
  if (confidence === 'weak') row.callsWeak = calls;
  if (confidence === 'none') row.callsNone = calls;
  row.batchedCalls = executions.batchedNs?.length ?? 0;
  row.rows = executions.rows ?? 0;
  for (const ns of executions.batchedNs ?? []) row.serviceTotalNs += ns;
  for (const ns of executions.callsNs ?? []) addAlone(row, ns);
  for (const sqlstate of executions.errors ?? []) {
    row.errors++;
    row.errorsBySqlstate ??= new Map();
    row.errorsBySqlstate.set(sqlstate, (row.errorsBySqlstate.get(sqlstate) ?? 0) + 1);
    addAlone(row, 1000);
  }
  return row;
}

function addAlone(row: RollupRow, ns: number): void {
  row.serviceTotalNs += ns;
  row.serviceMinNs = Math.min(row.serviceMinNs, ns);
  row.serviceMaxNs = Math.max(row.serviceMaxNs, ns);
  row.histogram.add(ns);
}

export const FINGERPRINT = 'a1b2c3d4e5f60718';

export function entryOf(parts: Partial<CatalogueEntry> = {}): CatalogueEntry {
  return {
    fingerprint: FINGERPRINT,
    query: 'SELECT title FROM shop_book WHERE id = $1',
    summary: 'SELECT shop_book',
    command: 'SELECT',
    keyHash: 'key-1',
    grammar: 'pg18',
    ...parts,
  };
}

export function verdictOf(parts: Partial<StatementSourceDelta> = {}): StatementSourceDelta {
  return {
    fingerprint: FINGERPRINT,
    source: 'raw',
    construct: 'cursor',
    confidence: 'strong',
    firstSeenMs: DAY_START_MIN * MINUTE_MS + 1_000,
    lastSeenMs: DAY_START_MIN * MINUTE_MS + 2_000,
    calls: 1,
    errors: 0,
    evidence: [{ rule: 'django-shape', saw: 'a Django connection, text not in the form that the ORM writes' }],
    ...parts,
  };
}

export function tagsOf(tagSet: Readonly<Record<string, string>>, parts: Partial<TagRollup> = {}): TagRollup {
  const histogram = new LogHistogram();
  histogram.add(5_000);
  return {
    minute: DAY_START_MIN,
    fingerprint: FINGERPRINT,
    source: 'raw',
    tagSet: JSON.stringify(tagSet),
    calls: 1,
    batchedCalls: 0,
    errors: 0,
    rows: 1,
    requests: 0,
    serviceTotalNs: 5_000,
    serviceMinNs: 5_000,
    serviceMaxNs: 5_000,
    histogram,
    ...parts,
  };
}

/** The part of a pool's minute that speaks of transactions: these durations, two statements each. */
export function transactionsOf(durationsMs: readonly number[]) {
  const transactionHistogram = new LogHistogram();
  for (const ms of durationsMs) transactionHistogram.add(ms * 1e6);
  return {
    transactions: durationsMs.length,
    transactionStatements: 2 * durationsMs.length,
    transactionTotalMs: durationsMs.reduce((sum, ms) => sum + ms, 0),
    transactionMaxMs: Math.max(0, ...durationsMs),
    transactionHistogram,
  };
}

export function poolOf(id: string, name: string): PoolRow {
  return {
    id,
    name,
    identity: {
      user: 'app',
      database: 'shop',
      applicationName: '',
      options: '',
      owner: name.split(':')[0],
      clientNetwork: '',
    },
    firstSeenMs: DAY_START_MIN * MINUTE_MS,
    lastSeenMs: DAY_START_MIN * MINUTE_MS,
    clientAddress: '127.0.0.1',
    serverVersion: '17.5',
    driver: 'psycopg',
    habits: ['one connection per request'],
    evidence: [{ rule: 'startup', saw: 'client_encoding before TimeZone' }],
  };
}
