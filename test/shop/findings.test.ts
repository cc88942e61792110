// The shop's own faults against what is found in its traffic, live and replayed.
// Each is named, and nothing else is proven.
// Not here: each kind of finding (../findings/).

import { mkdtempSync } from 'node:fs';
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

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly state: string;
  readonly kind: string;
  readonly confidence: string;
  readonly title: string;
  readonly routes: readonly string[];
  readonly callers: readonly string[];
}

/** Route, kind and file of each fault. */
const FAULTS = [
  ['customers/<int:customer_id>/items', 'n-plus-one', 'store/views/careless.py'],
  ['categories/<int:category_id>/stock-sheet', 'n-plus-one', 'store/views/careless.py'],
  ['returns/customer/<int:customer_id>', 'n-plus-one', 'ported/routes.py'],
  ['orders/<int:order_id>/take-back', 'boundary-read', 'ported/notes.py'],
  ['orders/<int:order_id>/take-back', 'boundary-write', 'ported/notes.py'],
  ['orders/<int:order_id>/take-back', 'boundary-lost-rollback', 'ported/notes.py'],
] as const;
/** How busy the machine is decides about these. */
const OF_TIME = /^(?:idle-in|long)-transaction$/;

const run = async (...asked: string[]) =>
  (await runOrThrow(process.execPath, ['dist/cli/main.js', ...asked], { cwd: ROOT })).stdout;

async function findingsIn(data: string): Promise<Finding[]> {
  return (JSON.parse(await run('findings', '--json', '--data', data)) as { findings: Finding[] }).findings;
}

await describeWithPython('findings of the shop', (python) => {
  const postgres = usePostgres({ database: 'shop' });
  beforeAll(async () => {
    await build(() => {});
    await prepareShop({ python: python.executable, database: postgres() });
  });

  test('are its faults, and nothing else is proven', { timeout: 240_000 }, async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-findings-'));
    const data = path.join(directory, 'data');
    const recording = path.join(directory, 'recording');
    const sidecar = await startSidecar({ upstream: postgres(), data, args: ['--record', recording] });
    const database = { ...postgres(), host: sidecar.host, port: sidecar.port };
    const shop = await startShop({ python: python.executable, database, tagged: true });
    await drive({ baseUrl: shop.baseUrl, seconds: 120, requests: 400, concurrency: 3, seed: 3 });
    await shop.stop();
    await sidecar.stop();
    const findings = await findingsIn(data);
    const replayed = path.join(directory, 'replayed');
    await run('replay', recording, '--data', replayed);
    const essence = ({ kind, id, severity, confidence, state }: Finding) =>
      [kind, id, severity, confidence, state].join(' ');
    expect((await findingsIn(replayed)).map(essence).sort()).toEqual(findings.map(essence).sort());
    const strong = findings.filter(({ confidence, kind }) => confidence === 'strong' && !OF_TIME.test(kind));
    const named = strong.map(({ kind, routes, callers }) => [routes[0], kind, callers[0]?.replace(/:\d+ \w+$/, '')]);
    if (process.env.PGWITNESS_SHOW_FINDINGS) console.log(findings);
    expect(FAULTS.filter((fault) => !named.some((one) => one.join() === fault.join()))).toEqual([]);
    const others = strong.filter(
      ({ routes, kind }) => !FAULTS.some(([route, of]) => route === routes[0] && of === kind),
    );
    expect(others.map(({ kind, routes, title }) => ({ kind, routes, title }))).toEqual([]);
  });
});
