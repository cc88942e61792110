// Real Django and SQLAlchemy code with a fault of each kind, and clean twins: found, and not found.
// Tagged by clients/python, and untagged; live, and replayed from a recording.
// Not here: each rule's edges (rules.test.ts, kinds.test.ts).

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runProgram } from '../clients/client.js';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { pgwitness, temporaryDirectory, useSidecar } from '../kit/sidecar.js';

const APP = path.join(import.meta.dirname, 'faults_app.py');

/** What each faulty request must be told of: its kind, and the source of the statement that it is about. */
const EXPECTED: Readonly<Record<string, readonly [kind: string, source: string]>> = {
  n_plus_one_orm: ['n-plus-one', 'django-orm'],
  n_plus_one_reverse: ['n-plus-one', 'django-orm'],
  n_plus_one_raw: ['n-plus-one', 'raw'],
  n_plus_one_sqlalchemy: ['n-plus-one', 'sqlalchemy'],
  pattern: ['repeated-pattern', 'django-orm'],
  levels: ['repeated-pattern', 'django-orm'],
  duplicate: ['duplicate', 'django-orm'],
  saves: ['writes-in-loop', 'django-orm'],
  raw_inserts: ['writes-in-loop', 'raw'],
  flushes: ['writes-in-loop', 'sqlalchemy'],
  boundary_read: ['boundary-read', 'sqlalchemy'],
  boundary_write: ['boundary-write', 'sqlalchemy'],
  lost_rollback: ['boundary-lost-rollback', 'sqlalchemy'],
  lock: ['boundary-lock', 'sqlalchemy'],
  idle: ['idle-in-transaction', 'django-orm'],
  drift: ['schema-drift', 'raw'],
  retried: ['retries', 'raw'],
  unbounded: ['unbounded-result', 'raw'],
  reports: ['forbidden-write', 'sqlalchemy'],
  migrated: ['forbidden-source', 'raw'],
  fails: ['always-fails', 'raw'],
  reads_only: ['read-only-transaction', 'housekeeping'],
  returned: ['rollback-on-return', 'housekeeping'],
  star: ['select-star', 'raw'],
};
/** They are weak for ever, and other requests have them too. */
const HABITS = /^(?:read-only-transaction|rollback-on-return|connection-per-request|select-star)$/;
/** Without tags nothing says whose lock it is, what the route is, or that two transactions are one request. */
const NEEDS_TAGS: ReadonlySet<string> = new Set(['lock', 'migrated', 'retried']);

interface Finding {
  readonly id: string;
  readonly kind: string;
  readonly severity: string;
  readonly state: string;
  readonly units: number;
  readonly confidence: string;
  readonly title: string;
  readonly routes: readonly string[];
  readonly callers: readonly string[];
  readonly statements: ReadonlyArray<{ readonly source: string }>;
}

/** How busy the machine is decides about these, where they are not planted. */
const OF_TIME = /^(?:idle-in|long)-transaction$/;

/** What a replay of the same traffic finds, too. */
const essence = ({ id, kind, severity, confidence, state, units }: Finding): string =>
  [kind, id, severity, confidence, state, units].join(' ');

async function findingsIn(data: string): Promise<Finding[]> {
  const { stdout } = await pgwitness('findings', '--json', '--data', data);
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

const CONFIG = `findings:
  readOnly: [{ pool: "*reporting*" }]
  migrated: [{ route: "migrated*", sources: [raw, sqlalchemy] }]
`;

await describeWithPython('faults of real code', (python) => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();
  const config = path.join(temporaryDirectory('faults'), 'pgwitness.yaml');

  const run = (at: { host: string; port: number }, which: string, tagged: string) => {
    const { user, database } = postgres();
    const env = { PGHOST: at.host, PGPORT: String(at.port), PGUSER: user, PGDATABASE: database };
    return runProgram(python, APP, { env, args: [which, tagged] });
  };
  /** Everything that was found, candidates left out. */
  const foundIn = async (which: string, tagged: string): Promise<Finding[]> => {
    const recording = path.join(temporaryDirectory('recorded'), 'recording');
    const sidecar = await startSidecar(postgres(), ['--config', config, '--record', recording]);
    await run(sidecar, which, tagged);
    await sidecar.stop();
    const found = await findingsIn(sidecar.data);
    const replayed = path.join(temporaryDirectory('replayed'), 'data');
    await pgwitness('replay', recording, '--data', replayed, '--config', config);
    expect((await findingsIn(replayed)).map(essence).sort()).toEqual(found.map(essence).sort());
    return found;
  };

  beforeAll(async () => {
    writeFileSync(config, CONFIG);
    await run(postgres(), 'prepare', 'untagged');
  });

  test('tagged: every fault is proven, at its line, and no twin is', { timeout: 120_000 }, async () => {
    const found = await foundIn('all', 'tagged');
    const strong = found.filter(({ confidence }) => confidence === 'strong');
    const missed = Object.entries(EXPECTED).filter(
      ([route, [kind, source]]) =>
        !found.some(
          (one) =>
            one.kind === kind &&
            one.confidence === (HABITS.test(kind) ? 'weak' : 'strong') &&
            one.routes[0] === route &&
            one.statements[0].source === source,
        ),
    );
    expect(missed).toEqual([]);
    const isWrong = ({ kind, routes: [route = ''] }: Finding) =>
      route.endsWith('_twin') && (!HABITS.test(kind) || kind === EXPECTED[route.replace(/_twin$/, '')][0]);
    expect(found.filter(isWrong).map(({ kind, routes, title }) => ({ kind, routes, title }))).toEqual([]);
    for (const { routes, callers } of strong)
      expect([routes, callers[0]]).toEqual([routes, expect.stringMatching(/^faults_app\.py:\d+ \w/)]);
    // Nothing else is proven of a fault than what it is.
    const other = strong.filter(({ kind, routes: [route] }) => EXPECTED[route]?.[0] !== kind && !OF_TIME.test(kind));
    expect(other.map(({ kind, routes, title }) => ({ kind, routes, title }))).toEqual([]);
  });

  test('untagged: every fault is found that shows without tags, and no twin is', { timeout: 180_000 }, async () => {
    const found = await foundIn('faults', 'untagged');
    // Two faults of one kind and source are two findings.
    const left = [...found];
    const missed = Object.entries(EXPECTED).filter(([name, [kind, source]]) => {
      if (NEEDS_TAGS.has(name)) return false;
      const at = left.findIndex((one) => one.kind === kind && one.statements[0].source === source);
      return at === -1 || left.splice(at, 1).length === 0;
    });
    expect(missed).toEqual([]);
    // Each request closes Django's connection.
    expect(found.filter(({ kind }) => kind === 'connection-per-request').map(({ title }) => title)).toEqual([
      expect.stringContaining('django:'),
    ]);
    const twins = (await foundIn('twins', 'untagged')).filter(({ kind }) => !HABITS.test(kind));
    expect(twins.map(({ kind, title, confidence }) => ({ kind, title, confidence }))).toEqual([]);
  });
});
