// Deployments have no more rights than they need, and no secret that everybody knows.
// Not here: whether the parts fit together (deployment.test.ts), a real engine (npm run test:containers).

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../../scripts/lib/paths.mjs';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('docker-compose.yml', () => {
  const text = read('docker-compose.yml');
  const compose = parse(text, { merge: true });
  const services = Object.entries(compose.services as Record<string, Record<string, unknown>>);

  test.each(services)('%s can write to nothing but its volumes, and becomes nobody else', (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      ulimits: { core: 0 },
    });
    expect(service).not.toHaveProperty('cap_add');
    expect(service).not.toHaveProperty('privileged');
  });

  test.each(services)('%s is bounded', (_, service) => {
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.pids_limit).toBeLessThanOrEqual(256);
    expect(service.cpus).toBeLessThanOrEqual(2);
  });

  test('holds no password and no token', () => {
    for (const [name, { environment = {} }] of services) {
      for (const [variable, value] of Object.entries(environment as Record<string, string>)) {
        if (/PASSWORD|TOKEN|SECRET/.test(variable)) expect(value, `${name}: ${variable}`).toMatch(/^\/run\/secrets\//);
      }
    }
    // A service with a read-only root can have a secret from a file, not from the text of this file.
    expect(text).not.toMatch(/^\s+content:/m);
    for (const { file } of Object.values(compose.secrets as Record<string, { file: string }>)) {
      expect(file).toMatch(/^\.\/deploy\/secrets\//);
    }
  });

  test('gives a secret to who names it and to nobody else', () => {
    for (const [name, { secrets = [], environment = {} }] of services) {
      const named = [...JSON.stringify(environment).matchAll(/\/run\/secrets\/([a-z-]+)/g)].map(([, secret]) => secret);
      expect([...(secrets as string[])].sort(), name).toEqual(named.sort());
      for (const secret of named) expect(compose.secrets).toHaveProperty(secret);
    }
  });

  test('leads from the shop to the database through pgwitness alone', () => {
    const networks = (name: string) => compose.services[name].networks as string[];
    expect(networks('shop').filter((network) => networks('postgres').includes(network))).toEqual([]);
    expect(networks('pgwitness')).toEqual(expect.arrayContaining([...networks('shop'), ...networks('postgres')]));
    expect(networks('grafana').filter((network) => networks('postgres').includes(network))).toEqual([]);
  });
});

describe('deploy/make-secrets.sh', () => {
  const run = (folder: string) =>
    spawnSync('sh', [join(folder, 'deploy', 'make-secrets.sh')], { encoding: 'utf8', cwd: tmpdir() });

  test('makes every secret that compose names, at random, for its owner', () => {
    const made = [0, 1].map(() => {
      const folder = mkdtempSync(join(tmpdir(), 'pgwitness-secrets-'));
      mkdirSync(join(folder, 'deploy'));
      cpSync(join(ROOT, 'deploy', 'make-secrets.sh'), join(folder, 'deploy', 'make-secrets.sh'));
      expect(run(folder)).toMatchObject({ status: 0, stderr: '' });
      return folder;
    });
    const { secrets } = parse(read('docker-compose.yml')) as { secrets: Record<string, { file: string }> };
    const values = made.flatMap((folder) =>
      Object.values(secrets).map(({ file }) => readFileSync(join(folder, file), 'utf8')),
    );
    for (const value of values) expect(value).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(values).size).toBe(values.length);
    expect(statSync(join(made[0], 'deploy', 'secrets')).mode & 0o777).toBe(0o700);
  });

  test('keeps what is there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pgwitness-secrets-'));
    mkdirSync(join(folder, 'deploy', 'secrets'), { recursive: true });
    cpSync(join(ROOT, 'deploy', 'make-secrets.sh'), join(folder, 'deploy', 'make-secrets.sh'));
    writeFileSync(join(folder, 'deploy', 'secrets', 'database-password'), 'mine');
    expect(run(folder).stdout).toContain('deploy/secrets/database-password stays as it is');
    expect(readFileSync(join(folder, 'deploy', 'secrets', 'database-password'), 'utf8')).toBe('mine');
  });

  test('makes nothing that git would take or the image would get', () => {
    expect(read('.gitignore').split('\n')).toContain('deploy/secrets/');
    expect(read('.dockerignore')).not.toMatch(/^!deploy/m);
  });
});

describe('the Kubernetes manifests', () => {
  const base = parse(read('deploy/kubernetes/kustomization.yaml')) as { resources: string[] };
  const resources = base.resources.map((file) => parse(read(`deploy/kubernetes/${file}`), { merge: true }));
  const kind = (name: string) => resources.find((resource) => resource.kind === name);
  const pod = kind('Deployment').spec.template.spec;

  test.each([...pod.initContainers, ...pod.containers].map((container) => [container.name, container] as const))(
    '%s can write to nothing but its volumes, and becomes nobody else',
    (_, { securityContext, resources: bounds }) => {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(securityContext.runAsUser).toBeGreaterThan(10_000);
      expect(bounds.limits.memory).toMatch(/Mi$/);
    },
  );

  test('the pod has no token of the cluster, no root and the seccomp profile of the runtime', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const never of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod).not.toHaveProperty(never);
  });

  test('the network policy is of that pod, and knows its ports', () => {
    const { spec } = kind('NetworkPolicy');
    expect(spec.podSelector.matchLabels).toEqual(kind('Deployment').spec.selector.matchLabels);
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    const open = spec.ingress.flatMap((rule: { ports: Array<{ port: number }> }) => rule.ports.map(({ port }) => port));
    expect(open).toEqual([8000, 6434]);
    const upstream = pod.initContainers[0].args[4].split(':');
    const [, database] = spec.egress;
    expect([database.to[0].podSelector.matchLabels.app, String(database.ports[0].port)]).toEqual(upstream);
  });

  test('hold no password', () => {
    for (const { name, value } of pod.containers[0].env) {
      if (/PASSWORD|TOKEN|SECRET/.test(name)) expect(value, name).toBeUndefined();
    }
  });
});

describe('Dockerfile', () => {
  const text = read('Dockerfile');

  test('takes its base by an argument, in both stages', () => {
    expect(text).toMatch(/^ARG BASE=node:22-bookworm-slim$/m);
    expect([...text.matchAll(/^FROM (.+)$/gm)].map(([, from]) => from)).toEqual([
      expect.stringMatching(/^\$\{BASE\} AS build$/),
      expect.stringMatching(/^\$\{BASE\}$/),
    ]);
  });

  test('builds SQLite from source, downloading neither a binary nor headers', () => {
    expect(text).toContain('npm_config_build_from_source=true');
    expect(text).toContain('npm_config_nodedir=/usr/local');
  });
});

const systemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!systemd) console.warn('NOT TESTED: the systemd unit, because systemd-analyze is not installed');
const unit = read('deploy/systemd/pgwitness.service');

describe('the systemd unit', () => {
  test.skipIf(!systemd)('is one that systemd takes', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'pgwitness-unit-')), 'pgwitness.service');
    writeFileSync(file, unit.replace('/usr/local/bin/pgwitness', process.execPath));
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect([stdout, stderr, status]).toEqual(['', '', 0]);
    writeFileSync(
      file,
      unit.replace('LimitCORE=0', 'LimitCOR=0').replace('/usr/local/bin/pgwitness', process.execPath),
    );
    expect(spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' }).stderr).toContain('LimitCOR');
  });

  test('leaves no core file, no right and no folder but its own', () => {
    for (const line of ['LimitCORE=0', 'DynamicUser=yes', 'CapabilityBoundingSet=', 'ProtectSystem=strict']) {
      expect(unit.split('\n')).toContain(line);
    }
  });
});
