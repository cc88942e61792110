// The copy that the image gets runs, and holds nothing for an installation or for developers.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CACHE, ROOT } from '../../scripts/lib/paths.mjs';
import { toolsOf } from '../../scripts/lib/release/checks.mjs';
import { runtimePackages } from '../../scripts/lib/release/runtime.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';

let copy: string;

/** Files below a folder, by their paths in it. */
const filesOf = (folder: string): string[] => readdirSync(join(copy, folder), { recursive: true, encoding: 'utf8' });

beforeAll(async () => {
  await build(() => {});
  // On the file system of the repository: a copy of links costs nothing, and removing one leaves the other.
  copy = mkdtempSync(join(CACHE, 'prune-'));
  for (const name of ['package.json', 'dist', 'node_modules']) {
    expect(spawnSync('cp', ['-al', join(ROOT, name), copy]).status).toBe(0);
  }
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'prune.mjs'), copy], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return () => spawnSync('rm', ['-rf', copy]);
}, 120_000);

describe('what stays', () => {
  test('runs: the command, SQLite, the grammar', () => {
    const main = spawnSync(process.execPath, [join(copy, 'dist', 'cli', 'main.js'), 'version'], { encoding: 'utf8' });
    expect([main.status, main.stdout]).toEqual([0, expect.stringMatching(/^pgwitness \d/)]);
    const script =
      "const Database = require('better-sqlite3'); new Database(':memory:').prepare('SELECT 1').get();" +
      "import('libpg-query').then(async (pg) => { await pg.loadModule(); console.log(pg.fingerprintSync('SELECT 1')); });";
    const { status, stdout } = spawnSync(process.execPath, ['-e', script], { cwd: copy, encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]{16}\n$/)]);
  });

  test('serves assistants without a package of the SDK', async () => {
    expect(existsSync(join(copy, 'node_modules', '@modelcontextprotocol'))).toBe(false);
    expect(await toolsOf(process.execPath, { args: [join(copy, 'dist', 'cli', 'main.js'), 'mcp'] })).toContain('top');
  });

  test('holds no package that fetches binaries, and none of the developers', () => {
    for (const name of ['prebuild-install', 'simple-get', 'tar-fs', 'rc', 'vitest', 'typescript', '@types', '.bin']) {
      expect(existsSync(join(ROOT, 'node_modules', name)), name).toBe(true);
      expect(existsSync(join(copy, 'node_modules', name)), name).toBe(false);
    }
  });

  test('has of native code what was compiled, and nothing to compile it from', () => {
    const files = filesOf('node_modules/better-sqlite3');
    expect(files.filter((file) => /\.(node|o|a|c|cpp|gypi?)$|Makefile/.test(file))).toEqual([
      'build/Release/better_sqlite3.node',
    ]);
  });

  test('has no declarations and no maps', () => {
    const files = [...filesOf('dist'), ...filesOf('node_modules')];
    expect(files.filter((file) => /\.(d\.[cm]?ts|map)$/.test(file))).toEqual([]);
  });

  test('is every package that a dependency leads to', () => {
    const names = [...runtimePackages(copy)].map((place) => place.slice(copy.length + '/node_modules/'.length));
    expect(names).toEqual(
      expect.arrayContaining(['better-sqlite3', 'bindings', 'file-uri-to-path', 'pg', 'sonic-boom']),
    );
  });
});
