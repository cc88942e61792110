// A connection to ClickHouse: the one door of @clickhouse/client.
// Invariant: what an insert answers is stored, on every shard; what it throws is a StoreError without a password.
// Not here: what is asked and sent, trying again.

import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client';
import type { StoreAddress } from './address.js';
import { clickhouseError } from './failures.js';

/** A value of a row: a histogram is an object. */
export type FleetValue = string | number | null | Readonly<Record<string, number>>;

export interface ClientOptions {
  /** Which node of the address; default 0. */
  readonly node?: number;
  /** '' = none, for making one. */
  readonly database?: string;
  /** 0 = as long as it takes. */
  readonly timeoutMs?: number;
}

/** Nothing is left to defaults, which changed between versions: rows are stored when an insert answers. */
const ON_INSERT: ClickHouseSettings = {
  async_insert: 0,
  distributed_foreground_insert: 1,
  // A new sidecar sends days at once, and each has a partition.
  max_partitions_per_insert_block: '0',
};
const TIMEOUT_MS = 60_000;
/** Questions of a report that wait beside each other. */
const CONNECTIONS_MAX = 4;

export class FleetClient {
  readonly node: string;
  readonly #client: ClickHouseClient;
  readonly #database: string;

  constructor(address: StoreAddress, { node = 0, database, timeoutMs = TIMEOUT_MS }: ClientOptions = {}) {
    this.node = address.nodes[node];
    this.#database = database ?? address.database;
    this.#client = createClient({
      url: this.node,
      username: address.user,
      password: address.password,
      database: this.#database || 'default',
      application: 'pgwitness',
      request_timeout: timeoutMs,
      max_open_connections: CONNECTIONS_MAX,
      compression: { request: true, response: true },
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      // What it would print holds statements; errors are thrown.
      log: { level: ClickHouseLogLevel.OFF },
      ...(address.authorities === undefined ? {} : { tls: { ca_cert: address.authorities } }),
    });
  }

  /** Throws StoreError. */
  async command(sql: string): Promise<void> {
    await this.#attempt('asking', () => this.#client.command({ query: sql }));
  }

  /** Whole numbers come as numbers. Throws StoreError. */
  async rows<Row>(sql: string): Promise<Row[]> {
    return this.#attempt('reading', async () => {
      const answer = await this.#client.query({ query: sql, format: 'JSONEachRow' });
      return answer.json<Row>() as Promise<Row[]>;
    });
  }

  /** The names of the columns, their types, then the rows. Throws StoreError. */
  async table(
    sql: string,
    { settings, signal }: { settings: ClickHouseSettings; signal: AbortSignal },
  ): Promise<unknown[][]> {
    return this.#attempt('asking', async () => {
      const answer = await this.#client.query({
        query: sql,
        format: 'JSONCompactEachRowWithNamesAndTypes',
        clickhouse_settings: settings,
        abort_signal: signal,
      });
      return answer.json<unknown[]>() as Promise<unknown[][]>;
    });
  }

  /** What a statement is to ClickHouse, which only looks at it: its parts, a line each. Throws StoreError. */
  async syntax(
    sql: string,
    { settings, signal }: { settings: ClickHouseSettings; signal: AbortSignal },
  ): Promise<string[]> {
    return (await this.#text(`EXPLAIN AST ${sql}`, { clickhouse_settings: settings, abort_signal: signal })).split(
      '\n',
    );
  }

  /** Whether the user has all of these, as GRANT has them. Throws StoreError. */
  async may(rights: string): Promise<boolean> {
    return (await this.#text(`CHECK GRANT ${rights}`)).trim() === '1';
  }

  /** Throws StoreError: then some of the rows may be stored. */
  async insert(table: string, columns: readonly string[], rows: readonly FleetValue[][]): Promise<void> {
    await this.#attempt('writing to', () =>
      this.#client.insert({
        table,
        columns: columns as [string, ...string[]],
        values: rows as unknown[],
        format: 'JSONCompactEachRow',
        clickhouse_settings: ON_INSERT,
      }),
    );
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** For statements that take no FORMAT. */
  async #text(
    query: string,
    more: { clickhouse_settings?: ClickHouseSettings; abort_signal?: AbortSignal } = {},
  ): Promise<string> {
    return this.#attempt('asking', async () => {
      const { stream } = await this.#client.exec({ query, ...more });
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    });
  }

  async #attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw clickhouseError(error, `${doing} ${this.node}/${this.#database}`);
    }
  }
}
