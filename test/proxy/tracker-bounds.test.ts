// The bounds of one session's tracker, each of them reached.
// They limit what a peer could make the tracker hold or misread.

import { describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { REQUEST_BYTES } from '../../proxy/session/outstanding.js';
import { B, F, message } from '../kit/frames.js';
import { Tracked } from '../kit/tracked.js';

function ready(options?: ConstructorParameters<typeof Tracked>[0]): Tracked {
  const tracked = new Tracked(options).server(B.greeting());
  tracked.lines.length = 0;
  return tracked;
}

describe('names', () => {
  test('are told apart by 63 bytes, as the server does it', () => {
    const long = 'n'.repeat(63);
    const t = ready()
      .client(message('P', Buffer.from(`${long}one\0select 1\0\0\0`)), F.sync())
      .server(B.parseComplete(), B.ready())
      .client(F.bind(`${long}x`, `${long}two`), F.execute(`${long}y`), F.sync())
      .server(B.bindComplete(), B.commandComplete('SELECT 1'), B.ready());
    expect(t.lines).toEqual([`extended ${long} "select 1" [SELECT 1] I>I`]);
  });

  test('of the unnamed statement: a Parse that fails takes the one before it along', () => {
    const t = ready()
      .client(F.parse('', 'select old'), F.sync())
      .server(B.parseComplete(), B.ready())
      .client(F.parse('', 'select broken'), F.sync())
      .server(B.error('42601'), B.ready())
      .client(F.bind('', ''), F.execute(), F.sync())
      .server(B.error('26000'), B.ready());
    expect(t.lines).toEqual(['extended "select broken" [] !42601 I>I', 'extended null [] !26000 I>I']);
  });
});

describe('texts', () => {
  test('of named portals: beyond the bound a portal runs without its text', () => {
    const t = ready({ limits: { outstandingTextBytesMax: 100 } });
    const portal = (name: string) => {
      t.client(F.parse('', `select '${'p'.repeat(50)}${name}'`), F.bind(name, ''), F.flush());
      t.server(B.parseComplete(), B.bindComplete());
    };
    portal('a');
    portal('b');
    t.client(F.execute('a'), F.execute('b'), F.sync()).server(
      B.commandComplete('SELECT 1'),
      B.commandComplete('SELECT 1'),
      B.ready(),
    );
    expect(t.executions.map(({ prepared }) => prepared?.text.slice(-3))).toEqual(["pa'", undefined]);
  });

  test('of named portals that were closed make room again', () => {
    const t = ready({ limits: { outstandingTextBytesMax: 100 } });
    for (const name of ['a', 'b', 'c']) {
      t.client(
        F.parse('', `select '${'p'.repeat(50)}'`),
        F.bind(name, ''),
        F.execute(name),
        F.close('P', name),
        F.sync(),
      );
      t.server(B.parseComplete(), B.bindComplete(), B.commandComplete('SELECT 1'), B.closeComplete(), B.ready('T'));
    }
    expect(t.executions.filter(({ prepared }) => prepared === undefined)).toEqual([]);
  });

  test('of what has finished: beyond the bound it is sent without waiting for ReadyForQuery', () => {
    const t = ready({ limits: { outstandingTextBytesMax: 100 } });
    for (let i = 0; i < 3; i++) {
      t.client(F.parse('', `select '${'f'.repeat(50)}'`), F.bind('', ''), F.execute(), F.flush());
      t.server(B.parseComplete(), B.bindComplete(), B.commandComplete('SELECT 1'));
    }
    expect(t.executions.map(({ transactionAfter }) => transactionAfter)).toEqual(['', '']);
    t.client(F.sync()).server(B.ready());
    expect(t.executions).toHaveLength(3);
  });
});

describe('a COPY FROM STDIN that failed', () => {
  const copy = () => [F.parse('', 'copy t from stdin'), F.bind('', ''), F.execute()];
  const copying = () => [B.parseComplete(), B.bindComplete(), B.copyIn()];

  test('behind more Syncs than are followed: adrift, and found again', () => {
    const t = ready()
      .client(...copy())
      .server(...copying());
    const syncs = limits.doubtPlacesMax + 6;
    t.client(...Array(syncs).fill(F.sync()), F.copyData('bad'));
    t.server(B.error('22P02')).client(F.sync()).server(B.ready());
    expect(t.counters.adriftTotal).toBe(1);
    for (let n = 0; n < syncs; n++) t.server(B.ready());
    t.client(F.query('select 1')).server(B.commandComplete('SELECT 1'), B.ready());
    expect(t.lines.at(-1)).toBe('simple "select 1" [SELECT 1] I>I');
  });
});

describe('counts', () => {
  test('completions of one Query beyond the cap are counted as not observed', () => {
    const t = ready({ limits: { completionsMax: 3 } })
      .client(F.query('select 1; select 2; select 3; select 4; select 5'))
      .server(...Array(5).fill(B.commandComplete('SELECT 1')), B.ready());
    expect(t.lines).toEqual([
      'lost 1 adrift',
      'lost 1 adrift',
      'simple "select 1; select 2; select 3; select 4; select 5" [SELECT 1, SELECT 1, SELECT 1] I>I',
    ]);
  });

  test('a number of rows without end stays a number', () => {
    const t = ready()
      .client(F.query('select 1'))
      .server(B.commandComplete(`SELECT ${'9'.repeat(400)}`), B.ready());
    expect(t.executions[0].completions).toEqual([{ command: 'SELECT', rows: Number.MAX_SAFE_INTEGER }]);
  });

  test('a function call that is skipped is no execution', () => {
    const t = ready()
      .client(F.parse('', 'select broken'), F.functionCall(), F.execute(), F.sync())
      .server(B.error('42601'), B.ready());
    expect(t.counters.skippedTotal).toBe(1);
  });
});

describe('lengths that no peer would take', () => {
  test.each([
    ['a ParameterStatus of 30,001', message('S', Buffer.alloc(29_997))],
    ['a CommandComplete of 1 GiB', Buffer.from([0x43, 0x3f, 0xff, 0xff, 0xff])],
  ])('from the server: %s', (_name, bytes) => {
    expect(ready().server(bytes).session.opaque).toBe(true);
  });

  test.each([
    ['a Close of 10,001', message('C', Buffer.alloc(9_997))],
    ['a password message of 64 KiB', message('p', Buffer.alloc(65_536))],
  ])('from the client: %s', (_name, bytes) => {
    expect(ready().client(bytes).session.opaque).toBe(true);
  });

  test.each([
    ['an ErrorResponse of 40,000', message('E', Buffer.from(`SERROR\0VERROR\0C22000\0M${'m'.repeat(40_000)}\0\0`))],
    ['a NoticeResponse of 40,000', message('N', Buffer.from(`SNOTICE\0M${'m'.repeat(40_000)}\0\0`))],
  ])('%s is none of them', (_name, bytes) => {
    const t = ready().client(F.query('select 1')).server(bytes, B.commandComplete('SELECT 1'), B.ready());
    expect(t.session.opaque).toBe(false);
    expect(t.executions).toHaveLength(1);
  });
});

test('a session that went adrift before it had logged in is found again', () => {
  const t = new Tracked({ limits: { outstandingBytesMax: 2 * REQUEST_BYTES } }).client(
    F.query('a'),
    F.query('b'),
    F.query('c'),
  );
  expect(t.session.state.adrift).toBe(true);
  t.server(B.greeting(), ...Array(3).fill(Buffer.concat([B.commandComplete('SELECT 1'), B.ready()])));
  t.client(F.query('select found')).server(B.commandComplete('SELECT 1'), B.ready());
  expect(t.lines.slice(-1)).toEqual(['simple "select found" [SELECT 1] I>I']);
});
