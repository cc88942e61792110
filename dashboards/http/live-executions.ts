// Executions as they pass, asked for by the HTTP thread and answered by the main one.
// Invariant: a question that is not answered in time is given up. Not here: keeping executions (analyzer/notable/tail.ts).

import type { TailBatch } from '../../facts/tail-facts.js';

export interface LiveSource {
  /** Executions after the `sequence` of an earlier batch; 0 = from now on. Rejects when there is no answer. */
  since(after: number): Promise<TailBatch>;
}

const ANSWER_WITHIN_MS = 5_000;

export class LiveExecutions implements LiveSource {
  readonly #ask: (id: number, after: number) => void;
  readonly #waiting = new Map<number, (batch: TailBatch) => void>();
  #lastId = 0;

  constructor(ask: (id: number, after: number) => void) {
    this.#ask = ask;
  }

  since(after: number): Promise<TailBatch> {
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
      this.#ask(id, after);
    });
  }

  take(id: number, batch: TailBatch): void {
    this.#waiting.get(id)?.(batch);
    this.#waiting.delete(id);
  }
}
