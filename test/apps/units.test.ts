// The units of work of pools, async views and Celery against what the application itself logged.
// Not here: the shop's requests by how connections are kept (../shop/units.test.ts), what is right (../kit/units.ts).

import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython, type Python } from '../kit/python.js';
import { type SentStatement, shareRight, unitsIn } from '../kit/units.js';
import { APP_REQUIREMENTS, runApp } from './app.js';

/** Django 5.2 with psycopg's pool. */
const POOL_REQUIREMENTS = path.join(ROOT, 'test', 'matrix', 'versions', 'django-5.2.txt');
const REQUESTS = process.env.PGWITNESS_SHOW_UNITS ? 500 : 60;

interface Logged {
  readonly request: number;
  readonly pid: number;
}

/**
 * What a backend was sent is in the order of the log, whatever the clocks say. What came before the first request was
 * not logged.
 */
function requestsBy(logged: readonly Logged[], seen: readonly SentStatement[]): Map<SentStatement, string> {
  const requests = new Map<SentStatement, string>();
  for (const pid of new Set(logged.map((line) => line.pid))) {
    const lines = logged.filter((line) => line.pid === pid);
    const own = seen.filter((statement) => statement.pid === pid).sort((a, b) => a.ms - b.ms);
    if (own.length < lines.length)
      throw new Error(`backend ${pid} was sent ${lines.length}, and ${own.length} were seen`);
    for (const [at, { request }] of lines.entries()) {
      requests.set(own[own.length - lines.length + at], String(request));
    }
  }
  return requests;
}

interface Case {
  readonly name: string;
  readonly program: 'wsgi' | 'asgi' | 'celery';
  readonly env: NodeJS.ProcessEnv;
  /** The share that must be right at least: pauses alone depend on how busy the machine is, and promise nothing. */
  readonly least: number;
}

const TAGGED = { TAGGED: '1' };
const POOLED = { POOLED: '1' };
const PINGS = { PINGS: '1' };
const BESIDE = { BESIDE: '1', MAX_AGE: '600' };
const IN_DJANGO: readonly Case[] = [
  { name: "tagged, psycopg's pool", program: 'wsgi', env: { ...TAGGED, ...POOLED }, least: 0.95 },
  { name: 'tagged, async views', program: 'asgi', env: TAGGED, least: 0.95 },
  { name: "tagged, async views, psycopg's pool", program: 'asgi', env: { ...TAGGED, ...POOLED }, least: 0.95 },
  { name: "tagged, SQLAlchemy's pool beside Django", program: 'wsgi', env: { ...TAGGED, ...BESIDE }, least: 0.95 },
  { name: "untagged, psycopg's pool, health checks", program: 'wsgi', env: { ...POOLED, ...PINGS }, least: 0 },
  { name: "untagged, psycopg's pool", program: 'wsgi', env: POOLED, least: 0 },
  { name: 'untagged, async views', program: 'asgi', env: {}, least: 0.8 },
  { name: "untagged, async views, psycopg's pool", program: 'asgi', env: POOLED, least: 0 },
  {
    name: "untagged, SQLAlchemy's pool beside Django, pings",
    program: 'wsgi',
    env: { ...BESIDE, ...PINGS },
    least: 0.1,
  },
  { name: "untagged, SQLAlchemy's pool beside Django", program: 'wsgi', env: BESIDE, least: 0.1 },
];
const IN_CELERY: readonly Case[] = [
  { name: "tagged, Celery with SQLAlchemy's pool", program: 'celery', env: { ...TAGGED, ...BESIDE }, least: 0.95 },
  { name: "untagged, Celery with SQLAlchemy's pool", program: 'celery', env: BESIDE, least: 0.5 },
];

async function share({ name, program, env }: Case, { python, database }: { python: Python; database: Database }) {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-units-'));
  const recording = path.join(directory, 'recording');
  const truth = path.join(directory, 'truth');
  const args = ['--record', recording];
  const sidecar = await startSidecar({ upstream: database, data: path.join(directory, 'data'), args });
  await runApp(python, 'units_app.py', {
    args: [program, String(REQUESTS)],
    env: {
      ...env,
      PYTHONPATH: path.join(ROOT, 'clients', 'python'),
      TRUTH_LOG: truth,
      PGHOST: sidecar.host,
      PGPORT: String(sidecar.port),
      PGUSER: database.user,
      PGDATABASE: database.database,
    },
  });
  await sidecar.stop();
  const logged = readFileSync(truth, 'utf8').trim().split('\n');
  const units = await unitsIn(recording);
  const requests = requestsBy(
    logged.map((line) => JSON.parse(line) as Logged),
    units.flat(),
  );
  const found = shareRight(units, (statement) => requests.get(statement));
  if (process.env.PGWITNESS_SHOW_UNITS) console.log(name, found);
  return found;
}

type Database = ReturnType<ReturnType<typeof usePostgres>>;

for (const { title, cases, requirements } of [
  { title: 'units of work of pools and async views', cases: IN_DJANGO, requirements: POOL_REQUIREMENTS },
  { title: 'units of work of Celery', cases: IN_CELERY, requirements: APP_REQUIREMENTS },
]) {
  await describeWithPython(
    title,
    (python) => {
      const postgres = usePostgres();
      beforeAll(() => build(() => {}));

      for (const one of cases)
        test(one.name, { timeout: 120_000 }, async () => {
          const database = one.name.replaceAll(/\W+/g, '_');
          await postgres().query(`CREATE DATABASE "${database}"`);
          const found = await share(one, { python, database: { ...postgres(), database } });
          expect(found.requests).toBe(REQUESTS);
          expect(found.right / found.requests).toBeGreaterThanOrEqual(one.least);
        });
    },
    { requirements },
  );
}
