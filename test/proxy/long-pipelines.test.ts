// Pipelines of a hundred thousand statements: pgx's batches, libpq_pipeline's uniqviol.
// All of a batch is counted, and what waits for its answer stays below its bound.

import { describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { B, F } from '../kit/frames.js';
import { usePostgres } from '../kit/postgres.js';
import { loggedIn } from '../kit/raw-client.js';
import { useRelayed } from '../kit/relayed.js';
import { Tracked } from '../kit/tracked.js';

const BATCH = 100_000;

describe('a batch of 100,000 statements', () => {
  const postgres = usePostgres();
  const startRelayed = useRelayed();

  test.each([
    ['each parsed, as pgx does it', () => [F.parse('', 'select 1'), F.bind('', ''), F.describe('P'), F.execute()]],
    ['of one statement, as libpq does it', () => [F.bind('', 's'), F.describe('P'), F.execute()]],
  ])('%s: each is counted', async (_name, unit) => {
    const relayed = await startRelayed(postgres());
    const client = await loggedIn(relayed.port, { user: postgres().user, database: postgres().database });
    client.send(F.parse('s', 'select 2'), F.sync());
    await client.ready(2);
    client.forget();
    const bytes = Buffer.concat(unit());
    client.send(Buffer.concat(Array.from({ length: BATCH }, () => bytes)), F.sync());
    await client.ready(1);
    client.forget();
    await relayed.told();
    expect(relayed.counters.adriftTotal).toBe(0);
    expect(relayed.losses).toEqual({});
    expect(relayed.statements).toHaveLength(BATCH);
    expect(relayed.statements.every(({ completions }) => completions[0].command === 'SELECT')).toBe(true);
  });
});

/** The server answers none of it for now. */
function unanswered(units: number): Tracked {
  const t = new Tracked().server(B.greeting());
  const unit = [F.parse('', 'select 1'), F.bind('', ''), F.describe('P'), F.execute()];
  const hundred = Buffer.concat(Array.from({ length: 100 }, () => Buffer.concat(unit)));
  for (let i = 0; i < units / 100; i++) t.client(hundred);
  return t;
}

test('it takes a few MiB while nothing of it is answered', () => {
  const t = unanswered(BATCH);
  expect(t.session.state.outstanding.bytes).toBeLessThan(limits.outstandingBytesMax / 2);
  expect(t.counters.adriftTotal).toBe(0);
  t.client(F.sync());
  const answer = Buffer.concat([B.parseComplete(), B.bindComplete(), B.noData(), B.commandComplete('SELECT 1')]);
  for (let i = 0; i < BATCH / 100; i++) t.server(Buffer.concat(Array.from({ length: 100 }, () => answer)));
  t.server(B.ready());
  expect(t.executions).toHaveLength(BATCH);
  expect(t.executions.every(({ prepared }) => prepared?.text === 'select 1')).toBe(true);
  expect(t.session.state.outstanding.bytes).toBe(0);
});

test('beyond the bound the session goes adrift, and each statement is counted as lost', () => {
  const t = unanswered(600_000);
  expect(t.counters.adriftTotal).toBe(1);
  expect(t.session.state.outstanding.bytes).toBe(0);
  const lost = t.lines.filter((line) => line.startsWith('lost')).map((line) => Number(line.split(' ')[1]));
  expect(lost.reduce((sum, count) => sum + count, 0)).toBe(600_000);
});
