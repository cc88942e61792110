// Asks the main thread for what it alone knows: the last executions, and what goes on now.
// Invariant: a question that is not answered in time is given up. Not here: keeping executions
// (analyzer/notable/tail.ts), finding what goes on (analyzer/activity.ts).

import type { TailBatch } from '../../facts/answers.js';
import type { Activity } from '../../facts/work/activity.js';

/** Normalised texts, by fingerprint, that the store does not have yet. */
type WithTexts<Answer> = Answer & { readonly texts: ReadonlyMap<string, string> };

/** The last executions after the `sequence` of an earlier batch (0 = from now on), or what goes on now. */
export type LiveQuestion = { readonly of: 'tail'; readonly after: number } | { readonly of: 'activity' };

export interface LiveAnswers {
  readonly tail: TailBatch;
  readonly activity: WithTexts<Activity>;
}

export interface LiveReader {
  /** Rejects when there is no answer. */
  ask<Of extends LiveQuestion['of']>(question: LiveQuestion & { readonly of: Of }): Promise<LiveAnswers[Of]>;
}

const ANSWER_WITHIN_MS = 5_000;

type AnyAnswer = LiveAnswers[keyof LiveAnswers];

export class AskedLive implements LiveReader {
  readonly #send: (id: number, question: LiveQuestion) => void;
  readonly #waiting = new Map<number, (answer: AnyAnswer) => void>();
  #lastId = 0;

  /** `send` sends a question; `take` gets its answer under the same id. */
  constructor(send: (id: number, question: LiveQuestion) => void) {
    this.#send = send;
  }

  ask<Of extends LiveQuestion['of']>(question: LiveQuestion & { readonly of: Of }): Promise<LiveAnswers[Of]> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error('the observer did not answer'));
      }, ANSWER_WITHIN_MS);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer as LiveAnswers[Of]);
      });
      this.#send(id, question);
    });
  }

  take(id: number, answer: AnyAnswer): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }
}
