// The lock between processes: one at a time, and taken over from an owner that is gone.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../scripts/lib/run-command.mjs';
import { withLock } from '../../scripts/lib/setup/lock.mjs';

const lockPath = () => path.join(mkdtempSync(path.join(tmpdir(), 'pgwitness-lock-')), 'work.lock');

test('one at a time', async () => {
  const lock = lockPath();
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all([withLock(lock, work), withLock(lock, work), withLock(lock, work)]);
  expect(most).toBe(1);
});

test('is given back when the work fails', async () => {
  const lock = lockPath();
  const failing = withLock(lock, async () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await withLock(lock, async () => 'done')).toBe('done');
});

test('is taken over from an owner that is gone', async () => {
  const lock = lockPath();
  const gone = await runCommand(process.execPath, ['-p', 'process.pid']);
  mkdirSync(lock);
  writeFileSync(path.join(lock, 'pid'), gone.stdout.trim());
  expect(await withLock(lock, async () => 'done')).toBe('done');
});
