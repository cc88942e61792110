// Faults and oddities with a real Postgres, sent directly and through the relay.
// The same bytes must get the same bytes back, and every statement must be accounted for. Numbers are of
// docs/FAULTS.md.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { B, F, message, readyCount } from '../kit/frames.js';
import { usePostgres } from '../kit/postgres.js';
import { errorsIn, loggedIn, RawClient } from '../kit/raw-client.js';
import { Relayed, useRelayed } from '../kit/relayed.js';
import { until } from '../kit/sidecar.js';

const postgres = usePostgres({ settings: { max_prepared_transactions: '4' } });
const startRelayed = useRelayed();

/**
 * What a server said, with what differs by nature made equal: process id and key, and the number of a new large
 * object.
 */
function comparable(stream: Buffer): string {
  const equal = Buffer.from(stream);
  for (let at = 0; equal.length - at >= 5; ) {
    const end = at + 1 + equal.readInt32BE(at + 1);
    if (end < at + 5 || end > equal.length) break;
    if (equal[at] === 0x4b || equal[at] === 0x56) equal.fill(0, at + 5, end);
    at = end;
  }
  return equal.toString('latin1');
}

/** Everything the server says to these bytes, the first of which is the StartupMessage, until it closes. */
async function answer(port: number, bytes: Buffer[]): Promise<string> {
  const client = new RawClient(port).send(bytes[0]);
  for (const later of bytes.slice(1)) {
    // A login that is refused has no more to say.
    await Promise.race([client.ready(1).catch(() => {}), client.ended()]);
    client.send(later);
  }
  await client.ended();
  client.socket.destroy();
  return comparable(client.received);
}

async function bothWays(relayed: Relayed, ...bytes: Buffer[]): Promise<{ direct: string; through: string }> {
  return { direct: await answer(postgres().port, bytes), through: await answer(relayed.port, bytes) };
}

const LOGIN = F.startup({ user: 'postgres', database: 'postgres' });

/** A StartupMessage by its bytes. */
function startup(version: number, body: string): Buffer {
  const bytes = Buffer.from(body, 'latin1');
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + bytes.length, 0);
  head.writeInt32BE(version, 4);
  return Buffer.concat([head, bytes]);
}

const V3_0 = 196608;
const WHO = 'user\0postgres\0database\0postgres\0';

describe('the same answer through the relay', () => {
  test.each([
    [34, 'no terminator', startup(V3_0, WHO)],
    [34, 'a name without a value', startup(V3_0, `${WHO}options`)],
    [34, 'no user', startup(V3_0, 'database\0postgres\0\0')],
    [34, 'an empty user', startup(V3_0, 'user\0\0\0')],
    [34, 'a thousand parameters', startup(V3_0, `${WHO}${'a.b\0c\0'.repeat(1000)}\0`)],
    [34, 'an unknown parameter', startup(V3_0, `${WHO}no_such_parameter\x001\0\0`)],
    [34, 'options of "-c="', startup(V3_0, `${WHO}options\0-c=\0\0`)],
    [35, 'protocol 3.9999 with an unknown option', startup(0x3270f, `${WHO}_pq_.test\x001\0\0`)],
    [35, 'protocol 4.0', startup(0x40000, `${WHO}\0`)],
    [35, 'protocol 2.0', startup(0x20000, 'postgres\0'.padEnd(288, '\0'))],
  ])('%i: a StartupMessage of %s', async (_row, _name, first) => {
    const relayed = await startRelayed(postgres());
    const { direct, through } = await bothWays(relayed, first, F.end());
    expect(direct.length).toBeGreaterThan(0);
    expect(through).toBe(direct);
  });

  test('34: a parameter given twice: the last one holds', async () => {
    const relayed = await startRelayed(postgres());
    const first = startup(V3_0, `${WHO}application_name\0one\0application_name\0two\0\0`);
    const { direct, through } = await bothWays(relayed, first, F.end());
    expect(through).toBe(direct);
    expect(through).toContain('application_name\0two\0');
  });

  test.each([
    ['protocol 3.0', V3_0],
    ['protocol 3.2', 196610],
  ])('35: %s: a session', async (_name, version) => {
    const relayed = await startRelayed(postgres());
    const { direct, through } = await bothWays(
      relayed,
      startup(version, `${WHO}\0`),
      Buffer.concat([F.query('select 1'), F.end()]),
    );
    expect(through).toBe(direct);
    await relayed.settled();
    expect(relayed.lines).toEqual(['select 1 | SELECT 1']);
  });

  const unit = (sql: string, name = '') => [F.parse(name, sql), F.bind('', name), F.describe('P'), F.execute()];
  test.each<[number, string, Buffer[], Partial<Relayed['counters']>]>([
    [39, 'a Query without its NUL', [message('Q', Buffer.from('select 1'))], {}],
    [39, 'a Query with bytes behind its NUL', [message('Q', Buffer.from('select 1\0select 2\0'))], {}],
    [39, 'a Query of invalid UTF-8', [F.query('x'), message('Q', Buffer.from("select '\xff\xfe'\0", 'latin1'))], {}],
    [39, 'a lone surrogate', [message('Q', Buffer.from("select '\xed\xa0\x80'\0", 'latin1'))], {}],
    [
      39,
      'Latin-1',
      [F.query('set client_encoding to latin1'), message('Q', Buffer.from("select '\xe9'\0", 'latin1'))],
      {},
    ],
    [39, 'a Parse without its parameter types', [message('P', Buffer.from('\0select 1\0')), F.sync()], {}],
    [39, 'a Sync with a body', [message('S', Buffer.from('body'))], {}],
    [
      44,
      'a pipeline with an error',
      [...unit('select 1'), ...unit('select 1/0'), ...unit('select 2'), F.sync()],
      { skippedTotal: 2 },
    ],
    [
      44,
      'a Query skipped after an error',
      [...unit('select broken'), F.query('select 1'), F.sync()],
      { skippedTotal: 2 },
    ],
    [44, 'a Query that ends a batch', [...unit('select 1'), F.query('select 2')], {}],
    [44, 'Flush without Sync', [...unit('select 1'), F.flush(), ...unit('select 2'), F.flush(), F.sync()], {}],
    [
      44,
      'a suspended portal',
      [
        F.parse('', 'select generate_series(1, 5)'),
        F.bind('p', ''),
        F.execute('p', 2),
        F.execute('p', 2),
        F.execute('p', 2),
        F.sync(),
      ],
      { continuedTotal: 2 },
    ],
    [
      44,
      'statements of one name',
      [F.parse('s', 'select 1'), F.parse('s', 'select 2'), F.sync(), ...unit('select 3', 't'), F.sync()],
      {},
    ],
    [44, 'several statements and an error', [F.query('select 1; select 2; select 1/0; select 3')], {}],
    [44, 'empty queries', [F.query(''), F.query('-- nothing'), ...unit(''), F.sync()], { emptyTotal: 3 }],
    [
      44,
      'COPY in and out',
      [
        F.query('create temp table c (a int); copy c from stdin; copy c to stdout; select 7'),
        F.copyData('1\n'),
        F.copyDone(),
      ],
      {},
    ],
    [
      44,
      'COPY in that fails',
      [F.query('create temp table c (a int)'), F.query('copy c from stdin'), F.copyFail('no'), F.query('select 1')],
      {},
    ],
    [
      44,
      'COPY of a bad row, the rest sent blindly',
      [
        F.query('create temp table c (a int)'),
        F.query('copy c from stdin'),
        F.copyData('x\n'),
        F.copyData('2\n'),
        F.copyDone(),
        F.query('select 1'),
      ],
      {},
    ],
    [
      44,
      'COPY by the extended protocol',
      [
        F.query('create temp table c (a int)'),
        F.parse('', 'copy c from stdin'),
        F.bind('', ''),
        F.execute(),
        F.sync(),
        F.copyData('1\n'),
        F.copyDone(),
        F.sync(),
      ],
      {},
    ],
    [44, 'CopyData and CopyDone of no COPY', [F.copyData('1\n'), F.copyDone(), F.query('select 1')], {}],
    [44, 'Close of what is not there', [F.close('S', 'none'), F.close('P', 'none'), F.sync()], {}],
    [
      68,
      'a prepared transaction',
      [
        F.query('begin; create temp table g (a int)'),
        F.query('rollback'),
        F.query('begin'),
        F.query("prepare transaction 'x'"),
        F.query("rollback prepared 'x'"),
      ],
      {},
    ],
    [
      68,
      'a large object by function call',
      [F.query('begin'), F.functionCall(), F.query('rollback')],
      { functionCallsTotal: 1 },
    ],
    [
      68,
      'a cursor',
      [
        F.query('begin'),
        F.query('declare c cursor for select generate_series(1, 5)'),
        F.query('fetch 2 from c'),
        F.query('fetch all from c'),
        F.query('commit'),
      ],
      {},
    ],
    [38, 'an unknown message', [message('!', Buffer.from('x'))], { opaqueTotal: 1 }],
  ])('%i: %s', async (_row, _name, bytes, counted) => {
    const relayed = await startRelayed(postgres());
    const { direct, through } = await bothWays(relayed, LOGIN, Buffer.concat([...bytes, F.end()]));
    expect(through).toBe(direct);
    await relayed.settled();
    expect(relayed.counters).toMatchObject({ adriftTotal: 0, unmatchedReadyTotal: 0, opaqueTotal: 0, ...counted });
    expect(relayed.losses).toEqual({});
  });

  test('37: a second StartupMessage after login', async () => {
    const relayed = await startRelayed(postgres());
    const { direct, through } = await bothWays(relayed, LOGIN, LOGIN);
    expect(through).toBe(direct);
    expect(relayed.listener.sessionsTotal).toBe(1);
  });

  test('23: everything byte by byte', async () => {
    const relayed = await startRelayed(postgres());
    const session = Buffer.concat([...unit('select 1'), F.sync(), F.query('select 2'), F.end()]);
    const direct = await answer(postgres().port, [LOGIN, session]);
    const slow = new RawClient(relayed.port);
    await slow.sendSlowly(LOGIN);
    await slow.ready(1);
    await slow.sendSlowly(session);
    await slow.ended();
    expect(comparable(slow.received)).toBe(direct);
    await relayed.settled();
    expect(relayed.lines).toEqual(['select 1 | SELECT 1', 'select 2 | SELECT 1']);
  });

  test('25: everything in one segment, StartupMessage and end included', async () => {
    const relayed = await startRelayed(postgres());
    const all = Buffer.concat([LOGIN, ...unit('select 1'), F.sync(), F.query('select 2'), F.end()]);
    const { direct, through } = await bothWays(relayed, all);
    expect(through).toBe(direct);
    await relayed.settled();
    expect(relayed.lines).toEqual(['select 1 | SELECT 1', 'select 2 | SELECT 1']);
  });

  test('20: a client that closed its sending half gets its answer', async () => {
    const relayed = await startRelayed(postgres());
    const client = new RawClient(relayed.port, { allowHalfOpen: true }).send(LOGIN);
    await client.ready(1);
    client.send(F.query('select 42')).end();
    expect(await client.ended()).toBe('end');
    expect(readyCount(client.received)).toBe(2);
    await relayed.settled();
    expect(relayed.lines).toEqual(['select 42 | SELECT 1']);
  });
});

describe('sessions that the server ends', () => {
  test('2: terminated while idle: 57P01 is passed once, nothing is added', async () => {
    const relayed = await startRelayed(postgres());
    const client = await loggedIn(relayed.port, { application_name: 'idle' });
    await postgres().query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'idle'");
    expect(await client.ended()).toBe('end');
    expect(client.errors).toEqual(['FATAL 57P01 terminating connection due to administrator command']);
    await relayed.settled();
    expect(relayed.counters).toMatchObject({ sessionErrorsTotal: 1 });
    expect([relayed.lines, relayed.losses]).toEqual([[], {}]);
  });

  test('2: terminated while busy: the statement has failed with 57P01', async () => {
    const relayed = await startRelayed(postgres());
    const client = await loggedIn(relayed.port);
    client.send(F.query('select pg_terminate_backend(pg_backend_pid())'));
    expect(await client.ended()).toBe('end');
    expect(client.errors).toEqual(['FATAL 57P01 terminating connection due to administrator command']);
    await relayed.settled();
    expect(relayed.lines).toEqual(['select pg_terminate_backend(pg_backend_pid()) | !57P01']);
    expect(relayed.losses).toEqual({});
  });

  test('2: terminated while the client goes on sending (an end and a reset at once): both ends close, every time', async () => {
    const relayed = await startRelayed(postgres());
    for (let i = 0; i < 12; i++) {
      const client = await loggedIn(relayed.port, { application_name: 'sender' });
      const { socket } = client;
      const query = F.query(`select length('${'q'.repeat(20_000)}')`);
      const pump = () => {
        while (socket.writable && socket.write(query));
      };
      socket.on('drain', pump);
      pump();
      await client.ready(5);
      await postgres().query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sender'",
      );
      await client.ended();
      socket.destroy();
    }
    await relayed.settled();
    expect(relayed.closedBy).toHaveLength(12);
  });

  test('45: a cancel request with a wrong key stops nothing', async () => {
    const relayed = await startRelayed(postgres());
    const client = await loggedIn(relayed.port);
    client.send(F.query('select pg_sleep(0.3), 7'));
    const cancel = new RawClient(relayed.port).send(F.cancelRequest(1, 2));
    await cancel.ended();
    expect(cancel.received).toHaveLength(0);
    await client.ready(2);
    expect(client.errors).toEqual([]);
  });
});

describe('long streams', () => {
  test('18: a client killed in COPY IN: the server rolls back', async () => {
    const relayed = await startRelayed(postgres());
    await postgres().query('create table copied (a text)');
    const client = await loggedIn(relayed.port, { application_name: 'copier' });
    client.send(F.query('copy copied from stdin'));
    await client.until((received) => received.includes(Buffer.from('G\0\0\0')));
    const lines = F.copyData(`${'c'.repeat(100)}\n`.repeat(10_000));
    for (let i = 0; i < 20; i++) client.send(lines);
    await until('most of it was taken', () => relayed.listener.clientBytesTotal > 10 * lines.length);
    client.reset();
    await relayed.settled();
    await until('the backend has gone', async () => {
      const [[count]] = await postgres().query(
        "select count(*) from pg_stat_activity where application_name = 'copier'",
      );
      return count === '0';
    });
    expect(await postgres().query('select count(*) from copied')).toEqual([['0']]);
    // The server may or may not get to say that it failed.
    const failed = relayed.lines.filter((line) => line === 'copy copied from stdin | !08006').length;
    expect(failed + (relayed.losses.connection_closed ?? 0)).toBe(1);
    expect(relayed.statements).toHaveLength(failed);
  });

  test('43: ten thousand pipelined executions without reading: no deadlock, each is answered and counted', async () => {
    const relayed = await startRelayed(postgres());
    const client = await loggedIn(relayed.port);
    await client.send(F.parse('s', "select repeat('p', 500)"), F.sync()).ready(2);
    client.socket.pause();
    const unit = Buffer.concat([F.bind('', 's'), F.execute(), F.sync()]);
    for (let i = 0; i < 10_000; i++) client.send(unit);
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.socket.resume();
    client.send(F.end());
    await client.ended();
    expect(readyCount(client.received)).toBe(10_002);
    await relayed.settled();
    expect(relayed.statements.length + Object.values(relayed.losses).reduce((sum, count) => sum + count, 0)).toBe(
      10_000,
    );
  });

  test('66: a burst of notifications answers no request', async () => {
    const relayed = await startRelayed(postgres());
    const client = await loggedIn(relayed.port);
    await client.send(F.query('listen burst')).ready(2);
    await postgres().query("select count(pg_notify('burst', repeat('n', 7000) || i)) from generate_series(1, 500) i");
    await client.until((received) => received.length > 500 * 7000);
    await client.send(F.query('select 1')).ready(3);
    await relayed.told();
    expect(relayed.lines).toEqual(['listen burst | LISTEN 0', 'select 1 | SELECT 1']);
    expect(relayed.counters).toMatchObject({ adriftTotal: 0, unmatchedReadyTotal: 0 });
  });

  test('67: a replication connection passes and is not interpreted', async () => {
    const relayed = await startRelayed(postgres());
    const client = await loggedIn(relayed.port, { replication: 'true' });
    await client.send(F.query('IDENTIFY_SYSTEM')).ready(2);
    expect(client.errors).toEqual([]);
    client.send(F.end());
    await relayed.settled();
    expect(relayed.lines).toEqual([]);
    expect(relayed.counters).toMatchObject({ opaqueTotal: 1 });
  });

  test('42: statement names beyond the cap: the oldest are forgotten, their executions are counted without a text', async () => {
    const relayed = await startRelayed(postgres(), { statementNamesMax: 100 });
    const client = await loggedIn(relayed.port);
    for (let i = 0; i < 300; i++) client.send(F.parse(`s${i}`, `select ${i}`));
    await client.send(F.sync()).ready(2);
    const run = (name: string) => client.send(F.bind('', name), F.execute(), F.sync());
    run('s0');
    await run('s299').ready(4);
    await relayed.told();
    expect(relayed.statements.map(({ text, statementName }) => [text, statementName])).toEqual([
      [null, ''],
      ['select 299', 's299'],
    ]);
  });

  test('65: SJIS and GB18030, whose second byte may be a backslash or a quote', async () => {
    const relayed = await startRelayed(postgres());
    const odd = [message('Q', Buffer.from("select '\x95\x5c'\0", 'latin1')), F.query('select 1')];
    const { direct, through } = await bothWays(
      relayed,
      LOGIN,
      Buffer.concat([
        F.query('set client_encoding to sjis'),
        ...odd,
        F.query('set client_encoding to gb18030'),
        ...odd,
        F.end(),
      ]),
    );
    expect(through).toBe(direct);
    await relayed.settled();
    expect(relayed.statements).toHaveLength(6);
    expect(relayed.counters).toMatchObject({ adriftTotal: 0, opaqueTotal: 0 });
  });
});

describe('a backend killed with SIGKILL', () => {
  let relayed: Relayed;
  beforeAll(async () => {
    relayed = new Relayed(postgres());
    await relayed.start();
  });
  afterAll(() => relayed.stop());

  // The whole server recovers from it, so this describe is the last of the file.
  test('1, 7: what came is delivered, the words of the server are passed once, new sessions get its 57P03', async () => {
    const killed = await loggedIn(relayed.port, { application_name: 'killed' });
    const bystander = await loggedIn(relayed.port);
    const [[pid]] = await postgres().query("select pid from pg_stat_activity where application_name = 'killed'");
    killed.send(F.query('select generate_series(1, 3), pg_sleep(20)'));
    await until('it runs', async () => {
      const [[state]] = await postgres().query(`select state from pg_stat_activity where pid = ${pid}`);
      return state === 'active';
    });
    process.kill(Number(pid), 'SIGKILL');
    await Promise.all([killed.ended(), bystander.ended()]);
    expect(killed.received.length).toBe(comparable(killed.received).length);
    expect(errorsIn(killed.received).filter((error) => error.includes('pgwitness'))).toEqual([]);
    expect(bystander.errors.length).toBeLessThanOrEqual(1);
    expect(bystander.errors.join()).not.toContain('pgwitness');
    await relayed.settled();
    expect(relayed.losses).toEqual({ connection_closed: 1 });
    expect(relayed.lines).toEqual([]);
    await until('the server is back', async () => {
      const next = new RawClient(relayed.port).send(LOGIN);
      await Promise.race([next.ready(1).catch(() => {}), next.ended()]);
      const back = next.received.subarray(-6).equals(B.ready());
      for (const error of next.errors) expect(error).toMatch(/^FATAL (57P03|57P02|57P01)/);
      next.socket.destroy();
      return back;
    });
  });
});
