// Opens a read-only connection of our own to a Postgres, for simple queries with results as text.
// Invariant: every transaction is read-only and every statement is bounded in time; it does not go through the relay.
// Only this folder imports pg-protocol.
// Not here: the queries (stat-statements.ts, activity.ts, plans.ts), addresses (dsn.ts).
// Source: PostgreSQL documentation, "Message Flow" and "Message Formats".

import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { parse, serialize } from 'pg-protocol';
import { RuntimeError } from '../config/values/errors.js';
import { type ServerAddress, shownAddress } from './dsn.js';
import { openSocket } from './open-socket.js';
import { SCRAM_MECHANISM, ScramExchange } from './scram.js';

export type Row = ReadonlyArray<string | null>;

/** The error that the server answered with. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly sqlstate: string;

  constructor(sqlstate: string, message: string) {
    super(message);
    this.sqlstate = sqlstate;
  }
}

/** For a command that a person waits for. */
export const COMMAND_TIMEOUTS = { timeoutMs: 10_000, statementTimeoutMs: 30_000 } as const;

export interface ConnectOptions {
  /** For connecting and authenticating together. */
  readonly timeoutMs: number;
  /** statement_timeout and lock_timeout of the session. */
  readonly statementTimeoutMs: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
}

/** The used part of pg-protocol's messages. */
interface Message {
  readonly name: string;
  readonly message?: string;
  readonly code?: string;
  readonly fields?: unknown[];
  readonly mechanisms?: string[];
  readonly data?: string;
  readonly salt?: Uint8Array;
  readonly parameterName?: string;
  readonly parameterValue?: string;
}

/** Rows kept of one answer; the queries read catalogues, not data. */
const ROWS_MAX = 1_000_000;

/** Throws RuntimeError that names the server and the reason. */
export async function connectServer(address: ServerAddress, options: ConnectOptions): Promise<ServerConnection> {
  const socket = await openSocket(address, options.timeoutMs);
  const connection = new ServerConnection(socket, address);
  try {
    await connection.start(options);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

export class ServerConnection {
  readonly #socket: Socket | TLSSocket;
  readonly #address: ServerAddress;
  readonly #parameters = new Map<string, string>();
  readonly #messages: Message[] = [];
  #wake: (() => void) | undefined;
  #ended: Error | undefined;

  /** Use connectServer. */
  constructor(socket: Socket | TLSSocket, address: ServerAddress) {
    this.#socket = socket;
    this.#address = address;
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the server closed the connection')));
    void parse(socket, (message: unknown) => {
      this.#messages.push(message as Message);
      this.#wake?.();
    }).catch((error: Error) => this.#end(error));
    // openSocket leaves it paused.
    socket.resume();
  }

  /** Major version: 17. */
  get major(): number {
    return Number.parseInt(this.#parameters.get('server_version') ?? '0', 10);
  }

  get version(): string {
    return this.#parameters.get('server_version') ?? '';
  }

  async start(options: ConnectOptions): Promise<void> {
    const { user, database } = this.#address;
    const { statementTimeoutMs } = options;
    const settings = `-c default_transaction_read_only=on -c statement_timeout=${statementTimeoutMs} -c lock_timeout=${statementTimeoutMs}`;
    const deadline = setTimeout(() => this.#socket.destroy(new Error('no answer in time')), options.timeoutMs);
    try {
      this.#socket.write(
        serialize.startup({
          user,
          database,
          application_name: options.applicationName,
          client_encoding: 'UTF8',
          options: settings,
        }),
      );
      await this.#authenticate();
    } catch (error) {
      const hint = error instanceof ServerError && error.sqlstate.startsWith('28') ? 'check user and password' : '';
      throw this.#failure(error, hint);
    } finally {
      clearTimeout(deadline);
    }
  }

  /**
   * All rows of one statement, values as text. Throws ServerError for the server's answer, RuntimeError for a lost
   * connection.
   */
  async query(sql: string): Promise<Row[]> {
    this.#socket.write(serialize.query(sql));
    const rows: Row[] = [];
    let refused: ServerError | undefined;
    for (;;) {
      const message = await this.#next();
      if (message.name === 'dataRow') {
        if (rows.length < ROWS_MAX) rows.push(message.fields as Row);
      } else if (message.name === 'error') refused ??= errorOf(message);
      else if (message.name === 'readyForQuery') {
        if (refused !== undefined) throw refused;
        return rows;
      }
    }
  }

  close(): void {
    if (this.#socket.writable) this.#socket.end(serialize.end());
    this.#socket.unref();
  }

  async #authenticate(): Promise<void> {
    const { password, user } = this.#address;
    let scram: ScramExchange | undefined;
    for (;;) {
      const message = await this.#next();
      switch (message.name) {
        case 'authenticationCleartextPassword':
          this.#socket.write(serialize.password(password));
          break;
        case 'authenticationMD5Password':
          this.#socket.write(serialize.password(md5Answer(user, password, message.salt as Uint8Array)));
          break;
        case 'authenticationSASL':
          if (!message.mechanisms?.includes(SCRAM_MECHANISM)) {
            throw new Error(`the server asks for ${message.mechanisms?.join(', ')}, which pgwitness does not support`);
          }
          if (password === '') throw new ServerError('28P01', 'the server asks for a password');
          scram = new ScramExchange(password);
          this.#socket.write(serialize.sendSASLInitialResponseMessage(SCRAM_MECHANISM, scram.first()));
          break;
        case 'authenticationSASLContinue':
          this.#socket.write(serialize.sendSCRAMClientFinalMessage((scram as ScramExchange).final(message.data ?? '')));
          break;
        case 'authenticationSASLFinal':
          (scram as ScramExchange).verify(message.data ?? '');
          break;
        case 'error':
          throw errorOf(message);
        case 'readyForQuery':
          return;
      }
    }
  }

  async #next(): Promise<Message> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        if (message.name !== 'parameterStatus') return message;
        this.#parameters.set(message.parameterName ?? '', message.parameterValue ?? '');
        continue;
      }
      if (this.#ended !== undefined) throw this.#failure(this.#ended, '');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#wake?.();
  }

  #failure(error: unknown, hint: string): RuntimeError {
    if (error instanceof RuntimeError) return error;
    const { message } = error as Error;
    return new RuntimeError(message, { where: shownAddress(this.#address), hint, cause: error });
  }
}

function errorOf(message: Message): ServerError {
  return new ServerError(message.code ?? '', message.message ?? 'the server refused');
}

function md5Answer(user: string, password: string, salt: Uint8Array): string {
  const inner = createHash('md5')
    .update(password + user)
    .digest('hex');
  return `md5${createHash('md5').update(inner).update(salt).digest('hex')}`;
}
