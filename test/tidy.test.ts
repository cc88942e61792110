// The project lints itself: who may import whom, one door per package, a first comment in every file, files that stay small.
// Limits for what is too long already are a ratchet: they may shrink, not grow.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..');
const FILES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(ts|mjs|tsx)$/.test(file));
const PRODUCT = FILES.filter((file) => /^(proxy|analyzer|storage|dashboards|cli|config|server)\//.test(file));

interface Import {
  file: string;
  /** A path in the repository, or a package's name. */
  target: string;
  typeOnly: boolean;
}

const IMPORTS: Import[] = PRODUCT.flatMap((file) => {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'|import\('([^']+)'\)/gms);
  return [...found].map(([, type, from, dynamic]) => {
    const specifier = from ?? dynamic;
    const target = specifier.startsWith('.') ? path.join(path.dirname(file), specifier) : specifier;
    return { file, target, typeOnly: type !== undefined };
  });
});

const importsOf = (folder: string) => IMPORTS.filter(({ file }) => file.startsWith(folder));
const breaches = (found: Import[]) => found.map(({ file, target }) => `${file} imports ${target}`);

/** Tools of the analyzer that are no step of the pipeline: tokens, and the histogram that several steps count with. */
const SHARED = ['analyzer/sql/', 'analyzer/rollup/histogram.js'];

describe('imports run one way', () => {
  const within = (target: string, folders: readonly string[]) => folders.some((folder) => target.startsWith(folder));

  test('proxy/wire imports nothing of proxy, proxy/session only wire and the observation', () => {
    expect(
      breaches(
        importsOf('proxy/wire/').filter(
          ({ target }) => target.startsWith('proxy/') && !target.startsWith('proxy/wire/'),
        ),
      ),
    ).toEqual([]);
    const allowed = ['proxy/session/', 'proxy/wire/', 'proxy/observation.js'];
    expect(
      breaches(
        importsOf('proxy/session/').filter(({ target }) => target.startsWith('proxy/') && !within(target, allowed)),
      ),
    ).toEqual([]);
  });

  test('proxy knows nothing of the observing side', () => {
    const others = ['analyzer/', 'storage/', 'dashboards/', 'cli/'];
    expect(breaches(importsOf('proxy/').filter(({ target }) => within(target, others)))).toEqual([]);
  });

  test('of proxy, the analyzer knows the observation and its bytes, and what a supervisor says', () => {
    const contracts = ['observation', 'observation-reader', 'observation-frames', 'supervision'];
    const allowed = contracts.map((name) => `proxy/${name}.js`);
    expect(
      breaches(importsOf('analyzer/').filter(({ target }) => target.startsWith('proxy/') && !allowed.includes(target))),
    ).toEqual([]);
  });

  test.each(['fingerprint', 'attribution', 'pools', 'rollup', 'transactions', 'findings'])(
    'analyzer/%s does not import its siblings',
    (folder) => {
      const own = `analyzer/${folder}/`;
      const siblings = importsOf(own).filter(
        ({ target, typeOnly }) =>
          target.startsWith('analyzer/') && !target.startsWith(own) && !within(target, SHARED) && !typeOnly,
      );
      expect(breaches(siblings)).toEqual([]);
    },
  );

  test('storage does not import processes or screens, config imports nothing of ours', () => {
    const screens = ['proxy/', 'dashboards/', 'cli/'];
    expect(breaches(importsOf('storage/').filter(({ target }) => within(target, screens)))).toEqual([]);
    expect(
      breaches(
        importsOf('config/').filter(
          ({ target }) =>
            PRODUCT.some((file) => file.replace(/\.ts$/, '.js') === target) && !target.startsWith('config/'),
        ),
      ),
    ).toEqual([]);
  });

  test('nothing but the command line imports cli', () => {
    expect(
      breaches(IMPORTS.filter(({ file, target }) => target.startsWith('cli/') && !file.startsWith('cli/'))),
    ).toEqual([]);
  });
});

test.each([
  ['better-sqlite3', ['storage/sqlite/']],
  ['libpg-query', ['analyzer/fingerprint/']],
  ['prom-client', ['dashboards/metrics/']],
  ['commander', ['cli/']],
  ['pino', ['config/log.ts']],
  ['re2js', ['config/sql-pattern.ts']],
  ['pg-protocol', ['proxy/wire/', 'server/']],
])('%s has one door', (name, doors) => {
  const users = IMPORTS.filter(({ target }) => target === name || target.startsWith(`${name}/`));
  expect(breaches(users.filter(({ file }) => !doors.some((door) => file.startsWith(door))))).toEqual([]);
});

test('every file begins by saying what it is', () => {
  const silent = PRODUCT.filter((file) => !/^(#!.*\n)?\/\/ \S/.test(readFileSync(path.join(ROOT, file), 'utf8')));
  expect(silent).toEqual([]);
});

/** Files over 250 lines, and how long they may be. */
const LONG: Readonly<Record<string, number>> = {
  'analyzer/pipeline.ts': 340,
  'proxy/observer-link.ts': 380,
  'storage/migrations/0001-initial.ts': 350,
  'proxy/session/replies.ts': 410,
};

test('files stay small', () => {
  const long = PRODUCT.map((file) => ({ file, lines: readFileSync(path.join(ROOT, file), 'utf8').split('\n').length }))
    .filter(({ file, lines }) => lines > (LONG[file] ?? 330))
    .map(({ file, lines }) => `${file}: ${lines} lines`);
  expect(long).toEqual([]);
});

test('nothing is left for later', () => {
  const marks = new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|not ${'implemented'})\\b`);
  expect(FILES.filter((file) => marks.test(readFileSync(path.join(ROOT, file), 'utf8')))).toEqual([]);
});
