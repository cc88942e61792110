// Writes one flush: every part of it is added to the rows that are there.
// Invariant: it runs inside the caller's transaction and assumes nothing of an earlier, failed attempt.
// Not here: the SQL of a rollup (../tables/rollup-tables.ts), the transaction, errors and retries
// (sqlite-store.ts), which bucket a minute belongs to (levels.ts).

import { MINUTE_MS } from '../../../config/values/minute.js';
import type { Flush, LossRow, StatementSourceDelta } from '../../../facts/flush.js';
import type { PoolMinute } from '../../../facts/pool-minute.js';
import type { RequestRollup, RequestStatementRollup, RollupRow, TagRollup } from '../../../facts/rollup-row.js';
import { bucketsFor, type FoldState } from '../../reading/levels.js';
import type { RefusedRows } from '../../store.js';
import type { Rows, SqlValue } from '../file/rows.js';
import type { Journal } from '../journal/journal.js';
import type { JournaledParts } from '../journal/packed-entry.js';
import { writeCatalogueEntry } from '../tables/catalogue.js';
import { writeFinding } from '../tables/findings.js';
import { readFoldState, writeFoldState } from '../tables/fold-state.js';
import { writeGap } from '../tables/gaps.js';
import { writeLoss, writeLostStatement } from '../tables/losses.js';
import { writeMark } from '../tables/marks.js';
import { markLate } from '../tables/outbox.js';
import {
  FLEET_ROLLUP,
  foldedKeyOf,
  integer,
  POOL_ROLLUP,
  REQUEST_PART_ROLLUP,
  REQUEST_ROLLUP,
  REQUEST_STATEMENT_ROLLUP,
  ROLLUP,
  ROLLUP_ERROR,
  ROLLUP_TABLES,
  type RollupTable,
  SOURCE_ROLLUP,
  TAG_ROLLUP,
  upsertSql,
  valuesOf,
} from '../tables/rollup-tables.js';
import { writePlan, writeSamples } from '../tables/samples.js';
import type { SeriesIds } from '../tables/series.js';
import { writeSetting } from '../tables/settings.js';
import { writeUnitSample } from '../tables/unit-samples.js';
import { writeBypassSample, writeWatchedTime } from '../tables/watched.js';
import { writeCountedSlot } from './counted-requests.js';
import { evidenceText } from './evidence-text.js';
import { writePool } from './pools.js';
import type { RowExecutions, Salvage } from './salvage.js';
import { type SourceTotal, SourceTotals } from './source-totals.js';
import { UPSERT_POOL_COUNTS, UPSERT_RELAY, UPSERT_SESSION, UPSERT_STATEMENT_SOURCE } from './upserts.js';

const UPSERTS = new Map<RollupTable, string>(ROLLUP_TABLES.map((table) => [table, upsertSql(table)]));
const DELETE_SESSION = 'DELETE FROM open_session WHERE relay_id = ? AND session_id = ?';
const UPSERT_COUNTER = 'INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

export class FlushWriter {
  readonly #rows: Rows;
  readonly #series: SeriesIds;
  readonly #journal: Journal;
  #state!: FoldState;
  #salvage: Salvage | undefined;
  readonly #late = new Set<number>();

  constructor(rows: Rows, series: SeriesIds, journal: Journal) {
    this.#rows = rows;
    this.#series = series;
    this.#journal = journal;
  }

  /** `salvage`: writes the rows that the database takes, and returns what it did not. */
  write(flush: Flush, salvage?: Salvage): RefusedRows | undefined {
    return this.#adding(salvage, () => this.#writeFlush(flush));
  }

  /** Rows that waited in the journal. */
  writeOut(parts: JournaledParts, salvage?: Salvage): RefusedRows | undefined {
    return this.#adding(salvage, () => this.#writeRows(parts));
  }

  #adding(salvage: Salvage | undefined, write: () => void): RefusedRows | undefined {
    this.#state = readFoldState(this.#rows);
    const { firstMinute, lastMinute } = this.#state;
    this.#salvage = salvage;
    try {
      write();
    } finally {
      this.#salvage = undefined;
    }
    markLate(this.#rows, this.#late, this.#state);
    if (this.#state.firstMinute !== firstMinute || this.#state.lastMinute !== lastMinute) {
      writeFoldState(this.#rows, this.#state);
    }
    return salvage?.end();
  }

  #writeFlush(flush: Flush): void {
    const run = (sql: string, ...values: SqlValue[]) => this.#rows.run(sql, ...values);
    this.#each(flush.relays, ({ relayId, lastSequence, ended }) => {
      run(UPSERT_RELAY, relayId, lastSequence, integer(flush.atMs), ended ? 1 : 0);
    });
    this.#each(flush.catalogue, (entry) => writeCatalogueEntry(this.#rows, entry));
    this.#writeCounted(flush);
    this.#each(flush.requests, (delta) => this.#writeRequests(delta));
    this.#each(flush.unitSamples, (sample) =>
      writeUnitSample(this.#rows, sample, { series: this.#series.ofRequests(sample), state: this.#state }),
    );
    this.#each(flush.countedRequests, (slot) => writeCountedSlot(this.#rows, slot));
    this.#each(flush.findings, (finding) => writeFinding(this.#rows, finding));
    this.#each(flush.pools, (pool) => writePool(this.#rows, pool));
    this.#each(flush.poolMinutes, (delta) => this.#writePoolMinute(delta));
    this.#each(flush.fleetMinutes, (fleet) => this.#add(FLEET_ROLLUP, fleet.minute, valuesOf(FLEET_ROLLUP, fleet)));
    this.#each(flush.sessionsOpen, (open) => run(UPSERT_SESSION, open.relayId, open.sessionId, open.state));
    this.#each(flush.sessionsClosed, ({ relayId, sessionId }) => run(DELETE_SESSION, relayId, sessionId));
    this.#each(flush.losses, (loss) => this.#writeLoss(loss));
    this.#each(flush.lostStatements, (lost) => writeLostStatement(this.#rows, lost));
    this.#each(flush.gaps, (gap) => writeGap(this.#rows, gap));
    this.#each(flush.watched, (time) => writeWatchedTime(this.#rows, time));
    this.#each(flush.bypass, (sample) => writeBypassSample(this.#rows, sample));
    this.#each(flush.marks, (mark) => writeMark(this.#rows, mark));
    this.#each([flush.samples], (samples) => writeSamples(this.#rows, samples));
    this.#each(flush.plans, (plan) => writePlan(this.#rows, plan));
    this.#each(flush.settings, (setting) => writeSetting(this.#rows, setting));
    this.#each(flush.counters, ([name, value]) => run(UPSERT_COUNTER, name, integer(value)));
  }

  #each<Row>(rows: Iterable<Row>, write: (row: Row) => void, executionsOf?: (row: Row) => RowExecutions): void {
    if (this.#salvage !== undefined) this.#salvage.each(rows, write, executionsOf);
    else for (const row of rows) write(row);
  }

  /** Those of a large flush wait in the journal. Rows that the database refuses are found one by one, and do not. */
  #writeCounted(flush: Flush): void {
    const rollups = [...flush.rollups];
    const tags = [...flush.tags];
    const requestStatements = [...flush.requestStatements];
    const rows = rollups.length + tags.length + requestStatements.length;
    if (this.#salvage !== undefined || !this.#journal.takes(rows)) {
      this.#writeRows({ rollups, tags, requestStatements, statements: flush.statements });
      return;
    }
    const { atMs, statements } = flush;
    const others = this.#journal.add(atMs, { rollups, tags, requestStatements, statements });
    this.#each(others, (delta) => this.#writeStatement(delta));
  }

  #writeRows({ statements, rollups, tags, requestStatements }: JournaledParts): void {
    this.#each(statements, (delta) => this.#writeStatement(delta));
    this.#writeRollups(rollups);
    this.#each(tags, (delta) => this.#writeTags(delta));
    this.#each(requestStatements, (delta) => this.#writeRequestStatement(delta));
  }

  #writeRollups(rollups: Iterable<RollupRow>): void {
    const totals = new SourceTotals();
    const write = (row: RollupRow) => {
      const { minute } = row.key;
      const series = this.#series.ofRollup(row.key);
      this.#add(ROLLUP, minute, [series, ...valuesOf(ROLLUP, row)]);
      for (const [sqlstate, errors] of row.errorsBySqlstate ?? []) {
        this.#add(ROLLUP_ERROR, minute, [series, sqlstate, integer(errors)]);
      }
      totals.add(row);
    };
    this.#each(rollups, write, (row) => ({ minute: row.key.minute, executions: row.executions }));
    const writeTotal = ({ minute, source, sums }: SourceTotal) =>
      this.#add(SOURCE_ROLLUP, minute, [source, ...valuesOf(SOURCE_ROLLUP, sums)]);
    this.#each(totals.all(), writeTotal, (total) => total);
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
      evidenceText(delta.evidence),
    );
  }

  #writeTags(delta: TagRollup): void {
    this.#add(TAG_ROLLUP, delta.minute, [this.#series.ofTags(delta), ...valuesOf(TAG_ROLLUP, delta)]);
  }

  #writeRequests(delta: RequestRollup): void {
    const series = this.#series.ofRequests(delta);
    this.#add(REQUEST_ROLLUP, delta.minute, [series, ...valuesOf(REQUEST_ROLLUP, delta)]);
    for (const part of delta.parts.values()) {
      this.#add(REQUEST_PART_ROLLUP, delta.minute, [
        series,
        part.source,
        part.pool,
        ...valuesOf(REQUEST_PART_ROLLUP, part),
      ]);
    }
  }

  #writeRequestStatement(delta: RequestStatementRollup): void {
    const values = valuesOf(REQUEST_STATEMENT_ROLLUP, delta);
    this.#add(REQUEST_STATEMENT_ROLLUP, delta.minute, [this.#series.ofTags(delta), ...values]);
  }

  #writePoolMinute(delta: PoolMinute): void {
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
    this.#add(POOL_ROLLUP, delta.minute, [delta.pool, ...valuesOf(POOL_ROLLUP, delta)]);
  }

  #writeLoss(loss: LossRow): void {
    writeLoss(this.#rows, loss);
    this.#noteMinute(loss.minute);
  }

  /** `values`: the table's keys, then its columns. */
  #add(table: RollupTable, minute: number, values: SqlValue[]): void {
    const sql = UPSERTS.get(table)!;
    if (minute < this.#state.minutesFoldedTo) this.#late.add(minute);
    const key = foldedKeyOf(table);
    const row = key === undefined ? undefined : { key, id: values[0] as number };
    for (const [spanS, bucketMinute] of bucketsFor(minute, this.#state, row)) {
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
