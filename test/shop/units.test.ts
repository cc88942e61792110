// The units of work of the shop's traffic against the requests that the shop itself logged.
// Not here: what is right (../kit/units.ts), pools, async views and Celery (../apps), each kind of boundary by itself
// (../work/).

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { runOrThrow } from '../../scripts/lib/run-command.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { prepareShop, startShop } from '../../scripts/lib/shop/shop.mjs';
import { drive } from '../../scripts/lib/shop/traffic.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { oracleLogPath, readOracle } from '../kit/shop.js';
import { type SentStatement, shareRight, unitsIn } from '../kit/units.js';

const REQUESTS = 500;

/** Settings of the shop with a middleware that logs when each request begins. */
const MEASURED = `
import json, os, time
from shop.settings import *

def log_requests(get_response):
    file = os.open(os.environ["TRUTH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    def middleware(request):
        line = {"worker": os.getpid(), "at": time.time() * 1000, "path": request.path}
        os.write(file, (json.dumps(line) + "\\n").encode())
        return get_response(request)
    return middleware

if os.environ.get("MEASURED_TAGS"):
    MIDDLEWARE = ["pgwitness.middleware.PgwitnessMiddleware", *MIDDLEWARE]
    INSTALLED_APPS = [*INSTALLED_APPS, "pgwitness"]
    PGWITNESS = {"ENABLED": True, "SQLALCHEMY": True}
MIDDLEWARE = ["measured.log_requests", *MIDDLEWARE]
DATABASES["default"]["CONN_HEALTH_CHECKS"] = bool(os.environ.get("MEASURED_PINGS"))
DATABASES["default"]["CONN_MAX_AGE"] = json.loads(os.environ["MEASURED_AGE"])
`;

interface Began {
  readonly worker: number;
  readonly at: number;
}

/** Requests by the statements of their worker since they began. */
function requestsBy(began: readonly Began[], workerOf: Map<number, number>) {
  const byWorker = new Map<number, number[]>();
  for (const { worker, at } of began) byWorker.set(worker, [...(byWorker.get(worker) ?? []), at]);
  return ({ pid, ms }: SentStatement): string => {
    const worker = workerOf.get(pid) ?? 0;
    // The clocks are one, but of different libraries.
    const at = (byWorker.get(worker) ?? []).filter((start) => start <= ms + 0.5).length;
    return `${worker} ${at}`;
  };
}

/** The least share that must be right: pauses alone depend on how busy the machine is. */
const CASES = [
  { name: 'tagged, connections kept', tags: '1', age: '600', pings: '', least: 0.95 },
  { name: 'tagged, connections kept for 60 s, health checks', tags: '1', age: '60', pings: '1', least: 0.95 },
  { name: 'tagged, connections kept for ever', tags: '1', age: 'null', pings: '', least: 0.95 },
  { name: 'tagged, a connection per request', tags: '1', age: '0', pings: '', least: 0.99 },
  { name: 'untagged, a connection per request', tags: '', age: '0', pings: '', least: 0.85 },
  { name: 'untagged, connections kept, health checks', tags: '', age: '600', pings: '1', least: 0.85 },
  { name: 'untagged, connections kept for 60 s, health checks', tags: '', age: '60', pings: '1', least: 0.85 },
  { name: 'untagged, connections kept for ever, health checks', tags: '', age: 'null', pings: '1', least: 0.85 },
  { name: 'untagged, connections kept for ever', tags: '', age: 'null', pings: '', least: 0.2 },
  { name: 'untagged, connections kept', tags: '', age: '600', pings: '', least: 0.2 },
] as const;

await describeWithPython('units of work of the shop', (python) => {
  const postgres = usePostgres({ database: 'shop' });
  beforeAll(async () => {
    await build(() => {});
    await prepareShop({ python: python.executable, database: postgres() });
  });

  test.each(CASES)('$name', { timeout: 120_000 }, async ({ name, tags, age, pings, least }) => {
    const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-units-'));
    mkdirSync(path.join(directory, 'settings'));
    writeFileSync(path.join(directory, 'settings', 'measured.py'), MEASURED);
    const data = path.join(directory, 'data');
    const recording = path.join(directory, 'recording');
    const truthLog = path.join(directory, 'truth');
    const sidecar = await startSidecar({ upstream: postgres(), data, args: ['--record', recording] });
    const oracleLog = oracleLogPath();
    const shop = await startShop({
      python: python.executable,
      database: { ...postgres(), host: sidecar.host, port: sidecar.port },
      oracleLog,
      env: {
        DJANGO_SETTINGS_MODULE: 'measured',
        PYTHONPATH: [path.join(directory, 'settings'), path.join(ROOT, 'clients', 'python')].join(':'),
        TRUTH_LOG: truthLog,
        MEASURED_TAGS: tags,
        MEASURED_PINGS: pings,
        MEASURED_AGE: age,
      },
    });
    await drive({ baseUrl: shop.baseUrl, seconds: 60, requests: REQUESTS, concurrency: 3, seed: 5, pauseMs: 10 });
    await shop.stop();
    await sidecar.stop();
    const began = readFileSync(truthLog, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Began);
    const workerOf = new Map(readOracle(oracleLog).map(({ backend_pid, worker }) => [backend_pid, worker]));
    const found = shareRight(await unitsIn(recording), requestsBy(began, workerOf));
    const asked = ['dist/cli/main.js', 'routes', '--json', '--data', data];
    const { routes } = JSON.parse((await runOrThrow(process.execPath, asked, { cwd: ROOT })).stdout) as {
      routes: Array<{ route: string; requests: number; statements_per_request: { mean: number } }>;
    };
    const counted = routes.reduce((sum, { requests }) => sum + requests, 0);
    if (process.env.PGWITNESS_SHOW_UNITS) console.log(name, { ...found, counted, routes: routes.length });
    expect(found.requests).toBeGreaterThan(REQUESTS / 2);
    expect(found.right / found.requests).toBeGreaterThanOrEqual(least);
  });
});
