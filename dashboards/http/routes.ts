// Paths and their answers. Invariant: a path is compared, never joined to a file name; a parameter that is not understood is refused.
// Not here: who may ask (guard.ts), the grammar of parameters (parameters.ts), the reports themselves (storage).

import { errorLine, UsageError } from '../../config/errors.js';
import { limits } from '../../config/limits.js';
import { encodeStatementsReport } from '../../storage/report-codec.js';
import { statementsJson } from '../../storage/report-json.js';
import { reportPools } from '../../storage/report-pools.js';
import { reportStatements } from '../../storage/report-statements.js';
import { reportStatus } from '../../storage/report-status.js';
import type { Reader } from '../../storage/sqlite/reader.js';
import { StoreError } from '../../storage/store-error.js';
import { PAGE_CSS, PAGE_HTML, PAGE_JS } from './page.js';
import { readStatementQuery, readStatementsQuery, readTimeRange } from './parameters.js';
import { poolsJson } from './pools-json.js';
import { statementDetailsJson } from './statement-json.js';
import { answerStatements } from './statements.js';
import { statusJson } from './status-json.js';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The metrics exporter, as far as HTTP knows it. */
export interface MetricsSource {
  readonly contentType: string;
  render(): Promise<string>;
}

const STATEMENT_PATH = /^\/api\/v1\/statements\/([0-9a-z]{16})$/;

export class Routes {
  readonly #reader: Reader;
  readonly #metrics: MetricsSource;

  constructor(reader: Reader, metrics: MetricsSource) {
    this.#reader = reader;
    this.#metrics = metrics;
  }

  /** `url`: path and query as sent. Rejects only on a fault of our own. */
  async answer(url: string): Promise<Answer> {
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const parameters = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    switch (path) {
      case '/metrics':
        return { status: 200, contentType: this.#metrics.contentType, body: await this.#metrics.render() };
      case '/':
        return { status: 200, contentType: 'text/html; charset=utf-8', body: PAGE_HTML };
      case '/app.js':
        return { status: 200, contentType: 'text/javascript; charset=utf-8', body: PAGE_JS };
      case '/app.css':
        return { status: 200, contentType: 'text/css; charset=utf-8', body: PAGE_CSS };
    }
    try {
      return this.#api(path, parameters) ?? NOT_FOUND;
    } catch (error) {
      return answerOf(error);
    }
  }

  #api(path: string, parameters: URLSearchParams): Answer | undefined {
    const context = { nowMs: Date.now() };
    switch (path) {
      case '/api/v1/statements': {
        const asked = readStatementsQuery(parameters, context);
        // What is to be merged elsewhere must be whole.
        const limit =
          asked.form === 'mergeable' ? asked.limit : Math.min(asked.limit || limits.apiRowsMax, limits.apiRowsMax);
        const query = { ...asked, limit };
        const report = answerStatements(this.#reader, query);
        if (query.form === 'mergeable') return jsonAnswer(200, encodeStatementsReport(report));
        return jsonAnswer(200, statementsJson(report, query));
      }
      case '/api/v1/pools':
        return jsonAnswer(200, poolsJson(reportPools(this.#reader, readTimeRange(parameters, context))));
      case '/api/v1/status':
        return jsonAnswer(200, statusJson(reportStatus(this.#reader, readTimeRange(parameters, context))));
    }
    const fingerprint = STATEMENT_PATH.exec(path)?.[1];
    if (fingerprint === undefined) return undefined;
    const { range, form } = readStatementQuery(parameters, context);
    const report = reportStatements(this.#reader, { ...range, filter: { fingerprint } });
    if (form === 'mergeable') return jsonAnswer(200, encodeStatementsReport(report));
    if (report.statements.length > 0) return jsonAnswer(200, statementDetailsJson(report));
    return jsonAnswer(404, { error: `no statement ${fingerprint} in this window`, hint: 'see /api/v1/statements' });
  }
}

const NOT_FOUND = jsonAnswer(404, {
  error: 'there is nothing here',
  hint: 'there are /metrics, /api/v1/status, /api/v1/statements, /api/v1/statements/:fingerprint, /api/v1/pools and the page at /',
});

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

function answerOf(error: unknown): Answer {
  if (error instanceof UsageError) return jsonAnswer(400, { error: errorLine(error), hint: error.hint });
  if (error instanceof StoreError)
    return jsonAnswer(503, { error: `the store cannot be read (${error.code})`, hint: error.hint });
  throw error;
}
