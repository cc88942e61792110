// Portals that are fetched in part and then cut off, beside what the server counts.
// pg_stat_statements counts a portal when it ends in good order: closed, replaced, or its transaction committed. One
// whose transaction is rolled back, or whose connection ends, it never counts; to pgwitness that is a loss, `cut_off`.

import { beforeAll, describe, expect, test } from 'vitest';
import { F } from '../kit/frames.js';
import { usePostgres } from '../kit/postgres.js';
import { loggedIn, type RawClient } from '../kit/raw-client.js';
import { useRelayed } from '../kit/relayed.js';

const SQL = 'select 10 / (7 - g) from generate_series(1, 9) g';
const unit = (portal: string, sql: string, rows = 0) => [F.parse('', sql), F.bind(portal, ''), F.execute(portal, rows)];
const fetched = (portal: string) => [...unit(portal, SQL, 3), F.sync()];

/** Each step is sent when the one before it has been answered. */
type Steps = (portal: string) => Buffer[][];
const within =
  (end: Steps): Steps =>
  (portal) => [[F.query('begin')], fetched(portal), ...end(portal)];

const ROLLBACK = [F.query('rollback')];
const ENDINGS: Record<string, Steps> = {
  'its Close': within((portal) => [[F.close('P', portal), F.sync()]]),
  'a COMMIT': within(() => [[F.query('commit')]]),
  'a COMMIT by Execute': within(() => [[...unit('e', 'commit'), F.sync()]]),
  'a ROLLBACK': within(() => [ROLLBACK]),
  'a ROLLBACK by Execute': within(() => [[...unit('e', 'rollback'), F.sync()]]),
  'a ROLLBACK by Execute of the unnamed portal': within(() => [[...unit('', 'rollback'), F.sync()]]),
  'a Query': within(() => [[F.query('select 5')], [F.query('commit')]]),
  'a Query that fails at once': within(() => [[F.query('selec')], ROLLBACK]),
  'a Query that fails while it runs': within(() => [
    [F.query('select 1/(g - 3) from generate_series(1, 3) g')],
    ROLLBACK,
  ]),
  'a Query that violates a key': within(() => [[F.query('insert into taken values (1)')], ROLLBACK]),
  'a Parse that fails': within(() => [[F.parse('', 'selec'), F.sync()], ROLLBACK]),
  'an Execute that fails': within(() => [[...unit('e', 'insert into taken values (1)'), F.sync()], ROLLBACK]),
  'an error of its own': within((portal) => [[F.execute(portal, 0), F.sync()], ROLLBACK]),
  'an error behind a savepoint': within(() => [
    [F.query('savepoint s')],
    [F.parse('', 'selec'), F.sync()],
    [F.query('rollback to s')],
    [F.query('commit')],
  ]),
  'a savepoint rolled back to': (portal) => [
    [F.query('begin; savepoint s')],
    fetched(portal),
    [...unit('e', 'rollback to s'), F.sync()],
    [F.query('commit')],
  ],
  'the Sync of its transaction': (portal) => [fetched(portal)],
  'an error before the Sync of its transaction': (portal) => [
    [...unit(portal, SQL, 3), F.parse('', 'selec'), F.sync()],
  ],
  'the end of the connection': within(() => []),
};

const postgres = usePostgres();
const startRelayed = useRelayed();
beforeAll(async () => {
  await postgres().query('create extension if not exists pg_stat_statements');
  await postgres().query('create table taken (a int primary key); insert into taken values (1)');
});

async function play(client: RawClient, steps: readonly Buffer[][]): Promise<void> {
  for (const step of steps) {
    client.forget();
    client.send(...step);
    await client.ready(1);
  }
  client.send(F.end()).end();
  await client.ended();
}

describe.each(['', 'p'])('the portal "%s", ended by', (portal) => {
  test.each(Object.entries(ENDINGS))('%s', async (_name, steps) => {
    const { user, database, query } = postgres();
    const relayed = await startRelayed(postgres());
    await query('select pg_stat_statements_reset()');
    await play(await loggedIn(relayed.port, { user, database }), steps(portal));
    await relayed.settled();
    const counted = await query(
      `select coalesce(sum(calls), 0), coalesce(sum(rows), 0) from pg_stat_statements where query like 'select $1 / %'`,
    );
    const seen = relayed.statements.filter(({ text }) => text === SQL);
    const calls = seen.filter(({ sqlstate }) => sqlstate === '');
    const rows = calls.reduce((sum, { completions }) => sum + completions[0].rows, 0);
    expect([String(calls.length), String(rows)]).toEqual(counted[0]);
    // Once in any case: as a call, as an error, or as a loss.
    expect(seen.length + (relayed.losses.cut_off ?? 0)).toBe(1);
    expect(relayed.counters).toMatchObject({ adriftTotal: 0, unmatchedReadyTotal: 0 });
  });
});
