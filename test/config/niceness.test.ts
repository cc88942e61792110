// The observing side gives way to traffic, and starts where it was told to give way more.

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';

let module: string;

beforeAll(async () => {
  await build(() => {});
  // Where anybody may read it.
  const folder = mkdtempSync(path.join(tmpdir(), 'pgwitness-niceness-'));
  chmodSync(folder, 0o755);
  module = path.join(folder, 'niceness.mjs');
  cpSync(path.join(ROOT, 'dist', 'config', 'process', 'niceness.js'), module);
});

/** As somebody without rights: root may do anything. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

test.each([
  ['of a process with the usual one is 5', 0, 5],
  ['of one that gives way more stays', 12, 12],
])('the niceness %s', (_, atLeast, least) => {
  // As it is where the tests run, but no less than that.
  const script = `
    import { getPriority, setPriority } from 'node:os';
    import { giveWayToTraffic } from ${JSON.stringify(module)};
    const before = Math.max(${atLeast}, getPriority());
    setPriority(before);
    giveWayToTraffic();
    console.log(process.getuid(), before, getPriority());`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { ...nobody, encoding: 'utf8', cwd: '/' });
  const [uid, before, after] = stdout.trim().split(' ').map(Number);
  expect([stderr, uid, after]).toEqual(['', nobody.uid ?? process.getuid?.(), Math.max(least, before)]);
});
