// Keeps the last metrics for scrapes that the main thread does not answer in time.
// Invariant: once there are metrics at all, a scrape waits at most FRESH_WITHIN_MS for the main thread. Not here:
// rendering.

import type { MetricsReader } from '../http/routes.js';
import type { Format } from '../metrics/exposition.js';

/** A flush or a roll-up may hold the main thread for longer; a scraper need not wait for that. */
const FRESH_WITHIN_MS = 25;
/** For the first metrics after the start. */
const FIRST_WITHIN_MS = 10_000;

export class KeptMetrics implements MetricsReader {
  readonly #ask: (format: Format) => void;
  readonly #last = new Map<Format, string>();
  #waiting: Array<{ format: Format; resolve: (text: string) => void }> = [];

  constructor(ask: (format: Format) => void) {
    this.#ask = ask;
  }

  /** Rejects when there are no metrics yet and the main thread sends none in time. */
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
