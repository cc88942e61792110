// Routes a path to its answer: metrics, the API or a file of the page.
// Invariant: a path is compared, never joined to a file name; metrics and the page wait for no report.
// Not here: who may ask (guard.ts), the API's paths (api.ts).

import { CONTENT_TYPES, type Format, formatFor } from '../metrics/exposition.js';
import { type Answer, jsonAnswer } from './answer.js';
import type { ApiReader } from './api.js';
import { PAGE_PATHS, pageFile } from './page.js';

/** Reads the metrics of this moment. */
export interface MetricsReader {
  render(format: Format): Promise<string>;
}

export class Routes {
  readonly #metrics: MetricsReader;
  readonly #api: ApiReader;

  constructor({ metrics, api }: { metrics: MetricsReader; api: ApiReader }) {
    this.#metrics = metrics;
    this.#api = api;
  }

  /**
   * `url`: path and query as sent; `accept`: the header of that name. Rejects only because of a defect of pgwitness.
   */
  async answer(url: string, accept?: string): Promise<Answer> {
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    if (path === '/metrics') {
      const format = formatFor(accept);
      return { status: 200, contentType: CONTENT_TYPES[format], body: await this.#metrics.render(format) };
    }
    if (!PAGE_PATHS.has(path)) return this.#api.answer(url);
    const file = pageFile(path);
    return file === undefined ? NOT_BUILT : { status: 200, ...file };
  }
}

const NOT_BUILT = jsonAnswer(503, {
  error: 'the page was not built',
  hint: 'run npm run build; the API works without the page',
});
