// Keeps, on the HTTP thread, the last metrics for scrapes that the main thread answers too late.
// Invariant: a scrape is given metrics whose rendering began after it came, or at most KEPT_MS_MAX before. Without
// such metrics it is told so: old counts look like an application that stands still.
// Not here: rendering (metrics-renderer.ts).

import { RuntimeError } from '../../config/values/errors.js';
import type { MetricsReader } from '../http/dispatch.js';
import type { Format } from '../metrics/exposition-format.js';
import { monotonicMs, type Rendered } from './messages.js';

/** A flush or a roll-up may hold the main thread for longer; a scraper need not wait for that. */
const FRESH_WITHIN_MS = 25;
/** Below the usual time between two scrapes, so that no two scrapes are given the same metrics. */
const KEPT_MS_MAX = 10_000;
/** Without metrics young enough. Below Prometheus's scrape_timeout, so that the reason is read. */
const ANSWER_WITHIN_MS = 8_000;

interface Waiting {
  readonly format: Format;
  readonly sinceMs: number;
  resolve(text: string): void;
}

export class KeptMetrics implements MetricsReader {
  readonly #ask: (format: Format) => void;
  readonly #last = new Map<Format, Rendered>();
  readonly #waiting = new Set<Waiting>();

  /** `ask` asks the main thread to render; `take` gets what it rendered. */
  constructor(ask: (format: Format) => void) {
    this.#ask = ask;
  }

  /**
   * Rejects with RuntimeError when there are no metrics young enough and the main thread sends none in time, and when
   * `gone` is aborted.
   */
  render(format: Format, gone?: AbortSignal): Promise<string> {
    const sinceMs = monotonicMs();
    const waitMs = this.#young(format) === undefined ? ANSWER_WITHIN_MS : FRESH_WITHIN_MS;
    this.#ask(format);
    return new Promise((resolve, reject) => {
      const waiting = { format, sinceMs, resolve: (text: string) => end(() => resolve(text)) };
      const end = (settle: () => void) => {
        clearTimeout(timer);
        gone?.removeEventListener('abort', leave);
        this.#waiting.delete(waiting);
        settle();
      };
      const leave = () => end(() => reject(new RuntimeError('the scraper left')));
      const timer = setTimeout(() => {
        const text = this.#young(format);
        end(() => (text === undefined ? reject(tooBusy()) : resolve(text)));
      }, waitMs);
      gone?.addEventListener('abort', leave);
      this.#waiting.add(waiting);
    });
  }

  take(rendered: Rendered): void {
    const { format, text, begunMs } = rendered;
    this.#last.set(format, rendered);
    for (const waiting of this.#waiting) {
      if (waiting.format === format && waiting.sinceMs <= begunMs) waiting.resolve(text);
    }
  }

  /** undefined = there are none that may still be given. */
  #young(format: Format): string | undefined {
    const last = this.#last.get(format);
    return last !== undefined && monotonicMs() - last.begunMs <= KEPT_MS_MAX ? last.text : undefined;
  }
}

function tooBusy(): RuntimeError {
  return new RuntimeError('the observer is too busy to render its metrics', {
    hint: 'traffic is not affected; see the log of pgwitness, and its CPU',
  });
}
