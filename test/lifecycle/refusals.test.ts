// Refusals before anything starts, and what check-config says of them.

import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { Authority } from '../../scripts/lib/certificates.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { temporaryFile } from '../kit/relay.js';
import { MAIN, pgwitness, temporaryDirectory } from '../kit/sidecar.js';

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
