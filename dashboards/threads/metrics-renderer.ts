// Renders the metrics, on the main thread: when the HTTP thread asks, and ahead of scrapers.
// Invariant: one rendering at a time, with a rest behind each, so that no number of scrapers takes the main thread
// from observing.
// Not here: what a rendering is (dashboards/metrics/exporter.ts), keeping it (kept-metrics.ts).

import type { Log } from '../../config/log.js';
import type { MetricsReader } from '../http/dispatch.js';
import type { Format } from '../metrics/exposition-format.js';
import { monotonicMs, type Rendered } from './messages.js';

/** Metrics are rendered ahead for a scraper that came within this time, so that it waits for nothing. */
const REMEMBERED_MS = 5 * 60_000;
const RENDER_EVERY_MS = 1_000;
/** A rest is so many times as long as the rendering before it: rendering takes at most a fifth of the time … */
const REST_PER_RENDERING = 4;
/** … but no rest is longer than this: a rendering that a flush interrupted took long without being expensive. */
const REST_MS_MAX = 250;

export interface MetricsRendererOptions {
  readonly metrics: MetricsReader;
  readonly onRendered: (rendered: Rendered) => void;
  readonly log: Log;
}

export class MetricsRenderer {
  readonly #options: MetricsRendererOptions;
  readonly #wanted = new Set<Format>();
  /** When each format was scraped last, by monotonicMs(). */
  readonly #scrapedMs = new Map<Format, number>();
  #ahead: NodeJS.Timeout | undefined;
  #isBusy = false;
  #rest: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: MetricsRendererOptions) {
    this.#options = options;
  }

  /** A scraper waits for this format. */
  ask(format: Format): void {
    this.#scrapedMs.set(format, monotonicMs());
    this.#ahead ??= setInterval(() => this.#wantAhead(), RENDER_EVERY_MS);
    this.#want(format);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#ahead);
    clearTimeout(this.#rest);
  }

  #wantAhead(): void {
    const sinceMs = monotonicMs() - REMEMBERED_MS;
    for (const [format, atMs] of this.#scrapedMs) if (atMs >= sinceMs) this.#want(format);
  }

  #want(format: Format): void {
    this.#wanted.add(format);
    if (!this.#isBusy) void this.#renderNext();
  }

  async #renderNext(): Promise<void> {
    const [format] = this.#wanted;
    this.#isBusy = format !== undefined && !this.#isClosed;
    if (!this.#isBusy) return;
    this.#wanted.delete(format);
    const begunMs = monotonicMs();
    try {
      const text = await this.#options.metrics.render(format);
      if (!this.#isClosed) this.#options.onRendered({ format, text, begunMs });
    } catch (error) {
      this.#options.log.error('metrics could not be rendered', { error });
    }
    const restMs = Math.min(REST_MS_MAX, REST_PER_RENDERING * (monotonicMs() - begunMs));
    this.#rest = setTimeout(() => void this.#renderNext(), restMs);
  }
}
