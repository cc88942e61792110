// Asks the main thread for the last executions, on behalf of `pgwitness tail`.
// Invariant: a question that is not answered in time is given up. Not here: keeping executions
// (analyzer/notable/tail.ts).

import type { TailBatch } from '../../facts/answers.js';

export interface TailReader {
  /** Executions after the `sequence` of an earlier batch; 0 = from now on. Rejects when there is no answer. */
  batchAfter(sequence: number): Promise<TailBatch>;
}

const ANSWER_WITHIN_MS = 5_000;

export class AskedTail implements TailReader {
  readonly #ask: (id: number, after: number) => void;
  readonly #waiting = new Map<number, (batch: TailBatch) => void>();
  #lastId = 0;

  /** `ask` sends a question; `take` gets its answer under the same id. */
  constructor(ask: (id: number, after: number) => void) {
    this.#ask = ask;
  }

  batchAfter(sequence: number): Promise<TailBatch> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error('the observer did not answer'));
      }, ANSWER_WITHIN_MS);
      this.#waiting.set(id, (batch) => {
        clearTimeout(timer);
        resolve(batch);
      });
      this.#ask(id, sequence);
    });
  }

  take(id: number, batch: TailBatch): void {
    this.#waiting.get(id)?.(batch);
    this.#waiting.delete(id);
  }
}
