// Literals of every form, under every setting and encoding, sent through a real `pgwitness run`.
// Invariant: none is in a file, an answer, the log or the trace of a recording.
// Not here: how texts are read (test/fuzz).

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../../scripts/lib/fuzz/random.mjs';
import { connectAll } from '../../scripts/lib/fuzz/sql-server.mjs';
import { CANARY, makeQuery } from '../../scripts/lib/fuzz/sql-texts.mjs';
import { message } from '../../scripts/lib/wire/messages.mjs';
import { usePostgres } from '../kit/postgres.js';
import { pgwitness, temporaryDirectory, top, useSidecar } from '../kit/sidecar.js';

const QUERIES = 40;
const postgres = usePostgres();
const startSidecar = useSidecar();

test('no literal leaves memory', async () => {
  const recording = path.join(temporaryDirectory('canaries'), 'recording');
  const sidecar = await startSidecar(postgres(), ['--log-level', 'debug', '--record', recording]);
  let sent = 0;
  for (const asked of await connectAll(sidecar)) {
    for (let index = 0; index < QUERIES; index++) {
      const { bytes } = makeQuery(Random.ofCase(5, index), asked);
      // Whole, and cut: the server refuses most of what is cut.
      const text = index % 4 === 0 ? bytes.subarray(0, bytes.length - 1 - (index % 20)) : bytes;
      asked.client.send(message('Q', Buffer.concat([text, Buffer.from([0])])));
      await asked.client.reply();
      sent++;
    }
    asked.client.close();
  }
  const paths = ['/metrics', '/api/v1/statements?limit=0', '/api/v1/pools', '/api/v1/status'];
  const answers = await Promise.all(paths.map(async (at) => (await fetch(sidecar.httpUrl + at)).text()));
  const files = () =>
    readdirSync(sidecar.data)
      .filter((name) => name.startsWith('witness'))
      .map((name) => readFileSync(path.join(sidecar.data, name), 'latin1'))
      .join('');
  const whileRunning = files();
  await sidecar.stop();
  const trace = await pgwitness('trace', recording);
  const places = { answers: answers.join(), whileRunning, stored: files(), log: sidecar.output(), trace: trace.stdout };
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, place).toBeGreaterThan(0);
    expect(text.toLowerCase().includes(CANARY), place).toBe(false);
  }
  // The recording holds SQL as it was sent: that is what its trace hides.
  expect(readFileSync(recording, 'latin1')).toContain(CANARY);
  const { observed } = await top(sidecar.data);
  expect(observed).toMatchObject({ not_observed: 0 });
  expect(observed.statements).toBeGreaterThan(sent / 2);
});
