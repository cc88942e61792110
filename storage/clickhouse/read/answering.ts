// Asks ClickHouse in another thread and waits for the rows, because reports are synchronous.
// Invariant: ask() returns or throws within the time limit; no thread outlives close().
// Not here: connecting (answering-main.ts), statements (questions/).

import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { StoreError, type StoreErrorCode } from '../../store-error.js';
import { type StoreAddress, shownStore } from '../connection/address.js';

export interface QuestionMessage {
  readonly statements: readonly string[];
}

export type AnswerMessage =
  | { readonly kind: 'rows'; readonly rows: ReadonlyArray<ReadonlyArray<Record<string, unknown>>> }
  | { readonly kind: 'failed'; readonly code: StoreErrorCode; readonly message: string; readonly hint: string }
  /** A fault of ours. */
  | { readonly kind: 'fault'; readonly message: string };

/** For the thread to begin, and for an answer to come over when its own limit has passed. */
const SLACK_MS = 10_000;
const MAIN = new URL('./answering-main.js', import.meta.url);

export class Answering {
  readonly #address: StoreAddress;
  readonly #timeoutMs: number;
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly #port: MessagePort;

  constructor(address: StoreAddress, timeoutMs: number) {
    this.#address = address;
    this.#timeoutMs = timeoutMs;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData = { address, timeoutMs, answered: this.#answered, port: port2 };
    this.#worker = new Worker(MAIN, { workerData, transferList: [port2] });
    this.#worker.unref();
  }

  /** The rows of each statement, in order; they are asked at once. Throws StoreError. */
  ask(statements: readonly string[]): ReadonlyArray<ReadonlyArray<Record<string, unknown>>> {
    const before = Atomics.load(this.#answered, 0);
    this.#port.postMessage({ statements } satisfies QuestionMessage);
    const limitMs = this.#timeoutMs * this.#address.nodes.length + SLACK_MS;
    const waited = Atomics.wait(this.#answered, 0, before, limitMs);
    const answer = receiveMessageOnPort(this.#port)?.message as AnswerMessage | undefined;
    if (answer === undefined) {
      const why = waited === 'timed-out' ? `no answer within ${Math.round(limitMs / 1_000)} s` : 'the answer was lost';
      throw new StoreError('unreachable', `reading ${shownStore(this.#address)}: ${why}`, {
        hint: 'Check that ClickHouse runs, and ask for a shorter window.',
      });
    }
    if (answer.kind === 'rows') return answer.rows;
    if (answer.kind === 'fault') throw new Error(answer.message);
    throw new StoreError(answer.code, answer.message, { hint: answer.hint });
  }

  close(): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}
