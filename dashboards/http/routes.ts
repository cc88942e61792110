// Paths and who answers them. Invariant: a path is compared, never joined to a file name; metrics and the page wait for no report.
// Not here: who may ask (guard.ts), the API's paths (api.ts).

import { CONTENT_TYPES, type Format, formatFor } from '../metrics/exposition.js';
import { type Answer, jsonAnswer } from './answer.js';
import type { ApiSource } from './api.js';
import { PAGE_PATHS, pageFile } from './page.js';

/** The metrics exporter, as far as HTTP knows it. */
export interface MetricsSource {
  render(format: Format): Promise<string>;
}

export class Routes {
  readonly #metrics: MetricsSource;
  readonly #api: ApiSource;

  constructor({ metrics, api }: { metrics: MetricsSource; api: ApiSource }) {
    this.#metrics = metrics;
    this.#api = api;
  }

  /** `url`: path and query as sent; `accept`: the header of that name. Rejects only on a fault of our own. */
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
  hint: 'run npm run build; the API works without it',
});
