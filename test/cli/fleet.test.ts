// Filters and groups by who observed, over several data directories and over HTTP.
// Invariant: a filter leaves what the directories that fit say by themselves. Not here: a store of many instances
// (test/fleet).

import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../config/log.js';
import { Api } from '../../dashboards/http/api.js';
import { startHttp } from '../../dashboards/http/server.js';
import type { Identity } from '../../facts/fleet/identity.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { flushOf, temporaryDirectory } from '../storage/flushes.js';
import { writeManyStatements } from '../web/kit.js';
import { pgwitness } from './command.js';
import { writeSampleStore } from './sample-store.js';

const SHOP = { service: 'shop', environment: 'staging', instance: 'shop-1' };
const BILLING = { service: 'billing', environment: 'staging', instance: 'billing-1' };

beforeAll(() => build(() => {}));

function observedBy(identity: Identity | undefined, fill: (dataDir: string) => void): string {
  const dataDir = temporaryDirectory();
  fill(dataDir);
  if (identity === undefined) return dataDir;
  const store = openSqliteStore({ dataDir });
  store.flush(flushOf({ atMs: Date.now(), settings: [['identity', JSON.stringify(identity)]] }));
  store.close();
  return dataDir;
}

const shop = () => observedBy(SHOP, writeSampleStore);
const billing = () => observedBy(BILLING, (dataDir) => writeManyStatements(dataDir, 20));

async function json(args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, code } = await pgwitness([...args, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** The API of one directory, as a sidecar answers. */
async function served(dataDir: string): Promise<string> {
  const reader = openReader(dataDir);
  const api = new Api({ reader });
  const server = await startHttp({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    metrics: { render: async () => '' },
    api,
    log: createLog({ level: 'silent' }),
  });
  onTestFinished(async () => {
    await server.close();
    reader.close();
  });
  return `http://127.0.0.1:${server.address.port}`;
}

describe('of several data directories', () => {
  test('only those that fit are read', async () => {
    const [of, other] = [shop(), billing()];
    const both = ['--data', of, '--data', other];
    for (const command of ['top', 'pools', 'routes', 'findings']) {
      const alone = await json([command, '--data', of]);
      expect(await json([command, ...both, '--service', 'shop'])).toEqual(alone);
      expect(await json([command, ...both, '--environment', 'staging', '--instance', 'shop-1'])).toEqual(alone);
    }
    expect(await json(['top', ...both, '--environment', 'staging'])).toEqual(await json(['top', ...both]));
  });

  test('a value that nobody has is refused with those that were seen', async () => {
    const places = ['--data', shop(), '--data', billing()];
    const unknown = await pgwitness(['top', ...places, '--service', 'shopp']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('"shopp" was never seen: --service');
    expect(unknown.stderr).toContain('seen: billing, shop');
    const together = await pgwitness(['pools', ...places, '--service', 'shop', '--instance', 'billing-1']);
    expect(together.code).toBe(2);
    expect(together.stderr).toContain('nobody observed service shop with instance billing-1');
    const nameless = await pgwitness(['top', '--data', observedBy(undefined, writeSampleStore), '--service', 'shop']);
    expect(nameless.code).toBe(2);
    expect(nameless.stderr).toContain('none was named');
  });

  test('a mark is not set for a part: nothing would keep to it', async () => {
    const dataDir = shop();
    const refused = await pgwitness(['mark', 'deploy', '--data', dataDir, '--service', 'shop']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('a mark is not set in a part of a fleet: --service');
    expect(await json(['mark', '--data', dataDir, '--service', 'shop'])).toEqual(
      await json(['mark', '--data', dataDir]),
    );
  });

  test('groups by who observed add up to everything', async () => {
    const [of, other] = [shop(), billing()];
    const grouped = await json(['top', '--data', of, '--data', other, '--group-by', 'service']);
    const groups = grouped.groups as Array<{ value: string; calls: number; errors: number; total_ms: number }>;
    expect(groups.map(({ value }) => value).sort()).toEqual(['billing', 'shop']);
    for (const [value, dataDir] of [
      ['shop', of],
      ['billing', other],
    ]) {
      const alone = await json(['top', '--data', dataDir, '--group-by', 'source']);
      const sources = alone.groups as Array<{ calls: number; errors: number }>;
      const calls = sources.reduce((sum, one) => sum + one.calls + one.errors, 0);
      const group = groups.find((one) => one.value === value)!;
      expect(group.calls + group.errors).toBe(calls);
    }
  });
});

describe('over HTTP', () => {
  test('a sidecar takes the name of its own, and refuses another with what it is', async () => {
    const url = await served(shop());
    const ask = async (query: string) => {
      const response = await fetch(`${url}/api/v1/statements?${query}`);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    expect(await ask('service=shop')).toEqual(await ask(''));
    const refused = await ask('service=billing');
    expect(refused.status).toBe(400);
    expect(refused.body.error).toContain('"billing" was never seen: parameter "service"');
    expect(refused.body.error).toContain('seen: shop');
    const seen = (await (await fetch(`${url}/api/v1/filters`)).json()) as { identities: Identity[] };
    expect(seen.identities).toEqual([SHOP]);
  });

  test('of several sidecars those that fit are asked', async () => {
    const dataDir = shop();
    const urls = ['--url', await served(dataDir), '--url', await served(billing())];
    expect(await json(['top', ...urls, '--service', 'shop'])).toEqual(await json(['top', '--data', dataDir]));
    const unknown = await pgwitness(['top', ...urls, '--instance', 'nobody']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('seen: billing-1, shop-1');
  });
});
