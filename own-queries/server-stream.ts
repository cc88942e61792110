// Stands between pg and the socket of our own connection, and checks what the server sends.
// Invariant: a message longer than MESSAGE_BYTES_MAX, an answer beyond its bounds, or a step of the login that must
// not be believed ends the connection before pg has seen that message whole. Nothing that a server sends can throw
// out of here.
// Not here: which steps are believed (login-check.ts), opening sockets (open-socket.ts), queries (own-connection.ts).

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Server, serverTable } from '../proxy/wire/message-codes.js';
import { MessageScanner } from '../proxy/wire/message-scanner.js';
import { type BodyRange, type FramingLost, NO_BYTES } from '../proxy/wire/message-sink.js';
import type { LoginCheck } from './login-check.js';

const MIB = 1024 * 1024;
const HEADER_BYTES = 5;
/** Body of one message. The longest are texts of pg_stat_statements (cut) and lines of a plan. */
const MESSAGE_BYTES_MAX = 16 * MIB;
/** All that a server says while we log in. */
const LOGIN_BYTES_MAX = MIB;
/** DataRows of one answer; the queries read catalogues, not data. */
const ROWS_MAX = 1_000_000;

/** pg's socket. Its `connect` is a formality, because the socket below is connected. */
export class ServerStream extends Duplex {
  readonly #socket: Socket | TLSSocket;
  readonly #login: LoginCheck;
  readonly #answerBytesMax: number;
  readonly #scanner: MessageScanner;
  #answerBytes = 0;
  #answerRows = 0;
  #problem: Error | undefined;

  /** The socket is connected and paused, and nothing has been read of it. */
  constructor(socket: Socket | TLSSocket, checks: { login: LoginCheck; answerBytesMax: number }) {
    super();
    this.#socket = socket;
    this.#login = checks.login;
    this.#answerBytesMax = checks.answerBytesMax;
    const table = serverTable();
    const bodyBytesMax = table.bodyBytesMax.map((bytes) => Math.min(bytes, MESSAGE_BYTES_MAX));
    this.#scanner = new MessageScanner({ ...table, bodyBytesMax }, this);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy(new Error('the server closed the connection')));
  }

  get isTls(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Each query has an answer of its own. */
  beginAnswer(): void {
    this.#answerBytes = 0;
    this.#answerRows = 0;
  }

  // What pg calls of a socket beside a Duplex's own.
  connect(): void {
    process.nextTick(() => this.emit('connect'));
  }
  setNoDelay(): void {}
  ref(): void {
    this.#socket.ref();
  }
  unref(): void {
    this.#socket.unref();
  }
  /** For SCRAM's channel binding, which pg asks for over TLS alone. */
  getPeerCertificate(): object {
    return (this.#socket as TLSSocket).getPeerCertificate();
  }

  /** pg-protocol throws at malformed bodies out of its listener; that is the connection's end, not the process's. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'data') return super.emit(event, ...values);
    try {
      return super.emit(event, ...values);
    } catch (cause) {
      this.destroy(new Error('the server sent a malformed message', { cause }));
      return true;
    }
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#scanner.stop();
    this.#socket.destroy();
    done(error);
  }

  message(code: number, bodyBytes: number, range: BodyRange): void {
    this.#count(code, 1, bodyBytes);
    this.#believe(code, range.bytes.subarray(range.start, range.end));
  }

  headers(code: number, count: number, bodyBytes: number): void {
    this.#count(code, count, bodyBytes);
    this.#believe(code, NO_BYTES);
  }

  framingLost(why: FramingLost): void {
    const what =
      why === 'unknown code'
        ? 'a message that the protocol does not have'
        : `a message longer than ${MESSAGE_BYTES_MAX / MIB} MiB, or of a length that it cannot have`;
    this.#refuse(new Error(`the server sent ${what}`));
  }

  #receive(chunk: Buffer): void {
    // First the check, then pg: a refused message is never complete there.
    this.#scanner.feed(chunk);
    if (this.#problem !== undefined) this.destroy(this.#problem);
    else if (!this.push(chunk)) this.#socket.pause();
  }

  #count(code: number, count: number, bodyBytes: number): void {
    this.#answerBytes += count * HEADER_BYTES + bodyBytes;
    if (code === Server.dataRow) this.#answerRows += count;
    const bytesMax = this.#login.done ? this.#answerBytesMax : LOGIN_BYTES_MAX;
    if (this.#answerBytes > bytesMax) {
      this.#refuse(new Error(`the server sent an answer of more than ${bytesMax / MIB} MiB`));
    }
    if (this.#answerRows > ROWS_MAX) this.#refuse(new Error(`the server sent an answer of more than ${ROWS_MAX} rows`));
  }

  #believe(code: number, body: Buffer): void {
    try {
      this.#login.message(code, body);
    } catch (error) {
      this.#refuse(error as Error);
    }
  }

  #refuse(problem: Error): void {
    this.#problem ??= problem;
    this.#scanner.stop();
  }
}
