// Opens a read-only connection of our own to a Postgres, for simple queries with results as text.
// Invariant: every transaction is read-only and every statement is bounded in time, on the server and here; every
// answer is bounded in size; no password leaves in clear where others can read along. It does not go through the
// relay. Only this file imports pg; what pg lacks stands between it and the socket (server-stream.ts, login-check.ts).
// Not here: the queries (stat-statements.ts, activity.ts, plans.ts), addresses (dsn.ts).
// Source: PostgreSQL documentation, "Message Flow", "Canceling Requests in Progress".

import { once } from 'node:events';
import pg from 'pg';
import { serialize } from 'pg-protocol';
import { RuntimeError } from '../config/values/errors.js';
import { type ServerAddress, shownAddress } from './dsn.js';
import { LoginCheck } from './login-check.js';
import { isPrivate, openSocket } from './open-socket.js';
import { ServerError } from './server-error.js';
import { ServerStream } from './server-stream.js';
import { OWN_MARK } from './text-origin.js';

export type Row = ReadonlyArray<string | null>;

export interface ConnectOptions {
  /** For connecting and authenticating together. */
  readonly timeoutMs: number;
  /** statement_timeout and lock_timeout of the session. */
  readonly statementTimeoutMs: number;
  /** How long after statementTimeoutMs a server that is silent is sent a cancel, and how long after that it is left. */
  readonly graceMs: number;
  /** Bytes of one answer. */
  readonly answerBytesMax: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
}

/** For a command that a person waits for. */
export const COMMAND_LIMITS = {
  timeoutMs: 10_000,
  statementTimeoutMs: 30_000,
  graceMs: 5_000,
  answerBytesMax: 256 * 1024 * 1024,
} as const;

/** As many as pgwitness ever answers to: a server that asks for more would only burn our CPU. */
const SCRAM_ITERATIONS_MAX = 1_000_000;
/** After our goodbye, how long a server may leave the socket open. */
const GOODBYE_MS = 2_000;

const asText = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

/** Throws RuntimeError that names the server and the reason. */
export async function connectServer(address: ServerAddress, options: ConnectOptions): Promise<ServerConnection> {
  const deadlineMs = performance.now() + options.timeoutMs;
  const socket = await openSocket(address, options.timeoutMs);
  const login = new LoginCheck({ isPrivate: isPrivate(address, socket), hasPassword: address.password !== '' });
  const stream = new ServerStream(socket, { login, answerBytesMax: options.answerBytesMax });
  const connection = new ServerConnection(stream, address, options);
  const deadline = setTimeout(() => stream.destroy(new Error('no answer in time')), deadlineMs - performance.now());
  try {
    await connection.start();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

export class ServerConnection {
  readonly #stream: ServerStream;
  readonly #address: ServerAddress;
  readonly #options: ConnectOptions;
  readonly #client: pg.Client;
  #version = '';
  /** What a CancelRequest names. */
  #key = { processID: 0, secretKey: 0 };
  /** Why the connection is lost; pg itself says only that it is. */
  #lost: Error | undefined;

  /** Use connectServer. */
  constructor(stream: ServerStream, address: ServerAddress, options: ConnectOptions) {
    this.#stream = stream;
    this.#address = address;
    this.#options = options;
    this.#client = new pg.Client(clientConfig(stream, address, options));
    this.#client.on('error', (error) => {
      this.#lost ??= error;
    });
    this.#client.connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
      if (parameterName === 'server_version') this.#version = parameterValue;
    });
    this.#client.connection.on('backendKeyData', (key) => {
      this.#key = key;
    });
  }

  /** Major version: 17. */
  get major(): number {
    return Number.parseInt(this.#version || '0', 10);
  }

  get version(): string {
    return this.#version;
  }

  /** Whether these sessions, which a pgwitness sees, are this connection too: then it leads through that pgwitness. */
  isAmong(sessions: readonly { backendPid: number; user: string; database: string }[]): boolean {
    const { user, database } = this.#address;
    return sessions.some(
      (session) => session.backendPid === this.#key.processID && session.user === user && session.database === database,
    );
  }

  async start(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      const { sqlstate } = asServerError(error) ?? {};
      throw this.#failure(error as Error, sqlstate?.startsWith('28') ? 'check user and password' : '');
    }
  }

  /**
   * All rows of one statement, values as text. Throws ServerError for the server's answer, RuntimeError for a lost
   * connection.
   */
  async query(sql: string): Promise<Row[]> {
    this.#stream.beginAnswer();
    const { statementTimeoutMs, graceMs } = this.#options;
    const cancel = setTimeout(() => void this.#cancel(), statementTimeoutMs + graceMs);
    const leave = setTimeout(
      () => this.#stream.destroy(new Error('no answer in time')),
      statementTimeoutMs + 2 * graceMs,
    );
    try {
      const answer = await this.#client.query<(string | null)[]>({
        text: `${sql}\n${OWN_MARK}`,
        rowMode: 'array',
        types: asText,
      });
      // pg gives a list when a server completes more statements than it was sent.
      return [answer].flat().flatMap(({ rows }) => rows);
    } catch (error) {
      throw asServerError(error) ?? this.#failure(error as Error, '');
    } finally {
      clearTimeout(cancel);
      clearTimeout(leave);
    }
  }

  close(): void {
    void this.#client.end();
    this.#stream.unref();
    setTimeout(() => this.#stream.destroy(), GOODBYE_MS).unref();
  }

  /** Asks the server on a connection of its own, as encrypted as ours, to end the statement. */
  async #cancel(): Promise<void> {
    const { processID, secretKey } = this.#key;
    try {
      const socket = await openSocket(this.#address, this.#options.graceMs);
      socket.setTimeout(this.#options.graceMs, () => socket.destroy());
      socket.on('error', () => {});
      socket.resume().write(serialize.cancel(processID, secretKey));
      await once(socket, 'close');
    } catch {
      // A server that cannot be reached is left.
    }
  }

  #failure(error: Error, hint: string): RuntimeError {
    const { message, hint: own } = (this.#lost ?? error) as Error & { hint?: string };
    return new RuntimeError(message, { where: shownAddress(this.#address), hint: own || hint, cause: error });
  }
}

function clientConfig(
  stream: ServerStream,
  { host, port, user, database, password }: ServerAddress,
  { statementTimeoutMs, applicationName }: ConnectOptions,
): pg.ClientConfig {
  const settings = {
    default_transaction_read_only: 'on',
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
  };
  const config = {
    stream: () => stream,
    host,
    port,
    user,
    database,
    // As a function, so that pg asks neither the environment nor a file when there is none.
    password: () => password,
    application_name: applicationName,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    // TLS is the stream's business, whatever PGSSLMODE and PGSSLNEGOTIATION say.
    ssl: false,
    sslnegotiation: 'postgres',
    enableChannelBinding: stream.isTls,
    scramMaxIterations: SCRAM_ITERATIONS_MAX,
  } as const;
  return config;
}

function asServerError(error: unknown): ServerError | undefined {
  if (error instanceof ServerError) return error;
  if (!(error instanceof pg.DatabaseError)) return undefined;
  return new ServerError(error.code ?? '', error.message || 'the server refused');
}
