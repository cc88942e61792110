// The HTTP server: each endpoint's answer, the guard, and refusals.

import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { Script } from 'node:vm';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { createLog, type Log } from '../../config/log.js';
import { Api } from '../../dashboards/http/api.js';
import { isOwnHost } from '../../dashboards/http/own-hosts.js';
import { type HttpServer, startHttp } from '../../dashboards/http/server.js';
import { MetricsExporter } from '../../dashboards/metrics/exporter.js';
import { HttpCounts } from '../../dashboards/metrics/state/http-counts.js';
import { MetricsState } from '../../dashboards/metrics/state/metrics-state.js';
import { summaryFinder } from '../../dashboards/metrics/summary-finder.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { RAW, writeSampleStore } from '../cli/sample-store.js';
import { until } from '../kit/sidecar.js';
import { parseExposition } from '../metrics/exposition.js';
import { temporaryDirectory } from '../storage/flushes.js';

const TOKEN = '0123456789abcdef0123456789abcdef';
// The page is served as built.
beforeAll(() => build(() => {}));

const cleanup: Array<() => unknown> = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).reverse()) await undo();
});

interface Serving {
  host?: string;
  port?: number;
  hosts?: string[];
  token?: string;
  counts?: HttpCounts;
  log?: Log;
  /** Called for each question to the API. What it returns is waited for. */
  onReport?: (gone: AbortSignal) => unknown;
}

async function serve({ host = '127.0.0.1', port = 0, ...options }: Serving = {}): Promise<HttpServer> {
  const data = temporaryDirectory();
  writeSampleStore(data);
  const reader = openReader(data);
  cleanup.push(() => reader.close());
  const state = new MetricsState({ notObservedReasons: ['queue_full'], topSeries: 2 });
  for (const fingerprint of [RAW, 'ffffffffffffffff']) {
    state.recordRollup(
      { key: { fingerprint, source: 'raw', construct: '' }, calls: 1, errors: 0, serviceTotalNs: 1 },
      0,
    );
  }
  const metrics = new MetricsExporter(state, { summaryOf: summaryFinder(reader) });
  cleanup.push(() => metrics.close());
  const api = new Api({ reader });
  const server = await startHttp({
    log: createLog({ level: 'silent' }),
    ...options,
    address: { kind: 'tcp', host, port },
    metrics,
    api: {
      async answer(url, gone) {
        await options.onReport?.(gone!);
        return api.answer(url);
      },
    },
  });
  cleanup.push(() => server.close());
  return server;
}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** The address of this machine that it comes from. */
  from?: string;
}

interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** As a client that sends the path just as it is given. */
function ask(server: HttpServer, path: string, asked: Asked = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers, from: localAddress } = asked;
    const sent = request(
      { host: '127.0.0.1', port: server.address.port, path, method, headers, agent: false, localAddress },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      },
    );
    sent.on('error', reject);
    sent.end(asked.body);
  });
}

const bearer = { authorization: `Bearer ${TOKEN}` };

describe('what is answered', () => {
  test('metrics', async () => {
    const { status, headers, body } = await ask(await serve(), '/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(parseExposition(body).value('pgwitness_not_observed_total', { reason: 'queue_full' })).toBe(0);
  });

  test('metrics name the statements that take most time by what the catalogue says of them', async () => {
    const server = await serve();
    const { value } = parseExposition((await ask(server, '/metrics')).body);
    expect(value('pgwitness_statement_info', { fingerprint: RAW, summary: 'SELECT shop_order' })).toBe(1);
    expect(value('pgwitness_statement_info', { fingerprint: 'ffffffffffffffff', summary: '(empty)' })).toBe(1);
  });

  test('statements, with the parameters of top', async () => {
    const server = await serve();
    const all = JSON.parse((await ask(server, '/api/v1/statements')).body);
    expect(all.statements).toHaveLength(5);
    const some = JSON.parse((await ask(server, '/api/v1/statements?source=raw&sort=calls&limit=1&min-ms=2')).body);
    expect(some.statements).toMatchObject([{ fingerprint: RAW }]);
    const tagged = JSON.parse((await ask(server, '/api/v1/statements?tag=route%3D%2Fbooks%2F')).body);
    expect(tagged.statements).toMatchObject([{ source: 'django-orm', calls: 1 }]);
  });

  test('one statement, pools and status', async () => {
    const server = await serve();
    expect(JSON.parse((await ask(server, `/api/v1/statements/${RAW}`)).body).statements[0].evidence[0].rule).toBe(
      'django-shape',
    );
    expect(JSON.parse((await ask(server, '/api/v1/pools')).body).pools).toHaveLength(2);
    expect(JSON.parse((await ask(server, '/api/v1/status')).body)).toMatchObject({
      observed: { statements: 13, not_observed_by_reason: { queue_full: 2 } },
      relays: [{ relay: 'relay-1', last_sequence: 7 }],
    });
  });

  test('a statement over time, and how its durations are distributed', async () => {
    const server = await serve();
    const history = JSON.parse((await ask(server, `/api/v1/statements/${RAW}/history?source=raw`)).body);
    expect(history).toMatchObject({ step_ms: 60_000, points: [{ calls: 3, errors: 1, max_ms: 60 }] });
    const counted = history.distribution.reduce((sum: number, bar: { count: number }) => sum + bar.count, 0);
    expect(counted).toBe(4);
    expect((await ask(server, `/api/v1/statements/${RAW}/history?poool=a`)).status).toBe(400);
  });

  test('progress by source', async () => {
    const { points, totals } = JSON.parse((await ask(await serve(), '/api/v1/progress')).body);
    expect(totals.raw).toMatchObject({ calls: 4, errors: 1, statements: 2 });
    expect(points).toHaveLength(1);
    expect(points[0].sources).toEqual(totals);
  });

  test('the page loads nothing from elsewhere', async () => {
    const server = await serve();
    const page = await ask(server, '/');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    expect(page.body).not.toMatch(/https?:\/\/|<script>|onclick|style="/);
    const script = await ask(server, '/app.js');
    expect(script.headers['content-type']).toMatch(/^text\/javascript/);
    expect(() => new Script(script.body)).not.toThrow();
    expect((await ask(server, '/app.css')).body).not.toMatch(/url\((?!data:)/);
    expect((await ask(server, '/icon.svg')).headers['content-type']).toBe('image/svg+xml');
  });

  test.each(['/', '/app.js', '/app.css', '/metrics', '/api/v1/status', '/nothing'])(
    '%s carries the safe headers',
    async (path) => {
      const { headers } = await ask(await serve(), path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  test('HEAD has the headers and no body', async () => {
    const { status, headers, body } = await ask(await serve(), '/api/v1/pools', { method: 'HEAD' });
    expect([status, body]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });
});

describe('what is refused', () => {
  test.each([
    '/../../../etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/app.js/../../package.json',
    '//etc/passwd',
    '/api/v1/statements/../status',
    '/api/v1/statements/%2e%2e',
    '/api/v1/statements/A'.padEnd(36, 'A'),
    '/api/v2/statements',
  ])('%s is not found', async (path) => {
    const { status, body } = await ask(await serve(), path);
    expect(status).toBe(404);
    expect(JSON.parse(body).hint).toContain('/metrics');
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s', async (method) => {
    const { status, headers } = await ask(await serve(), '/api/v1/pools', { method });
    expect(status).toBe(405);
    expect(headers.connection).toBe('close');
  });

  test('a body', async () => {
    const { status } = await ask(await serve(), '/api/v1/pools', { headers: { 'content-length': '3' }, body: 'abc' });
    expect(status).toBe(400);
  });

  test('an address that is too long', async () => {
    expect((await ask(await serve(), `/${'a'.repeat(limits.urlBytesMax)}`)).status).toBe(414);
  });

  test('headers that are too large end the connection with 431', async () => {
    const headers = { 'x-large': 'a'.repeat(limits.headerBytesMax) };
    expect((await ask(await serve(), '/metrics', { headers })).status).toBe(431);
  });

  test.each([
    ['limt=3', /unknown parameter: parameter "limt": did you mean limit\?/],
    ['limit=3&limit=4', /given twice/],
    ['sort=drop%20table', /is not known/],
    ['since=never', /is not a moment/],
    ['min-ms=-1', /is not a number of milliseconds/],
    ['handwritten=perhaps', /neither true nor false/],
    ['tag=b', /is not a tag/],
  ])('parameters %s', async (query, message) => {
    const { status, body } = await ask(await serve(), `/api/v1/statements?${query}`);
    expect(status).toBe(400);
    expect(JSON.parse(body).error).toMatch(message);
  });

  test('SQL in a filter is a value, not SQL', async () => {
    const { status, body } = await ask(
      await serve(),
      `/api/v1/statements?source=${encodeURIComponent("raw' OR '1'='1")}`,
    );
    expect(status).toBe(200);
    expect(JSON.parse(body).statements).toEqual([]);
  });

  test('what is not HTTP gets 400 and no more', async () => {
    const server = await serve();
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(server.address.port, '127.0.0.1', () =>
        socket.write('\u0000\u0000\u0000\u0008\u0004\u00d2\u0016\u002f\r\n\r\n'),
      );
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('a port in use is told with what to do', async () => {
    const first = await serve();
    await expect(serve({ port: first.address.port })).rejects.toMatchObject({
      name: 'RuntimeError',
      message: 'the port is in use',
      where: `--http 127.0.0.1:${first.address.port}`,
    });
  });
});

describe('the Host header', () => {
  test.each([
    '127.0.0.1',
    'localhost',
    'LOCALHOST:6434',
    '[::1]:6434',
    '127.0.0.9:1',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    'witness.example:80',
    '192.0.2.7',
  ])('%s is ours', async (host) => {
    const server = await serve({ hosts: ['witness.example', '192.0.2.7'] });
    expect((await ask(server, '/api/v1/pools', { headers: { host } })).status).toBe(200);
  });

  test.each([
    'evil.example',
    'localhost.evil.example',
    'witness.example.evil.example',
    '127.0.0.1.nip.io:6434',
    'a@127.0.0.1',
    '[::1',
    '8.8.8.8',
    '10.0.0.7:1',
    '0.0.0.0:6434',
    '[2001:db8::7]:6434',
    '[::ffff:8.8.8.8]',
    '127.0.0.1.',
  ])('"%s" may be a rebound name, or is not our address', async (host) => {
    const server = await serve({ hosts: ['witness.example'] });
    for (const path of ['/api/v1/pools', '/metrics', '/']) {
      const { status, body } = await ask(server, path, { headers: { host } });
      expect(status, path).toBe(403);
      expect(JSON.parse(body).error).toContain('Host header');
    }
  });

  test.each([
    ['10.0.0.7:6434', '10.0.0.7'],
    ['10.0.0.7', '::ffff:10.0.0.7'],
    ['[2001:db8:0::7]:6434', '2001:db8::7'],
    ['pgwitness.internal', '10.0.0.7'],
  ])('%s is ours for a request that came to %s', (header, local) => {
    const own = { listen: 'pgwitness.internal', named: [] };
    expect(isOwnHost(header, { own, local })).toBe(true);
    expect(isOwnHost(header, { own: { ...own, listen: '0.0.0.0' }, local: '10.0.0.8' })).toBe(false);
  });

  test('with the token any name will do', async () => {
    const server = await serve({ token: TOKEN });
    const headers = { host: 'pgwitness.staging.example', ...bearer };
    expect((await ask(server, '/api/v1/pools', { headers })).status).toBe(200);
  });

  test('a browser gets the page by a name of --http-host alone', async () => {
    const server = await serve({ host: '0.0.0.0', token: TOKEN, hosts: ['witness.example'] });
    expect((await ask(server, '/', { headers: { host: 'witness.example' } })).status).toBe(200);
    expect((await ask(server, '/', { headers: { host: 'other.example' } })).status).toBe(403);
    expect((await ask(server, '/', { headers: { host: '8.8.8.8' } })).status).toBe(403);
  });
});

// As Chromium 131 sends them.
const BY_SCRIPT = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' };
const BY_IMAGE = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
const BY_FRAME = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
const BY_LINK = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' };

describe('pages of other sites', () => {
  const PATHS = ['/api/v1/statements?since=9h&limit=20000', '/metrics', '/', '/app.js'];

  test.each(['cross-site', 'same-site', 'elsewhere'])('that are %s are refused', async (site) => {
    let reports = 0;
    const server = await serve({ onReport: () => reports++ });
    for (const kind of [BY_SCRIPT, BY_IMAGE, BY_FRAME]) {
      for (const path of PATHS) {
        const { status, body } = await ask(server, path, { headers: { 'sec-fetch-site': site, ...kind } });
        expect(status, path).toBe(403);
        expect(JSON.parse(body).error).toContain('another site');
      }
    }
    expect(reports).toBe(0);
  });

  test('may link to the page, and to nothing else', async () => {
    const server = await serve();
    const follow = (path: string) => ask(server, path, { headers: { 'sec-fetch-site': 'cross-site', ...BY_LINK } });
    expect((await follow('/')).status).toBe(200);
    for (const path of ['/api/v1/statements', '/metrics', '/app.js']) expect((await follow(path)).status).toBe(403);
  });

  test('are refused with the token too', async () => {
    const server = await serve({ token: TOKEN });
    const headers = { 'sec-fetch-site': 'cross-site', ...BY_SCRIPT, ...bearer };
    expect((await ask(server, '/api/v1/status', { headers })).status).toBe(403);
  });

  test.each([
    ['the page itself', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['an address typed in', { 'sec-fetch-site': 'none', ...BY_LINK }],
    ['a program that is no browser', {}],
  ])('do not keep %s from asking', async (_, headers) => {
    const server = await serve();
    for (const path of PATHS) expect((await ask(server, path, { headers })).status, path).toBe(200);
  });
});

describe('wrong tokens', () => {
  const wrong = (n: number) => ({ authorization: `Bearer wrong${n}` });

  test('are limited: then no token of that address is read for a while', async () => {
    const counts = new HttpCounts();
    const server = await serve({ host: '0.0.0.0', token: TOKEN, counts });
    const statuses: number[] = [];
    for (let n = 0; n < 1_034; n++) {
      statuses.push((await ask(server, '/api/v1/status', { headers: wrong(n) })).status);
    }
    expect(new Set(statuses.slice(0, limits.wrongTokensMax))).toEqual(new Set([401]));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(1_000);
    const refused = await ask(server, '/api/v1/status', { headers: bearer });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    // Another address, and what needs no token, are served.
    expect((await ask(server, '/api/v1/status', { headers: bearer, from: '127.0.0.2' })).status).toBe(200);
    expect((await ask(server, '/metrics', { headers: wrong(0) })).status).toBe(200);
    expect((await ask(server, '/', {})).status).toBe(200);
    expect(counts.wrongTokens).toBeLessThan(30);
    expect(counts.wrongTokens).toBe(counts.refused.wrong_token);
    expect(counts.refused.too_many_wrong_tokens).toBe(1_035 - counts.wrongTokens);
  });

  test('are told of in the log, with the address and without the token', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', destination: { write: (line) => lines.push(line) } });
    const server = await serve({ token: TOKEN, log });
    await ask(server, '/api/v1/status', { headers: wrong(7) });
    await ask(server, '/metrics', { headers: wrong(8) });
    await ask(server, '/api/v1/status', { headers: bearer });
    await ask(server, '/api/v1/status');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', msg: 'an HTTP request had a wrong token', address: '127.0.0.1' },
      { level: 'warn', msg: 'an HTTP request had a wrong token', address: '127.0.0.1' },
    ]);
    expect(lines.join('')).not.toMatch(/wrong[78]/);
  });

  test('what is refused for another reason is counted by it', async () => {
    const counts = new HttpCounts();
    const server = await serve({ counts });
    await ask(server, '/', { method: 'POST' });
    await ask(server, '/', { headers: { host: 'evil.example' } });
    await ask(server, '/', { headers: { 'sec-fetch-site': 'cross-site', ...BY_IMAGE } });
    expect(counts.refused).toMatchObject({ malformed: 1, foreign_host: 1, cross_site: 1, no_token: 0, busy: 0 });
  });
});

describe('room for those who ask', () => {
  test('silent connections keep nobody out', async () => {
    const server = await serve();
    const silent = Array.from({ length: 3 * limits.httpConnectionsMax }, () =>
      connect(server.address.port, '127.0.0.1'),
    );
    cleanup.push(() => {
      for (const socket of silent) socket.destroy();
    });
    for (const socket of silent) socket.on('error', () => {});
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    for (let n = 0; n < 5; n++) expect((await ask(server, '/api/v1/status')).status).toBe(200);
  });

  test('a connection that sends requests without end and takes no answers is closed', async () => {
    let asked = 0;
    let open = 0;
    const server = await serve({
      onReport: (gone) => {
        asked++;
        open++;
        gone.addEventListener('abort', () => open--);
        return new Promise(() => {});
      },
    });
    const socket = connect(server.address.port, '127.0.0.1');
    cleanup.push(() => socket.destroy());
    socket.on('error', () => {});
    const request = 'GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n';
    socket.write(request.repeat(limits.httpRequestsPerConnectionMax));
    await until('all are asked', () => asked === limits.httpRequestsPerConnectionMax);
    expect(socket.closed).toBe(false);
    socket.write(request.repeat(1_000));
    await until('it is closed', () => socket.closed);
    expect(asked).toBe(limits.httpRequestsPerConnectionMax);
    await until('none of its requests is worked on', () => open === 0);
  });
});

describe('an address that others can reach', () => {
  test('without a token only metrics are answered', async () => {
    const server = await serve({ host: '0.0.0.0' });
    expect((await ask(server, '/metrics', { headers: { host: 'pgwitness:6434' } })).status).toBe(200);
    for (const path of [
      '/',
      '/app.js',
      '/api/v1/status',
      '/api/v1/statements',
      `/api/v1/statements/${RAW}`,
      '/nothing',
    ]) {
      const { status, body } = await ask(server, path);
      expect(status, path).toBe(403);
      expect(JSON.parse(body).hint).toContain('--http-token-file');
    }
  });

  test('a path that only looks like metrics is not metrics', async () => {
    const server = await serve({ host: '0.0.0.0' });
    for (const path of ['/metrics/../api/v1/statements', '/metrics/', '/metrics%00', '//metrics']) {
      expect((await ask(server, path)).status, path).toBe(403);
    }
  });

  test('an authorization header opens nothing where no token is configured', async () => {
    const server = await serve({ host: '0.0.0.0' });
    for (const authorization of ['Bearer ', 'Bearer', 'Bearer undefined', `Bearer ${TOKEN}`]) {
      expect((await ask(server, '/api/v1/status', { headers: { authorization } })).status).toBe(403);
    }
  });

  test('with the token everything is answered', async () => {
    const server = await serve({ host: '0.0.0.0', token: TOKEN });
    expect((await ask(server, '/api/v1/statements', { headers: bearer })).status).toBe(200);
  });

  test.each([undefined, 'Bearer wrong', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(0, -1)}`, `Basic ${TOKEN}`, TOKEN])(
    'authorization %s is not the token',
    async (authorization) => {
      const server = await serve({ host: '0.0.0.0', token: TOKEN });
      const { status, body } = await ask(server, '/api/v1/statements', {
        headers: authorization === undefined ? {} : { authorization },
      });
      expect(status).toBe(401);
      expect(body).not.toContain(TOKEN);
    },
  );

  test('the page itself needs no token, for a browser cannot send one before it has a page', async () => {
    const server = await serve({ host: '0.0.0.0', token: TOKEN });
    expect((await ask(server, '/')).status).toBe(200);
    expect((await ask(server, '/api/v1/pools')).status).toBe(401);
  });

  test('a token on loopback is asked for as well', async () => {
    const server = await serve({ token: TOKEN });
    expect((await ask(server, '/api/v1/pools')).status).toBe(401);
    expect((await ask(server, '/metrics')).status).toBe(200);
  });
});
