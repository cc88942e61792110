// 80: a server that claims more rows than any number holds spoils its own row count alone.
// Not here: the sums themselves (test/storage/saturating.test.ts).

import { expect, test } from 'vitest';
import { SUM_MAX } from '../../facts/sums.js';
import { B, F } from '../kit/frames.js';
import { loggedIn, type RawClient } from '../kit/raw-client.js';
import { type ServerEnd, useScriptedServer } from '../kit/scripted-server.js';
import { top, until, useSidecar } from '../kit/sidecar.js';

const startServer = useScriptedServer();
const startSidecar = useSidecar();

/** More than 2^63, the most that a column of SQLite holds, in sums of 2^53. */
const ANSWERS = 3_000;

/** Answers every statement in a chunk, those on `claims` with a tag that no number holds. */
function answer(end: ServerEnd, chunk: Buffer): void {
  for (const [, table] of chunk.toString('latin1').matchAll(/select n from (\w+)/g)) {
    const tag = table === 'claims' ? 'SELECT 99999999999999999999' : 'SELECT 1';
    end.send(B.rowDescription(), B.dataRow(), B.commandComplete(tag), B.ready());
  }
}

async function ask(client: RawClient, sql: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    client.forget();
    client.send(F.query(sql));
    await client.ready(1);
  }
}

test('80: thousands of tags with twenty digits: every execution of every session is stored', async () => {
  const server = await startServer({ onData: answer });
  const sidecar = await startSidecar(server, ['--flush-interval', '500ms']);
  const [hostile, innocent] = [await loggedIn(sidecar.port), await loggedIn(sidecar.port)];
  await ask(hostile, 'select n from claims', ANSWERS);
  await ask(innocent, 'select n from facts', 20);
  const stored = async () => (await top(sidecar.data)).observed;
  await until('all is stored', async () => (await stored()).statements === ANSWERS + 20);
  expect(await stored()).toMatchObject({ not_observed: 0, exact: true });
  const rows = Object.fromEntries((await top(sidecar.data)).statements.map((row) => [row.query, row.rows]));
  expect(rows).toEqual({
    'select n from claims': SUM_MAX,
    'select n from facts': 20,
  });
  expect(sidecar.output()).not.toContain('storing failed');
});
