// The set-up in a pipe says that it goes on, and with what.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openProgress } from '../../scripts/lib/progress.mjs';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a step that takes long says so in a pipe, with its latest note, and ends with its time', async () => {
  const written: string[] = [];
  const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  let done = () => {};
  const step = openProgress(stream).step('Packages', async (note) => {
    note('fetched 1 of 3');
    await new Promise<void>((resolve) => {
      done = resolve;
    });
  });
  expect(written).toEqual(['  … Packages\n']);
  await vi.advanceTimersByTimeAsync(14_000);
  expect(written.slice(1)).toEqual([
    '  … Packages (3.0 s): fetched 1 of 3\n',
    '  … Packages (13.0 s): fetched 1 of 3\n',
  ]);
  done();
  await step;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written.slice(3)).toEqual(['  ✓ Packages: fetched 1 of 3 (14.0 s)\n']);
});

test('a short step is two lines', async () => {
  const written: string[] = [];
  const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  await openProgress(stream).step('Build', async (note) => note('up to date'));
  expect(written).toEqual(['  … Build\n', '  ✓ Build: up to date (0 ms)\n']);
});

test('a bar in a pipe is four lines, and says once that it is full', () => {
  const written: string[] = [];
  const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const bar = openProgress(stream).bar('Requests', 8);
  for (let done = 1; done <= 8; done++) bar.update(done, `${done} requests`);
  bar.end('8 requests');
  expect(written.map((line) => /\d+ % .*/.exec(line)?.[0])).toEqual([
    '25 % 2 requests',
    '50 % 4 requests',
    '75 % 6 requests',
    '100 % 8 requests',
  ]);
});
