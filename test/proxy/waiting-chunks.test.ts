// Chunks that wait to be looked at: their order, their times.
// They are looked at before anybody is told anything.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { createLog } from '../../config/log.js';
import { Clock } from '../../proxy/link/clock.js';
import { ObserverLink } from '../../proxy/link/link.js';
import { TrackerCounters } from '../../proxy/session/session-state.js';
import { TextTable } from '../../proxy/session/texts.js';
import { Tap, tapShared } from '../../proxy/watch/tap.js';
import { type Looker, WaitingChunks } from '../../proxy/watch/waiting-chunks.js';
import { B, F } from '../kit/frames.js';

const LOGGED_IN = Buffer.concat([B.authOk(), B.ready('I')]);
/** What a look at a chunk of each of the sessions says. */
const answer = (rows: number) => Buffer.concat([B.commandComplete(`SELECT ${rows}`), B.ready('I')]);

/** Sessions of one relay; `seen` is what was said of them, `at` the time that the next chunks come. */
function sessions(count: number) {
  const seen: string[] = [];
  const clock = new Clock();
  const time = { at: 1000 };
  clock.now = () => time.at;
  const texts = new TextTable(1 << 20);
  const log = createLog({ level: 'silent' });
  const link = new ObserverLink({ relayId: 'r', version: '', limits, clock, texts, sessions: () => [], log });
  const events = {
    ready: () => {},
    lost: (reason: string, executions: number) => seen.push(`${reason} ${executions}`),
    statement: ({ sessionId }: { sessionId: number }, { arrivedMs, completedMs, prepared }: ObservedExecution) =>
      seen.push(`${sessionId} ${prepared?.text} ${arrivedMs}-${completedMs}`),
  };
  const shared = tapShared({ link, clock, texts, log, counters: new TrackerCounters(), events });
  const taps = Array.from({ length: count }, (_, i) => {
    const opened = { sessionId: i + 1, openedAtMs: 0, clientAddress: '', protocolVersion: 196608, startup: [] };
    const tap = new Tap(opened, { shared, interpret: 'always', off: false });
    tap.server(LOGGED_IN);
    return tap;
  });
  return { taps, seen, time, log, waiting: shared.waiting };
}

function stallEnds(tap: Tap): void {
  tap.stallBegins();
  tap.stallEnds();
}

interface ObservedExecution {
  arrivedMs: number;
  completedMs: number;
  prepared: { text: string } | undefined;
}

describe('a tap', () => {
  test('looks at a login at once, and at what comes after it later, with the times at which it came', () => {
    const { taps, seen, time, waiting } = sessions(2);
    expect(taps.map(({ loggedIn }) => loggedIn)).toEqual([true, true]);
    for (const [i, tap] of taps.entries()) {
      time.at += 10;
      tap.client(F.query(`SELECT ${i}`));
    }
    for (const tap of taps) {
      time.at += 10;
      tap.server(answer(1));
    }
    time.at += 1000;
    expect(seen).toEqual([]);
    waiting.lookAtAll();
    expect(seen).toEqual(['1 SELECT 0 1010-1030', '2 SELECT 1 1020-1040']);
  });

  test.each<[string, (tap: Tap) => unknown, unknown]>([
    ['whether it is idle', (tap) => tap.idle, true],
    ['whether its last message is whole', (tap) => tap.atBoundary, true],
    ['once a second', (tap) => tap.tick(5000), undefined],
    ['when it is switched off', (tap) => tap.switchOff('observe_off'), undefined],
    ['when it is switched on', (tap) => tap.switchOn(), undefined],
    ['when a client takes what it has again', stallEnds, undefined],
    ['when it closes', (tap) => tap.closed('client'), undefined],
  ])('has looked at everything when it is asked: %s', (_, ask, answered) => {
    const { taps, seen } = sessions(1);
    taps[0].client(F.query('SELECT 1'));
    taps[0].server(answer(1));
    expect(ask(taps[0])).toBe(answered);
    expect(seen).toEqual(['1 SELECT 1 1000-1000']);
  });

  test('says that it is not idle as soon as a statement came', () => {
    const { taps } = sessions(1);
    expect(taps[0].idle).toBe(true);
    taps[0].client(F.query('SELECT 1'));
    expect(taps[0].idle).toBe(false);
  });

  test('knows of a message that came in part', () => {
    const { taps } = sessions(1);
    taps[0].client(F.query('SELECT 1'));
    taps[0].server(answer(1).subarray(0, 9));
    expect(taps[0].atBoundary).toBe(false);
  });

  test('looks at a long chunk after what came before it', () => {
    const { taps, seen } = sessions(1);
    taps[0].client(F.query('SELECT 1'));
    taps[0].server(answer(1));
    taps[0].client(F.query('SELECT 2'));
    const rows = Array.from({ length: 100 }, () => B.dataRow('x'.repeat(40)));
    taps[0].server(Buffer.concat([...rows, answer(100)]));
    expect(seen).toEqual(['1 SELECT 1 1000-1000', '1 SELECT 2 1000-1000']);
  });

  test('counts what was in flight of a session whose framing is lost while more waits', () => {
    const { taps, seen, waiting } = sessions(2);
    taps[0].client(F.query('SELECT 1'));
    taps[0].server(Buffer.from('not a message at all'));
    taps[0].client(F.query('SELECT 2'));
    taps[1].client(F.query('SELECT 3'));
    taps[1].server(answer(1));
    waiting.lookAtAll();
    expect(taps[0].session.opaque).toBe(true);
    expect(seen).toEqual(['opaque 1', '2 SELECT 3 1000-1000']);
  });
});

test('what goes wrong in one session, and even in the log, leaves what waits of the others as it is', () => {
  const { taps, seen, waiting, log } = sessions(3);
  log.error = () => {
    throw new Error('the log is full');
  };
  for (const tap of taps) tap.client(F.query('SELECT 1'));
  const broken = taps[1];
  broken.session.server = () => {
    throw new Error('a fault');
  };
  for (const tap of taps) tap.server(answer(1));
  waiting.lookAtAll();
  expect(broken.session.opaque).toBe(true);
  expect(seen).toEqual(['1 SELECT 1 1000-1000', 'opaque 1', '3 SELECT 1 1000-1000']);
});

describe('what waits', () => {
  const SMALL = Buffer.from('x');

  test('is looked at when it is old, without being asked for', async () => {
    const waiting = new WaitingChunks();
    let looks = 0;
    waiting.push({ look: () => void looks++ }, SMALL, true, 0);
    expect(looks).toBe(0);
    await expect.poll(() => looks).toBe(1);
    // Nor again, nor never more.
    await sleep(limits.waitingChunkAgeMs * 3);
    expect(looks).toBe(1);
    waiting.push({ look: () => void looks++ }, SMALL, true, 0);
    await expect.poll(() => looks).toBe(2);
  });

  test('is never more than its bound', () => {
    const waiting = new WaitingChunks();
    const seen: number[] = [];
    const looker: Looker = { look: (_chunk, _fromServer, nowMs) => void seen.push(nowMs) };
    const count = limits.waitingChunksMax * 3 + 5;
    for (let i = 0; i < count; i++) {
      waiting.push(looker, SMALL, false, i);
      expect(i + 1 - seen.length).toBeLessThan(limits.waitingChunksMax);
    }
    waiting.lookAtAll();
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
  });
});
