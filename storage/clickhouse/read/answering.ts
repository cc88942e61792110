// Asks ClickHouse in another thread and waits for the rows, because reports are synchronous.
// Invariant: ask() returns its own answer or throws, within the time limit; no thread outlives close().
// Not here: connecting (answering-main.ts), statements (questions/).

import { performance } from 'node:perf_hooks';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { StoreError, type StoreErrorCode } from '../../store-error.js';
import { type StoreAddress, shownStore } from '../connection/address.js';

export interface QuestionMessage {
  readonly number: number;
  readonly statements: readonly string[];
}

/** `number`: of its question. */
export type AnswerMessage = { readonly number: number } & Answer;

export type Answer =
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
  #asked = 0;

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
  ask(
    statements: readonly string[],
    limitMs = this.#timeoutMs * this.#address.nodes.length + SLACK_MS,
  ): ReadonlyArray<ReadonlyArray<Record<string, unknown>>> {
    const number = ++this.#asked;
    this.#port.postMessage({ number, statements } satisfies QuestionMessage);
    const answer = this.#await(number, performance.now() + limitMs);
    if (answer === undefined) {
      const words = `reading ${shownStore(this.#address)}: no answer within ${Math.round(limitMs / 1_000)} s`;
      throw new StoreError('unreachable', words, {
        hint: 'Check that ClickHouse runs, and ask for a shorter window.',
      });
    }
    if (answer.kind === 'rows') return answer.rows;
    if (answer.kind === 'fault') throw new Error(answer.message);
    throw new StoreError(answer.code, answer.message, { hint: answer.hint });
  }

  /** Undefined = none came in time. What comes late to a question before is not the answer to this one. */
  #await(number: number, deadline: number): AnswerMessage | undefined {
    for (;;) {
      const before = Atomics.load(this.#answered, 0);
      const answer = receiveMessageOnPort(this.#port)?.message as AnswerMessage | undefined;
      if (answer?.number === number) return answer;
      if (answer !== undefined) continue;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return undefined;
      Atomics.wait(this.#answered, 0, before, leftMs);
    }
  }

  close(): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}
