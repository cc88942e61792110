// Runs people's SQL on a fleet's store, as ClickHouse speaks it.
// Invariant: ClickHouse is told that it only reads; a statement ends at its time limit and when it is cancelled.
// Not here: connecting (storage/clickhouse/read/shell.ts), reading and printing (../commands/sql.ts).

import { RuntimeError, UsageError } from '../../config/values/errors.js';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { FleetShell, ShellMistake } from '../../storage/clickhouse/read/shell.js';
import { StoreError } from '../../storage/store-error.js';
import { type RunQuestion, type SqlAnswer, type SqlRunner, startLimit } from './sql-runner.js';

const NARROWER = 'raise --timeout, or narrow it: WHERE with one span_s and bounds of bucket_min';

export class SqlFleet implements SqlRunner {
  readonly tablesSql =
    "SELECT name, formatReadableQuantity(total_rows) AS rows FROM system.tables WHERE database = currentDatabase() AND name NOT LIKE '%\\_local' ORDER BY name";
  readonly #shell: FleetShell;
  #running: { stop: AbortController; reason?: Error } | undefined;

  /** Throws UsageError for what is no address of a store, or names a part of it. */
  constructor(store: string) {
    const address = parseStoreAddress(store, { where: '--store', env: process.env });
    const [part] = address.parameters.keys();
    if (part !== undefined) {
      throw new UsageError(`sql asks the whole store, and the address has "${part}"`, {
        where: '--store',
        hint: `leave it out, and write WHERE ${part} = '…'`,
      });
    }
    this.#shell = new FleetShell(address);
  }

  async open(): Promise<void> {
    await this.run({ sql: 'SELECT 1', rowsMax: 1, timeoutMs: 30_000, limit: '30s' });
  }

  async run({ sql, rowsMax, timeoutMs, limit }: RunQuestion): Promise<SqlAnswer> {
    const running: { stop: AbortController; reason?: Error } = { stop: new AbortController() };
    const stop = (reason: Error) => this.#stop(running, reason);
    const timer = startLimit({ timeoutMs, limit }, { hint: NARROWER, stop });
    this.#running = running;
    try {
      return await this.#shell.run(sql, { rowsMax, timeoutMs, signal: running.stop.signal });
    } catch (error) {
      throw running.reason ?? failureOf(error);
    } finally {
      clearTimeout(timer);
      this.#running = undefined;
    }
  }

  cancel(): boolean {
    if (this.#running === undefined) return false;
    this.#stop(this.#running, new RuntimeError('cancelled', { where: 'sql' }));
    return true;
  }

  close(): void {
    this.cancel();
    void this.#shell.close();
  }

  #stop(running: { stop: AbortController; reason?: Error }, reason: Error): void {
    running.reason = reason;
    running.stop.abort();
  }
}

function failureOf(error: unknown): unknown {
  if (error instanceof ShellMistake) {
    return new UsageError(error.message, { where: 'sql', hint: 'see docs/FLEET.md for the tables' });
  }
  if (error instanceof StoreError) {
    // Unlike what a sidecar sends, a statement is not tried again.
    const hint = error.code === 'busy' ? 'try again later, or ask for less at once' : error.hint;
    return new RuntimeError(error.message, { where: 'sql', hint });
  }
  return error;
}
