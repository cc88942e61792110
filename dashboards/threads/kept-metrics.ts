// The exposition as the HTTP thread has it: fresh when the main thread answers at once, else the last one that it made.
// Invariant: a scrape waits for the main thread FRESH_WITHIN_MS at most, once there is an exposition at all. Not here: rendering.

import type { MetricsSource } from '../http/routes.js';
import type { Format } from '../metrics/exposition.js';

/** A flush or an hour's folding may hold the main thread longer; a scraper need not wait for that. */
const FRESH_WITHIN_MS = 25;
/** For the first one ever. */
const FIRST_WITHIN_MS = 10_000;

export class KeptMetrics implements MetricsSource {
  readonly #ask: (format: Format) => void;
  readonly #last = new Map<Format, string>();
  #waiting: Array<{ format: Format; resolve: (text: string) => void }> = [];

  constructor(ask: (format: Format) => void) {
    this.#ask = ask;
  }

  /** Rejects when there is none and the main thread makes none. */
  async render(format: Format): Promise<string> {
    const last = this.#last.get(format);
    this.#ask(format);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.#waiting = this.#waiting.filter((waiter) => waiter !== waiting);
          if (last === undefined) reject(new Error('the observer did not answer the scrape'));
          else resolve(this.#last.get(format) ?? last);
        },
        last === undefined ? FIRST_WITHIN_MS : FRESH_WITHIN_MS,
      );
      const waiting = {
        format,
        resolve: (text: string) => {
          clearTimeout(timer);
          resolve(text);
        },
      };
      this.#waiting.push(waiting);
    });
  }

  take(format: Format, text: string): void {
    this.#last.set(format, text);
    const answered = this.#waiting.filter((waiter) => waiter.format === format);
    this.#waiting = this.#waiting.filter((waiter) => waiter.format !== format);
    for (const { resolve } of answered) resolve(text);
  }
}
