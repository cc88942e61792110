// `pgwitness exec` around real suites: the shop's tests under Django's runner and pytest.
// Invariant: they make and drop their databases through the sidecar, and raw SQL that is new fails the run.
// Not here: commands of our own making (exec.test.ts).

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { pgwitness, type Ran } from '../cli/command.js';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython, type Python } from '../kit/python.js';

const SHOP = path.join(ROOT, 'examples', 'shop');
const requirements = path.join(ROOT, 'test', 'check', 'requirements.txt');

/** A suite starts workers, and each its own Python. */
const TIMEOUT_MS = 240_000;

const suite = (python: Python): void => {
  const postgres = usePostgres();
  const temporary = mkdtempSync(path.join(tmpdir(), 'pgwitness-suites-'));
  afterAll(() => rmSync(temporary, { recursive: true, force: true }));
  const baseline = path.join(temporary, 'baseline.txt');
  beforeAll(() => build(() => {}));

  const exec = (flags: readonly string[], ...command: string[]): Promise<Ran> =>
    pgwitness(['exec', '--env', 'SHOP_DB_HOST,SHOP_DB_PORT', ...flags, '--', python.executable, ...command], {
      cwd: SHOP,
      env: {
        SHOP_DB_HOST: postgres().host,
        SHOP_DB_PORT: String(postgres().port),
        SHOP_DB_NAME: 'shop',
        SHOP_TAGS: '1',
        PYTHONPATH: path.join(ROOT, 'clients', 'python'),
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });

  test(
    "Django's runner makes the baseline",
    async () => {
      const { code, stderr } = await exec(['--save', baseline], 'manage.py', 'test');
      expect(stderr).toContain('OK');
      expect(stderr).toMatch(/statements of the application, 1 handwritten/);
      expect(code).toBe(0);
      const lines = readFileSync(baseline, 'utf8').split('\n');
      expect(lines).toContain('route reports/slow-movers');
      expect(lines.filter((line) => line.startsWith('handwritten '))).toEqual([
        expect.stringMatching(/^handwritten raw cursor [0-9a-f]{16} SELECT …/),
      ]);
      expect(lines.filter((line) => /CREATE (?:TABLE|DATABASE)/.test(line))).toEqual([]);
      expect(await databases()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each([
    ["Django's runner, its workers in parallel", ['manage.py', 'test', '--parallel', '2']],
    ['pytest', ['-m', 'pytest', '-q', '-p', 'no:cacheprovider']],
    ['pytest, its workers in parallel', ['-m', 'pytest', '-q', '-n', '2', '-p', 'no:cacheprovider']],
  ])(
    '%s sends nothing new',
    async (_, command) => {
      const { code, stderr, stdout } = await exec(['--baseline', baseline], ...command);
      expect(stderr + stdout).toMatch(/\bOK\b|4 passed/);
      expect(stderr).toContain('Nothing is new against the baseline.');
      expect(stderr).toContain('All 2 conditions hold');
      expect(code).toBe(0);
      expect(await databases()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'raw SQL that comes back fails the run, at its line',
    async () => {
      const file = path.join(temporary, 'test_back.py');
      writeFileSync(
        file,
        'from django.db import connection\n\ndef test_raw(db):\n    with connection.cursor() as cursor:\n        cursor.execute("SELECT count(*) FROM store_tag WHERE label <> %s", ["x"])\n',
      );
      const command = [
        '-m',
        'pytest',
        '-q',
        '-p',
        'no:cacheprovider',
        '-o',
        'python_files=tests.py test_*.py',
        'store',
        file,
      ];
      const { code, stderr } = await exec(['--baseline', baseline], ...command);
      expect(stderr).toMatch(/new handwritten statement of raw/);
      expect(stderr).toMatch(/test_back\.py:5 \S+ +[0-9a-f]{8} +SELECT count/i);
      expect(code).toBe(1);
    },
    TIMEOUT_MS,
  );

  /** Those that a suite left behind. */
  async function databases(): Promise<string[]> {
    const rows = await postgres().query("SELECT datname FROM pg_database WHERE datname LIKE 'test%'");
    return rows.map(([name]) => name as string);
  }
};

await describeWithPython('suites of the shop', suite, { requirements });
