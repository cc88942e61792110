// Starting and stopping a service: one that ends too early says why.

import { expect, test } from 'vitest';
import { startService } from '../../scripts/lib/service.mjs';

const node = (program: string) => ({ program: process.execPath, args: ['-e', program] });

test('a service that ends before it answers is an error with what it said', async () => {
  const started = startService('the example', {
    ...node('console.log("no luck"); process.exit(4)'),
    ready: async () => false,
  });
  await expect(started).rejects.toThrow(/the example ended with exit code 4.*\nno luck/s);
});

test('a program that does not exist is an error', async () => {
  const started = startService('the example', { program: '/nowhere/program', args: [], ready: async () => false });
  await expect(started).rejects.toThrow('ENOENT');
});

test('stop ends it', async () => {
  const service = await startService('the example', {
    ...node('setInterval(() => {}, 1000)'),
    ready: async () => true,
  });
  expect(service.running()).toBe(true);
  await service.stop();
  expect(service.running()).toBe(false);
  expect(() => process.kill(service.pid, 0)).toThrow('ESRCH');
});
