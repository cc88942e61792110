// The tracker where recordings do not reach.
// Times, losing and finding track, bounds, names that were forgotten.

import { describe, expect, test } from 'vitest';
import { REQUEST_BYTES } from '../../proxy/session/outstanding.js';
import { TEXT_ENTRY_BYTES } from '../../proxy/session/texts.js';
import { B, F, message } from '../kit/frames.js';
import { Tracked } from '../kit/tracked.js';

function ready(options?: ConstructorParameters<typeof Tracked>[0]): Tracked {
  const tracked = new Tracked(options).server(B.greeting());
  tracked.lines.length = 0;
  return tracked;
}

const answer = (tag = 'SELECT 1') => [B.parseComplete(), B.bindComplete(), B.noData(), B.commandComplete(tag)];
const unit = (sql: string) => [F.parse('', sql), F.bind('', ''), F.describe('P'), F.execute()];

describe('times', () => {
  test('a simple Query: service from its arrival to its last completion', () => {
    const t = ready()
      .client(F.query('select 1'))
      .after(7)
      .server(B.rowDescription(), B.dataRow())
      .after(2)
      .server(B.commandComplete('SELECT 1'))
      .after(5)
      .server(B.ready());
    expect(t.executions[0]).toMatchObject({ serviceMs: 9, waitMs: 0, pipelineDepth: 0 });
    expect(t.executions[0].firstRowMs - t.executions[0].startMs).toBe(7);
  });

  test('extended: from the earliest Parse or Bind of the unit that is still unanswered', () => {
    const t = ready()
      .client(F.parse('', 'select 1'), F.bind('', ''))
      .after(3)
      .client(F.describe('P'), F.execute(), F.sync())
      .after(4)
      .server(...answer(), B.ready());
    expect(t.executions[0].serviceMs).toBe(7);
  });

  test('a Parse flushed apart is not in the time of its Execute', () => {
    const t = ready()
      .client(F.parse('s', 'select 1'), F.flush())
      .after(50)
      .server(B.parseComplete())
      .after(50)
      .client(F.bind('', 's'), F.execute(), F.sync())
      .after(4)
      .server(B.bindComplete(), B.commandComplete('SELECT 1'), B.ready());
    expect(t.executions[0].serviceMs).toBe(4);
  });

  test('a pipelined request waits while the one before it runs', () => {
    const t = ready()
      .client(...unit('select 1'), F.sync())
      .after(1)
      .client(...unit('select 2'), F.sync())
      .after(9)
      .server(...answer(), B.ready())
      .after(5)
      .server(...answer(), B.ready());
    expect(t.executions.map((e) => [e.serviceMs, e.waitMs])).toEqual([
      [10, 0],
      [5, 9],
    ]);
    expect(t.executions[1]).toMatchObject({ batched: false, pipelineDepth: 1 });
  });

  test('executions that share a Sync share its time equally', () => {
    const t = ready()
      .client(...unit('select 1'), ...unit('select 2'), ...unit('select 3'), F.sync())
      .after(9)
      .server(...answer(), ...answer(), ...answer(), B.ready());
    expect(t.executions.map((e) => e.serviceMs)).toEqual([3, 3, 3]);
    expect(t.executions.every((e) => e.batched)).toBe(true);
  });

  test('the time a slow client kept the server waiting is told apart', () => {
    const t = ready().client(F.query('select 1')).after(10);
    t.session.stalled(6);
    t.server(B.dataRow(), B.commandComplete('SELECT 1'), B.ready());
    expect(t.executions[0]).toMatchObject({ serviceMs: 10, clientStallMs: 6 });
  });

  test('a request in flight for a second is reported once, with its text', () => {
    const t = ready().client(F.parse('', 'select slow'), F.bind('', ''), F.execute(), F.sync()).after(999);
    expect(t.session.tick(t.nowMs)).toBeUndefined();
    t.after(2);
    expect(t.session.tick(t.nowMs)?.prepared?.text).toBe('select slow');
    expect(t.session.tick(t.nowMs)).toBeUndefined();
    t.session.tellAgain();
    expect(t.session.tick(t.nowMs)).toMatchObject({ startedMs: 1_000, prepared: { text: 'select slow' } });
  });

  test('its end is told once, whether it was answered or its portal suspended', () => {
    const t = ready().client(F.parse('', 'select slow'), F.bind('', ''), F.execute('', 1), F.sync()).after(1_001);
    expect(t.session.tick(t.nowMs)?.prepared?.text).toBe('select slow');
    t.server(B.parseComplete(), B.bindComplete(), B.dataRow(), B.portalSuspended(), B.ready('T'));
    expect(t.session.tick(t.nowMs)).toEqual({ startedMs: 0, prepared: undefined });
    expect(t.session.tick(t.nowMs)).toBeUndefined();
  });
});

describe('adrift', () => {
  test('a reply that fits no request: what is open is lost, and ReadyForQuery brings the session back', () => {
    const t = ready()
      .client(F.query('select 1'))
      .server(B.parseComplete(), B.commandComplete('SELECT 1'), B.ready())
      .client(F.query('select 2'))
      .server(B.commandComplete('SELECT 1'), B.ready());
    expect(t.lines).toEqual(['lost 1 adrift', 'simple "select 2" [SELECT 1] I>I']);
    expect(t.counters.adriftTotal).toBe(1);
  });

  test('every execution sent meanwhile is counted', () => {
    const t = ready()
      .client(...unit('select 1'), F.sync())
      .server(B.commandComplete('SELECT 1'))
      .client(...unit('select 2'), F.sync(), F.query('select 3'))
      .server(B.ready(), B.ready());
    expect(t.session.state.adrift).toBe(true);
    t.server(B.ready()).client(F.query('select 4')).server(B.commandComplete('SELECT 1'), B.ready());
    expect(t.lines).toEqual(['lost 1 adrift', 'lost 1 adrift', 'lost 1 adrift', 'simple "select 4" [SELECT 1] I>I']);
  });

  test('names parsed meanwhile are known afterwards', () => {
    const t = ready()
      .client(F.query('x'))
      .server(B.parseComplete())
      .client(F.parse('s', 'select kept'), F.sync())
      .server(B.ready(), B.ready());
    t.client(F.bind('', 's'), F.execute(), F.sync()).server(B.bindComplete(), B.commandComplete('SELECT 1'), B.ready());
    expect(t.lines.at(-1)).toBe('extended s "select kept" [SELECT 1] I>I');
  });

  test('too many outstanding requests', () => {
    const t = ready({ limits: { outstandingBytesMax: 100 * REQUEST_BYTES } });
    for (let i = 0; i < 30; i++) t.client(...unit('select 1'), F.sync());
    expect(t.counters.adriftTotal).toBe(1);
    for (let i = 0; i < 30; i++) t.server(...answer(), B.ready());
    t.client(F.query('select 2')).server(B.commandComplete('SELECT 1'), B.ready());
    const lost = t.lines
      .filter((line) => line.startsWith('lost'))
      .reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
    expect([lost, t.executions.length]).toEqual([30, 1]);
  });

  test('recovers on a silent connection even when it was owed too much', () => {
    const t = ready().client(F.query('a'), F.sync()).server(B.parseComplete(), B.ready());
    expect(t.session.state.adrift).toBe(true);
    t.after(3000).session.tick(t.nowMs);
    expect(t.session.state.adrift).toBe(false);
  });

  test('an extra ReadyForQuery is tolerated and counted', () => {
    const t = ready()
      .server(B.ready())
      .client(F.query('select 1'))
      .server(B.ready(), B.commandComplete('SELECT 1'), B.ready());
    expect(t.lines).toEqual(['simple "select 1" [SELECT 1] I>I']);
    expect(t.counters).toMatchObject({ unmatchedReadyTotal: 2, adriftTotal: 0 });
  });
});

describe('opaque', () => {
  test.each([
    ['a code the protocol does not have', message('!')],
    ['a length under four', Buffer.from([0x51, 0, 0, 0, 3])],
    ['a negative length', Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff])],
    ['a length over the protocol', Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff])],
  ])('%s from the client', (_name, bytes) => {
    const t = ready().client(F.query('select 1'), bytes).server(B.commandComplete('SELECT 1'), B.ready());
    expect(t.session.opaque).toBe(true);
    expect(t.lines).toEqual(['lost 1 opaque']);
  });

  test('what ran is told to run no more', () => {
    const t = ready().client(F.query('select slow')).after(1_001);
    expect(t.session.tick(t.nowMs)?.startedMs).toBeGreaterThan(0);
    t.client(message('!'));
    expect(t.session.tick(t.nowMs)).toEqual({ startedMs: 0, prepared: undefined });
    expect(t.session.tick(t.nowMs)).toBeUndefined();
  });

  test('a ReadyForQuery of the wrong length from the server', () => {
    const t = ready().server(message('Z', Buffer.from('II')));
    expect(t.session.opaque).toBe(true);
    expect(t.counters.opaqueTotal).toBe(1);
  });
});

describe('texts', () => {
  test('of a very long statement head and tail are kept, and the length of what is missing', () => {
    const t = ready({ headBytesMax: 100, tailBytesMax: 10 });
    const sql = `select '${'x'.repeat(500)}' /*tail*/`;
    t.client(F.query(sql)).server(B.commandComplete('SELECT 1'), B.ready());
    const { text, missingBytes } = t.executions[0].prepared as { text: string; missingBytes: number };
    expect(text.startsWith("select 'xxx")).toBe(true);
    expect(text.endsWith("' /*tail*/".slice(-9))).toBe(true);
    expect(text.length + missingBytes).toBe(sql.length);
  });

  test('a text that left the table leaves its statement without text', () => {
    const t = ready({ textBytesMax: TEXT_ENTRY_BYTES + 40 });
    t.client(
      F.parse('a', 'select aaaaaaaaaaaaaaaaaaaaaaaa'),
      F.parse('b', 'select bbbbbbbbbbbbbbbbbbbbbbbb'),
      F.sync(),
    ).server(B.parseComplete(), B.parseComplete(), B.ready());
    t.client(F.bind('', 'a'), F.execute(), F.sync()).server(B.bindComplete(), B.commandComplete('SELECT 1'), B.ready());
    expect(t.executions[0].prepared?.shared?.text).toBeUndefined();
    expect(t.texts.bytes).toBeLessThanOrEqual(TEXT_ENTRY_BYTES + 40);
  });

  test('one text of many sessions is held once and let go with the last', () => {
    const t = ready();
    const forgotten: number[] = [];
    t.texts.onForgotten = (shared) => forgotten.push(shared.id);
    t.client(F.parse('a', 'select 1'), F.parse('b', 'select 1'), F.sync()).server(
      B.parseComplete(),
      B.parseComplete(),
      B.ready(),
    );
    expect(t.texts.bytes).toBe(TEXT_ENTRY_BYTES + 'select 1'.length);
    t.close();
    expect(t.texts.bytes).toBe(TEXT_ENTRY_BYTES + 'select 1'.length);
    expect(forgotten).toEqual([]);
  });

  test('names beyond the cap are forgotten, oldest first', () => {
    const t = ready({ limits: { statementNamesMax: 2 } });
    for (const name of ['a', 'b', 'c'])
      t.client(F.parse(name, `select '${name}'`), F.sync()).server(B.parseComplete(), B.ready());
    t.client(F.bind('', 'a'), F.execute(), F.bind('', 'c'), F.execute(), F.sync()).server(
      B.bindComplete(),
      B.commandComplete('SELECT 1'),
      B.bindComplete(),
      B.commandComplete('SELECT 1'),
      B.ready(),
    );
    expect(t.lines.slice(-2)).toEqual([
      `extended null [SELECT 1] I>I batched`,
      `extended c "select 'c'" [SELECT 1] I>I batched`,
    ]);
  });
});

describe('the end of a connection', () => {
  test('what was in flight is lost with its reason', () => {
    const t = ready().client(F.query('select 1')).close();
    expect(t.lines).toEqual(['lost 1 connection_closed']);
  });

  test('observation switched off in flight', () => {
    const t = ready().client(F.query('select 1'));
    t.session.abandon('observe_off');
    t.server(B.commandComplete('SELECT 1'), B.ready());
    expect(t.lines).toEqual(['lost 1 observe_off']);
  });
});
