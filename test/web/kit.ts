// An observer's HTTP server over a store made for the page's tests.
// As many statements as asked for, with texts that attack the page.
// Invariant: the server is the real one, with the built page.
// Not here: the browser (test/kit/browser.ts).

import { createLog } from '../../config/log.js';
import { Api } from '../../dashboards/http/api.js';
import type { LiveReader } from '../../dashboards/http/live-reader.js';
import { type HttpServer, startHttp } from '../../dashboards/http/server.js';
import { MetricsExporter } from '../../dashboards/metrics/exporter.js';
import type { HttpCounts } from '../../dashboards/metrics/state/http-counts.js';
import { MetricsState } from '../../dashboards/metrics/state/metrics-state.js';
import type { MarkRow } from '../../facts/flush.js';
import { LogHistogram } from '../../facts/histogram.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { entryOf, flushOf, poolOf, rollupOf, tagsOf, verdictOf } from '../storage/flushes.js';

export const ATTACK = `SELECT "<script>document.title='owned'</script>", '<img src=x onerror=alert(1)>' FROM "<b>bold</b>" WHERE id = $1`;
/** The slowest statement; its text is ATTACK. */
export const SLOWEST = 'f000000000000000';
export const MINUTE = Math.floor(Date.now() / 60_000) - 30;

const MS = 1_000_000;
const SOURCES = [
  ['django-orm', 'queryset'],
  ['raw', 'cursor'],
  ['sqlalchemy', 'core'],
  ['housekeeping', ''],
  ['reports-job', 'cursor'],
] as const;

/** Writes `statements` statements over three minutes. */
export function writeManyStatements(dataDir: string, statements: number): void {
  const store = openSqliteStore({ dataDir });
  const named = Array.from({ length: statements }, (_, n) => {
    const [source, construct] = n === 0 ? SOURCES[1] : SOURCES[n % SOURCES.length];
    const fingerprint = n === 0 ? SLOWEST : n.toString(16).padStart(16, 'e');
    const query = n === 0 ? ATTACK : `SELECT t${n}.id, t${n}.name FROM table_${n} AS t${n} WHERE t${n}.id = $1`;
    return { n, source, construct, fingerprint, query, summary: n === 0 ? 'SELECT <b>bold</b>' : `SELECT table_${n}` };
  });
  for (let minute = MINUTE; minute < MINUTE + 3; minute++) {
    store.flush(
      flushOf({
        atMs: minute * 60_000,
        rollups: named.map(({ n, source, construct, fingerprint }) =>
          rollupOf({
            minute,
            fingerprint,
            source,
            construct,
            callsNs: n === 0 ? [900 * MS, 1_500 * MS, 700 * MS] : [MS * (1 + ((n * 7919) % 400) / 10)],
            errors: n === 0 ? ['57014'] : [],
            pool: n % 2 === 0 ? 'pool-a' : 'pool-b',
          }),
        ),
        catalogue: named.map(({ fingerprint, query, summary }) =>
          entryOf({ fingerprint, query, summary, keyHash: fingerprint }),
        ),
        statements: named.map(({ fingerprint, source, construct }) => verdictOf({ fingerprint, source, construct })),
        tags: [tagsOf({ route: '/<i>books</i>/' }, { fingerprint: SLOWEST, source: 'raw', minute })],
        pools: [poolOf('pool-a', 'django:app@shop'), poolOf('pool-b', 'sqlalchemy:<u>app</u>@shop')],
        poolMinutes: ['pool-a', 'pool-b'].map((pool) => ({
          minute,
          pool,
          opened: 5,
          closed: 2,
          lifetimeTotalMs: 3_000,
          connectionsMax: 4,
          busyMax: 2,
          activeMs: 1_000,
          idleMs: 8_000,
          idleInTransactionMs: 1_000,
          transactions: 3,
          transactionStatements: 6,
          transactionTotalMs: 900,
          transactionMaxMs: 500,
          transactionHistogram: new LogHistogram(),
        })),
        fleetMinutes: [{ minute, connectionsMax: 8, busyMax: 3 }],
      }),
    );
  }
  store.close();
}

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveStore(
  dataDir: string,
  options: {
    token?: string;
    counts?: HttpCounts;
    onQuestion?: (url: string) => void;
    setMark?: (mark: MarkRow) => void;
    /** Files of the migration. */
    ledger?: string;
    code?: string;
    live?: LiveReader;
  } = {},
): Promise<Served> {
  const reader = openReader(dataDir);
  const metrics = new MetricsExporter(new MetricsState());
  const api = new Api({
    reader,
    setMark: options.setMark,
    live: options.live,
    files: { ledger: options.ledger ?? '', code: options.code ?? '' },
  });
  const server: HttpServer = await startHttp({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    token: options.token,
    counts: options.counts,
    metrics,
    api: {
      answer(url) {
        options.onQuestion?.(url);
        return api.answer(url);
      },
    },
    log: createLog({ level: 'silent' }),
  });
  return {
    url: `http://127.0.0.1:${server.address.port}`,
    async close() {
      await server.close();
      metrics.close();
      reader.close();
    },
  };
}
