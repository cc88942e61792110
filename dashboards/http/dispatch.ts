// Routes a path to its answer: metrics, the API or a file of the page.
// Invariant: a path is compared, never joined to a file name; metrics and the page wait for no report.
// Not here: who may ask (guard.ts), the API's paths (api.ts, which the
// reports thread asks: threads/question-queue.ts, threads/reports-main.ts).

import { RuntimeError } from '../../config/values/errors.js';
import { CONTENT_TYPES, type Format, formatFor } from '../metrics/exposition-format.js';
import { type Answer, jsonAnswer, notNow } from './answer.js';
import { type ApiReader, NOT_FOUND, SETS } from './api.js';
import { PAGE_PATHS, pageFile } from './page.js';

/** Reads the metrics of this moment. */
export interface MetricsReader {
  /** `gone` is aborted when nobody waits for them any more. Rejects with RuntimeError when there are none now. */
  render(format: Format, gone?: AbortSignal): Promise<string>;
}

/** What a route may know of who asks. */
export interface Asker {
  readonly accept?: string;
  /** It asks to set something (POST). */
  readonly sets?: boolean;
  readonly gone: AbortSignal;
}

const API_PATHS = '/api/';
const SCRAPE_AGAIN_SECONDS = 5;

export class Dispatch {
  readonly #metrics: MetricsReader;
  readonly #api: ApiReader;

  constructor({ metrics, api }: { metrics: MetricsReader; api: ApiReader }) {
    this.#metrics = metrics;
    this.#api = api;
  }

  /**
   * `url`: path and query as sent; `accept`: the header of that name; `gone` is aborted when nobody waits for the
   * answer any more. Rejects only because of a defect of pgwitness.
   */
  async answer(url: string, { accept, sets, gone }: Asker): Promise<Answer> {
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    if (sets) return this.#api.answer(`${SETS}${url}`, gone);
    if (path === '/metrics') {
      return this.#scrape(formatFor(accept), gone);
    }
    if (path.startsWith(API_PATHS)) return this.#api.answer(url, gone);
    if (!PAGE_PATHS.has(path)) return NOT_FOUND;
    const file = pageFile(path);
    return file === undefined ? NOT_BUILT : { status: 200, ...file };
  }

  async #scrape(format: Format, gone: AbortSignal): Promise<Answer> {
    try {
      return { status: 200, contentType: CONTENT_TYPES[format], body: await this.#metrics.render(format, gone) };
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return notNow({ error: error.message, hint: error.hint }, SCRAPE_AGAIN_SECONDS);
    }
  }
}

const NOT_BUILT = jsonAnswer(503, {
  error: 'the page was not built',
  hint: 'run npm run build; the API works without the page',
});
