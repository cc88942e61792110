// The shop's traffic: the seed decides it, and failures are counted by view.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { drive, VIEWS } from '../../scripts/lib/shop/traffic.mjs';

/** Paths a shop of one page is asked for, in order. */
async function asked(seed: number, status = 200): Promise<{ paths: string[]; failed: Map<string, number> }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { failed } = await drive({ baseUrl, seconds: 60, requests: 100, concurrency: 1, seed });
  server.close();
  return { paths, failed };
}

test('the seed decides what is asked', async () => {
  const first = await asked(3);
  expect(first.paths).toHaveLength(100);
  expect((await asked(3)).paths).toEqual(first.paths);
  expect((await asked(4)).paths).not.toEqual(first.paths);
});

test('answers outside 2xx are counted by view', async () => {
  const { failed } = await asked(3, 503);
  expect([...failed.values()].reduce((sum, times) => sum + times, 0)).toBe(100);
  expect(failed.get('slow_movers 503')).toBeGreaterThan(0);
  expect(failed.size).toBe(Object.keys(VIEWS).length);
});
