// Refusals before anything starts, and what check-config says of them.

import { spawn } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Authority } from '../../scripts/lib/certificates.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { temporaryFile } from '../kit/relay.js';
import { MAIN, pgwitness, temporaryDirectory, useSidecar } from '../kit/sidecar.js';

const startSidecar = useSidecar();

beforeAll(() => build(() => {}));

describe.each(['run', 'relay', 'check-config'])('%s', (command) => {
  test('listening for the network in front of a local Postgres: exit 2, with the reason', async () => {
    const { code, stderr } = await pgwitness(command, '--listen', '0.0.0.0:6433');
    expect(code).toBe(2);
    expect(stderr).toContain('would take every client that reaches 0.0.0.0:6433 for a local one');
  });

  test('a certificate that is none: exit 2', async () => {
    const file = temporaryFile('cert.pem', 'not a certificate');
    const { code, stderr } = await pgwitness(command, '--tls-cert', file, '--tls-key', file);
    expect(code).toBe(2);
    expect(stderr).toContain('holds no certificate: --tls-cert');
  });

  test('authorities that cannot be read: exit 2', async () => {
    const { code, stderr } = await pgwitness(
      command,
      '--upstream-tls',
      'verify-ca',
      '--upstream-tls-ca',
      '/nowhere.pem',
    );
    expect(code).toBe(2);
    expect(stderr).toContain('/nowhere.pem cannot be read (ENOENT): --upstream-tls-ca');
  });
});

test('check-config lists the pairs', async () => {
  const file = temporaryFile(
    'pgwitness.yaml',
    'pairs:\n  - { listen: "127.0.0.1:7001", upstream: "db:5432", upstreamTls: require }\n',
  );
  const { code, stdout } = await pgwitness('check-config', '--json', '--config', file);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).lists.pairs).toEqual([
    { listen: '127.0.0.1:7001', upstream: 'db:5432', upstreamTls: 'require' },
  ]);
});

test('check-config takes a certificate that fits its key', async () => {
  const { cert, key } = new Authority().issue(['db.example']);
  const files = [temporaryFile('cert.pem', cert), temporaryFile('key.pem', key)];
  const { code } = await pgwitness('check-config', '--tls-cert', files[0], '--tls-key', files[1]);
  expect(code).toBe(0);
});

test('a data directory that others can get at is warned about: by check-config, and once in the log of run', async () => {
  const data = temporaryDirectory('data');
  const warning = `the data directory ${data} has mode 777: other users can replace its files: chmod 700 ${data}`;
  chmodSync(data, 0o777);
  const open = await pgwitness('check-config', '--data', data);
  expect([open.code, open.stdout]).toEqual([0, expect.stringContaining(`warning: ${warning}`)]);
  const sidecar = await startSidecar({ host: '127.0.0.1', port: 1 }, [], data);
  expect(sidecar.output().split(warning)).toHaveLength(2);
  // It is not ours to change.
  expect(statSync(data).mode & 0o777).toBe(0o777);
  chmodSync(data, 0o750);
  expect((await pgwitness('check-config', '--data', data)).stdout).toContain('mode 750: other users can look into it');
  chmodSync(data, 0o700);
  expect((await pgwitness('check-config', '--data', data)).stdout).not.toContain('warning');
});

test('run ends with 0 after SIGTERM', async () => {
  const args = ['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0', '--health', '127.0.0.1:0'];
  const child = spawn(process.execPath, [MAIN, 'run', ...args, '--data', temporaryDirectory('data')]);
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
    if (said.includes('"msg":"relaying"')) child.kill('SIGTERM');
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...how) => resolve(how)),
  );
  expect([code, signal]).toEqual([0, null]);
});
