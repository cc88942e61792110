// The hashes of parameters stay in memory: none is in the store, the metrics, an answer or the log.
// Invariant: the hashes looked for are those that this very run made, read from its recording.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { FrameKind, FrameReader, RECORDING_MAGIC } from '../../proxy/stream/frames.js';
import { BatchReader } from '../../proxy/stream/reader.js';
import { usePostgres } from '../kit/postgres.js';
import { temporaryDirectory, until, useSidecar } from '../kit/sidecar.js';

const CANARY = 'canary-of-a-parameter';
const SENT = 40;
const postgres = usePostgres();
const startSidecar = useSidecar();

function hashesIn(recording: string): number[] {
  const hashes: number[] = [];
  const batches = new BatchReader();
  new FrameReader().feed(readFileSync(recording).subarray(RECORDING_MAGIC.length), (kind, body) => {
    if (kind !== FrameKind.batch) return;
    batches.read(body, (observation) => {
      if (observation.kind === 'statement' && observation.parameterHash !== 0) hashes.push(observation.parameterHash);
    });
  });
  return hashes;
}

/** As a number, in hexadecimal, and as the bytes of a double and of an integer, in both orders. */
function formsOf(hash: number): string[] {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(hash);
  const forms = [String(hash), hash.toString(16), bytes.toString('latin1'), bytes.reverse().toString('latin1')];
  bytes.writeBigInt64LE(BigInt(hash));
  // The two high bytes of 53 bits are nearly empty, so that six bytes tell.
  return [...forms, bytes.toString('latin1', 0, 6), Buffer.from(bytes).reverse().toString('latin1', 2)];
}

test('no hash of parameters leaves memory', async () => {
  const recording = path.join(temporaryDirectory('parameters'), 'recording');
  const sidecar = await startSidecar(postgres(), ['--log-level', 'debug', '--record', recording]);
  const { user, database } = postgres();
  const client = new pg.Client({ host: sidecar.host, port: sidecar.port, user, database });
  await client.connect();
  for (let n = 0; n < SENT; n++) {
    await client.query({
      text: 'SELECT $1::text',
      values: [`${CANARY} ${n}`],
      name: n % 2 === 0 ? 'by_name' : undefined,
    });
    await client.query(`SELECT '${CANARY} ${n}'`);
  }
  await client.end();
  const ask = async (at: string) => (await fetch(sidecar.httpUrl + at)).text();
  await until('everything is stored', async () => {
    const { statements } = JSON.parse(await ask('/api/v1/statements?limit=0')) as { statements: { calls: number }[] };
    return statements.reduce((sum, { calls }) => sum + calls, 0) >= 2 * SENT;
  });
  const { statements } = JSON.parse(await ask('/api/v1/statements')) as { statements: { fingerprint: string }[] };
  const details = statements.flatMap(({ fingerprint }) => [
    `/api/v1/statements/${fingerprint}`,
    `/api/v1/statements/${fingerprint}/samples`,
  ]);
  const paths = ['/metrics', '/api/v1/statements?limit=0', '/api/v1/pools', '/api/v1/status', '/api/v1/sessions'];
  const answers = await Promise.all([...paths, '/api/v1/tail', ...details].map(ask));
  await sidecar.stop();
  const stored = readdirSync(sidecar.data)
    .filter((name) => name.startsWith('witness'))
    .map((name) => readFileSync(path.join(sidecar.data, name), 'latin1'))
    .join('');
  const hashes = hashesIn(recording);
  expect(new Set(hashes).size).toBe(SENT);
  const places = { answers: answers.join(), stored, log: sidecar.output() };
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, place).toBeGreaterThan(0);
    expect(text.includes(CANARY), place).toBe(false);
    for (const hash of hashes) for (const form of formsOf(hash)) expect(text.includes(form), place).toBe(false);
  }
});
