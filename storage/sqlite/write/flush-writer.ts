// One flush into rows: every part of it added to what is there.
// Invariant: runs inside the caller's transaction and assumes nothing of an earlier, failed attempt.
// Not here: the transaction, errors and retries (sqlite-store.ts), which bucket a minute belongs to (levels.ts).

import { MINUTE_MS } from '../../../config/values/minute.js';
import type {
  Flush,
  LossRow,
  PoolMinuteDelta,
  PoolRow,
  StatementSourceDelta,
  TagRollupDelta,
} from '../../../facts/flush.js';
import type { RollupRow } from '../../../facts/rollup-row.js';
import type { Evidence } from '../../../facts/verdict.js';
import type { Rows, SqlValue } from '../file/rows.js';
import { writeCatalogueEntry } from '../tables/catalogue.js';
import { readFoldState, writeFoldState } from '../tables/fold-state.js';
import { bucketsFor, type FoldState } from '../tables/levels.js';
import { writeMark } from '../tables/marks.js';
import {
  FLEET_ROLLUP,
  POOL_ROLLUP,
  ROLLUP,
  ROLLUP_ERROR,
  ROLLUP_TABLES,
  type RollupTable,
  SOURCE_ROLLUP,
  TAG_ROLLUP,
  upsertSql,
} from '../tables/rollup-tables.js';
import { writePlan, writeSamples } from '../tables/samples.js';
import type { SeriesIds } from '../tables/series.js';

const UPSERTS = new Map<RollupTable, string>(ROLLUP_TABLES.map((table) => [table, upsertSql(table)]));

const UPSERT_STATEMENT_SOURCE = `INSERT INTO statement_source
  (fingerprint, source, construct, confidence, first_seen_ms, last_seen_ms, calls, errors, evidence)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (fingerprint, source, construct) DO UPDATE SET
    confidence = excluded.confidence, evidence = excluded.evidence,
    first_seen_ms = min(first_seen_ms, excluded.first_seen_ms), last_seen_ms = max(last_seen_ms, excluded.last_seen_ms),
    calls = calls + excluded.calls, errors = errors + excluded.errors`;

const UPSERT_POOL = `INSERT INTO pool (pool_id, name, owner, user, database, application_name, options, client_network,
    client_address, server_version, driver, habits, evidence, first_seen_ms, last_seen_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (pool_id) DO UPDATE SET
    name = excluded.name, owner = excluded.owner, user = excluded.user, database = excluded.database,
    application_name = excluded.application_name, options = excluded.options, client_network = excluded.client_network,
    client_address = excluded.client_address, server_version = excluded.server_version, driver = excluded.driver,
    habits = excluded.habits, evidence = excluded.evidence,
    first_seen_ms = min(first_seen_ms, excluded.first_seen_ms), last_seen_ms = max(last_seen_ms, excluded.last_seen_ms)`;

/** Counts may come before the pool itself was described, and '(other)' never is. */
const UPSERT_POOL_COUNTS = `INSERT INTO pool (pool_id, name, owner, user, database, application_name, options, client_network,
    client_address, server_version, driver, habits, evidence, first_seen_ms, last_seen_ms, opened, closed)
  VALUES (?, ?, '', '', '', '', '', '', '', '', '', '[]', '[]', ?, ?, ?, ?)
  ON CONFLICT (pool_id) DO UPDATE SET opened = opened + excluded.opened, closed = closed + excluded.closed`;

const UPSERT_RELAY = `INSERT INTO relay_progress VALUES (?, ?, ?)
  ON CONFLICT (relay_id) DO UPDATE SET last_sequence = max(last_sequence, excluded.last_sequence), updated_ms = excluded.updated_ms`;
const UPSERT_SESSION = `INSERT INTO open_session VALUES (?, ?, ?)
  ON CONFLICT (relay_id, session_id) DO UPDATE SET state = excluded.state`;
const DELETE_SESSION = 'DELETE FROM open_session WHERE relay_id = ? AND session_id = ?';
const UPSERT_LOSS = `INSERT INTO loss (counter_id, minute_min, reason, count) VALUES (?, ?, ?, ?)
  ON CONFLICT (minute_min, reason, counter_id) DO UPDATE SET count = max(count, excluded.count)`;
const UPSERT_COUNTER = 'INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

export class FlushWriter {
  readonly #rows: Rows;
  readonly #series: SeriesIds;
  #state!: FoldState;

  constructor(rows: Rows, series: SeriesIds) {
    this.#rows = rows;
    this.#series = series;
  }

  write(flush: Flush): void {
    this.#state = readFoldState(this.#rows);
    const { firstMinute, lastMinute } = this.#state;
    for (const relay of flush.relays) {
      this.#rows.run(UPSERT_RELAY, relay.relayId, relay.lastSequence, integer(flush.atMs));
    }
    for (const entry of flush.catalogue) writeCatalogueEntry(this.#rows, entry);
    for (const delta of flush.statements) this.#writeStatement(delta);
    this.#writeRollups(flush.rollups);
    for (const delta of flush.tags) this.#writeTags(delta);
    for (const pool of flush.pools) this.#writePool(pool);
    for (const delta of flush.poolMinutes) this.#writePoolMinute(delta);
    for (const fleet of flush.fleetMinutes) {
      this.#add(FLEET_ROLLUP, fleet.minute, [integer(fleet.connectionsMax), integer(fleet.busyMax)]);
    }
    for (const open of flush.sessionsOpen) this.#rows.run(UPSERT_SESSION, open.relayId, open.sessionId, open.state);
    for (const closed of flush.sessionsClosed) this.#rows.run(DELETE_SESSION, closed.relayId, closed.sessionId);
    for (const loss of flush.losses) this.#writeLoss(loss);
    for (const mark of flush.marks) writeMark(this.#rows, mark);
    writeSamples(this.#rows, flush.samples);
    for (const plan of flush.plans) writePlan(this.#rows, plan);
    for (const [name, value] of flush.counters) this.#rows.run(UPSERT_COUNTER, name, integer(value));
    if (this.#state.firstMinute !== firstMinute || this.#state.lastMinute !== lastMinute) {
      writeFoldState(this.#rows, this.#state);
    }
  }

  #writeRollups(rollups: Iterable<RollupRow>): void {
    const bySource = new Map<string, { minute: number; source: string; sums: number[] }>();
    for (const row of rollups) {
      const { minute, source } = row.key;
      const series = this.#series.ofRollup(row.key);
      this.#add(ROLLUP, minute, [series, ...rollupValues(row)]);
      for (const [sqlstate, errors] of row.errorsBySqlstate ?? []) {
        this.#add(ROLLUP_ERROR, minute, [series, sqlstate, integer(errors)]);
      }
      const at = `${minute} ${source}`;
      let total = bySource.get(at);
      if (total === undefined) {
        total = { minute, source, sums: [0, 0, 0, 0] };
        bySource.set(at, total);
      }
      total.sums[0] += integer(row.calls);
      total.sums[1] += integer(row.errors);
      total.sums[2] += integer(row.rows);
      total.sums[3] += integer(row.serviceTotalNs);
    }
    for (const { minute, source, sums } of bySource.values()) this.#add(SOURCE_ROLLUP, minute, [source, ...sums]);
  }

  #writeStatement(delta: StatementSourceDelta): void {
    this.#rows.run(
      UPSERT_STATEMENT_SOURCE,
      delta.fingerprint,
      delta.source,
      delta.construct,
      delta.confidence,
      integer(delta.firstSeenMs),
      integer(delta.lastSeenMs),
      integer(delta.calls),
      integer(delta.errors),
      evidenceJson(delta.evidence),
    );
  }

  #writeTags(delta: TagRollupDelta): void {
    this.#add(TAG_ROLLUP, delta.minute, [
      this.#series.ofTags(delta),
      integer(delta.calls),
      integer(delta.batchedCalls),
      integer(delta.errors),
      integer(delta.rows),
      integer(delta.requests),
      integer(delta.serviceTotalNs),
      minimum(delta.serviceMinNs),
      integer(delta.serviceMaxNs),
      delta.histogram.encode(),
    ]);
  }

  #writePool(pool: PoolRow): void {
    const { identity } = pool;
    this.#rows.run(
      UPSERT_POOL,
      pool.id,
      pool.name,
      identity.owner,
      identity.user,
      identity.database,
      identity.applicationName,
      identity.options,
      identity.clientNetwork,
      pool.clientAddress,
      pool.serverVersion,
      pool.driver,
      JSON.stringify(pool.habits),
      evidenceJson(pool.evidence),
      integer(pool.firstSeenMs),
      integer(pool.lastSeenMs),
    );
  }

  #writePoolMinute(delta: PoolMinuteDelta): void {
    const atMs = delta.minute * MINUTE_MS;
    this.#rows.run(
      UPSERT_POOL_COUNTS,
      delta.pool,
      delta.pool,
      atMs,
      atMs,
      integer(delta.opened),
      integer(delta.closed),
    );
    this.#add(POOL_ROLLUP, delta.minute, [
      delta.pool,
      integer(delta.opened),
      integer(delta.closed),
      integer(delta.lifetimeTotalMs),
      integer(delta.connectionsMax),
      integer(delta.busyMax),
      integer(delta.activeMs),
      integer(delta.idleMs),
      integer(delta.idleInTransactionMs),
      integer(delta.transactions),
      integer(delta.transactionStatements),
      integer(delta.transactionTotalMs),
      integer(delta.transactionMaxMs),
      delta.transactionHistogram.encode(),
    ]);
  }

  #writeLoss(loss: LossRow): void {
    this.#rows.run(UPSERT_LOSS, loss.counterId, loss.minute, loss.reason, integer(loss.count));
    this.#noteMinute(loss.minute);
  }

  /** `values`: the table's keys, then its columns. */
  #add(table: RollupTable, minute: number, values: SqlValue[]): void {
    const sql = UPSERTS.get(table)!;
    for (const [spanS, bucketMinute] of bucketsFor(minute, this.#state)) {
      this.#rows.run(sql, spanS, bucketMinute, ...values);
    }
    this.#noteMinute(minute);
  }

  #noteMinute(minute: number): void {
    const state = this.#state;
    if (state.firstMinute === null || minute < state.firstMinute) state.firstMinute = minute;
    if (state.lastMinute === null || minute > state.lastMinute) state.lastMinute = minute;
  }
}

function rollupValues(row: RollupRow): SqlValue[] {
  return [
    integer(row.callsCertain),
    integer(row.callsStrong),
    integer(row.callsWeak),
    integer(row.callsNone),
    integer(row.batchedCalls),
    integer(row.errors),
    integer(row.rows),
    integer(row.requests),
    integer(row.requestBytes),
    integer(row.responseBytes),
    integer(row.serviceTotalNs),
    minimum(row.serviceMinNs),
    integer(row.serviceMaxNs),
    integer(row.firstRowCount),
    integer(row.firstRowTotalNs),
    integer(row.clientStallTotalNs),
    integer(row.waitTotalNs),
    row.histogram.encode(),
  ];
}

/** Shares of a batch's time are fractions, and one value that is no number must not cost the whole flush. */
function integer(value: number): number {
  return Number.isFinite(value) ? Math.round(value) : 0;
}

function minimum(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value) : null;
}

function evidenceJson(evidence: readonly Evidence[]): string {
  return JSON.stringify(evidence.map(({ rule, saw }) => ({ rule, saw })));
}
