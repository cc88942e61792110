// The relay's end of the observation stream.
// Against an observer that is slow, dies, or is not there.
// In every case: statements handed in = statements the observer stored + losses.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { createLog } from '../../config/log.js';
import type { AnnouncedSession } from '../../proxy/link/announce.js';
import { Clock } from '../../proxy/link/clock.js';
import { ObserverLink } from '../../proxy/link/link.js';
import { Execution } from '../../proxy/session/execution.js';
import { type SessionEvents, SessionState, TrackerCounters } from '../../proxy/session/session-state.js';
import { TextTable } from '../../proxy/session/texts.js';
import { ackFrame, controlFrame, FrameKind, FrameReader } from '../../proxy/stream/frames.js';
import { type Observation, SCHEMA_VERSION } from '../../proxy/stream/observation.js';
import { BatchReader } from '../../proxy/stream/reader.js';
import { LIMITS } from '../kit/tracked.js';

/** An observer that stores in memory. */
class FakeObserver {
  stored = 0;
  lastSequence = 0;
  observations: Observation[] = [];
  losses = new Map<string, number>();
  acknowledges = true;
  #pending = 0;

  constructor(socket: Socket, from?: FakeObserver) {
    if (from !== undefined) {
      this.lastSequence = from.lastSequence;
      this.stored = from.stored;
      this.losses = from.losses;
    }
    const frames = new FrameReader();
    const batches = new BatchReader();
    socket.on('error', () => {});
    socket.on('data', (chunk) =>
      frames.feed(chunk, (kind, body) => {
        if (kind === FrameKind.hello) {
          socket.write(
            controlFrame(FrameKind.welcome, { schemaVersion: SCHEMA_VERSION, lastSequence: this.lastSequence }),
          );
          return;
        }
        if (kind !== FrameKind.batch) return;
        batches.read(body, (observation) => {
          this.observations.push({ ...observation });
          if (observation.kind === 'loss')
            this.losses.set(`${observation.minute} ${observation.reason}`, observation.count);
        });
        this.#pending += batches.executions;
        if (!this.acknowledges) return;
        this.stored += this.#pending;
        this.#pending = 0;
        this.lastSequence = batches.sequence;
        socket.write(ackFrame(batches.sequence));
      }),
    );
  }

  get lost(): number {
    return [...this.losses.values()].reduce((sum, count) => sum + count, 0);
  }
}

const open: Array<{ close(): void }> = [];
afterEach(() => {
  for (const it of open.splice(0)) it.close();
});

async function pair(): Promise<[Socket, Socket]> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const { port } = server.address() as { port: number };
  const relaySide = connect(port, '127.0.0.1');
  const observerSide = await accepted;
  open.push({
    close() {
      relaySide.destroy();
      observerSide.destroy();
      server.close();
    },
  });
  return [relaySide, observerSide];
}

function linkWith(limits: Partial<ConstructorParameters<typeof ObserverLink>[0]['limits']> = {}) {
  const texts = new TextTable(1 << 20);
  const sessions: AnnouncedSession[] = [];
  const link = new ObserverLink({
    relayId: 'r1',
    version: 'test',
    limits: {
      linkQueueBytesMax: 1 << 20,
      batchBytes: 4096,
      batchAgeMs: 5,
      unacknowledgedBatchesMax: 4096,
      lossMinutesMax: 100,
      ...limits,
    },
    clock: new Clock(),
    texts,
    sessions: () => sessions,
    log: createLog({ level: 'silent' }),
  });
  const state = new SessionState(1, {
    events: link as SessionEvents,
    counters: new TrackerCounters(),
    limits: LIMITS,
    texts,
  });
  state.starting = false;
  const opened = { sessionId: 1, openedAtMs: 1, clientAddress: '', protocolVersion: 196608, startup: [] };
  sessions.push({ opened, session: { state, tellAgain: () => {} } });
  const run = (statements: number, name = '') => {
    for (let i = 0; i < statements; i++) {
      const execution = new Execution(true, { arrivedMs: 0, startMs: 0, flushGroup: i, pipelineDepth: 0 });
      execution.prepared = state.names.prepare(name, `select ${i} ${'x'.repeat(200)}`, { missingBytes: 0, reading: 0 });
      execution.complete('SELECT', 1);
      link.statement(state, execution);
    }
  };
  return { link, run, state };
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('everything sent is stored, in order, after the sessions were announced', async () => {
  const { link, run } = linkWith();
  const [relaySide, observerSide] = await pair();
  const observer = new FakeObserver(observerSide);
  link.attach(relaySide);
  await until(() => link.live);
  run(1000);
  await until(() => observer.stored === 1000);
  expect(observer.observations.slice(0, 4).map((o) => o.kind)).toEqual([
    'resync-begin',
    'session-opened',
    'session-ready',
    'resync-end',
  ]);
  expect(observer.lost).toBe(0);
});

test('without an observer everything is counted, and told to the next one', async () => {
  const { link, run } = linkWith();
  run(10);
  const [relaySide, observerSide] = await pair();
  const observer = new FakeObserver(observerSide);
  link.attach(relaySide);
  await until(() => observer.lost === 10);
  expect([...observer.losses.keys()][0]).toMatch(/ observer_down$/);
});

test('what a dead observer had not stored is lost, once, and counts survive the next restart', async () => {
  const { link, run } = linkWith();
  const [relayA, observerA] = await pair();
  const first = new FakeObserver(observerA);
  link.attach(relayA);
  await until(() => link.live);
  run(100);
  await until(() => first.stored === 100);
  first.acknowledges = false;
  run(50);
  await until(() => first.observations.filter((o) => o.kind === 'statement').length === 150);
  observerA.destroy();
  await until(() => !link.live);
  run(7);

  let previous = first;
  for (let restart = 0; restart < 2; restart++) {
    const [relaySide, observerSide] = await pair();
    const next = new FakeObserver(observerSide, previous);
    link.attach(relaySide);
    await until(() => link.live);
    run(5);
    const expected = 100 + 5 * (restart + 1);
    await until(() => next.stored === expected && next.lost === 57);
    previous = next;
  }
});

test('an observer whose store fails says its last acknowledgement again, and the link knows', async () => {
  const { link, run } = linkWith();
  const [relaySide, observerSide] = await pair();
  const observer = new FakeObserver(observerSide);
  link.attach(relaySide);
  await until(() => link.live);
  run(10);
  await until(() => link.unstored === 0);
  expect(link.storeFails).toBe(false);
  observer.acknowledges = false;
  observerSide.write(ackFrame(observer.lastSequence));
  await until(() => link.storeFails);
  observer.acknowledges = true;
  run(1);
  await until(() => !link.storeFails);
  observerSide.write(ackFrame(observer.lastSequence));
  await until(() => link.storeFails);
  observerSide.destroy();
  await until(() => !link.storeFails);
});

test('an observer that does not read: the queue is bounded, the rest is counted, and it recovers by itself', async () => {
  const { link, run, state } = linkWith({ linkQueueBytesMax: 64 * 1024 });
  const [relaySide, observerSide] = await pair();
  const observer = new FakeObserver(observerSide);
  link.attach(relaySide);
  await until(() => link.live);
  observerSide.pause();
  let sent = 0;
  for (let i = 0; i < 200 && link.live; i++) {
    run(500);
    sent += 500;
    await new Promise((resolve) => setImmediate(resolve));
    expect(link.queueBytes).toBeLessThan(64 * 1024 + 500 * 400);
  }
  expect(link.live).toBe(false);
  run(1000);
  sent += 1000;
  observerSide.resume();
  await until(() => {
    link.recover();
    return link.live;
  });
  run(3);
  sent += 3;
  await until(() => observer.stored + observer.lost === sent);
  expect(observer.lost).toBeGreaterThanOrEqual(1000);
  expect(state.sessionId).toBe(1);
});

test('what was lost is told before the end, even while shedding', async () => {
  const { link, run } = linkWith({ linkQueueBytesMax: 64 * 1024 });
  const [relaySide, observerSide] = await pair();
  const observer = new FakeObserver(observerSide);
  link.attach(relaySide);
  await until(() => link.live);
  observerSide.pause();
  let sent = 0;
  while (link.live) {
    run(500);
    sent += 500;
    await new Promise((resolve) => setImmediate(resolve));
  }
  observerSide.on('end', () => observerSide.end());
  const ended = link.end(5000);
  observerSide.resume();
  await ended;
  expect(observer.stored + observer.lost).toBe(sent);
});

test('lost texts of any length make no batch that an observer refuses', async () => {
  const { link, state } = linkWith();
  const [relaySide, observerSide] = await pair();
  const observer = new FakeObserver(observerSide);
  link.attach(relaySide);
  await until(() => link.live);
  const texts = Array.from({ length: 16 }, (_, n) =>
    state.names.prepare('', `select ${n} ${'x'.repeat(limits.textHeadBytesMax - 100)}`, {
      missingBytes: 0,
      reading: 0,
    }),
  );
  expect(link.lostTexts(state, 'connection_closed', texts)).toBe(16);
  await until(() => observer.lost === 16);
  await until(() => observer.observations.filter(({ kind }) => kind === 'statement-lost').length === 16);
});

test('what passes after the goodbye breaks nothing, and is told to the next observer', async () => {
  const { link, run } = linkWith();
  const [relaySide, observerSide] = await pair();
  const first = new FakeObserver(observerSide);
  const errors: string[] = [];
  relaySide.on('error', ({ message }) => errors.push(message));
  link.attach(relaySide);
  await until(() => link.live);
  run(10);
  const ended = link.end(5000);
  run(3);
  link.flush();
  link.configure({ topSeries: 5 });
  await until(() => first.stored === 10);
  observerSide.end();
  await ended;
  expect(errors).toEqual([]);
  const [again, another] = await pair();
  const next = new FakeObserver(another, first);
  link.attach(again);
  await until(() => next.lost === 3);
  expect(next.stored).toBe(10);
});

test('an observer that is being started again is waited for at the end', async () => {
  const { link, run } = linkWith();
  run(10);
  const ended = link.end(5000);
  const [relaySide, observerSide] = await pair();
  const observer = new FakeObserver(observerSide);
  observerSide.on('end', () => observerSide.end());
  link.attach(relaySide);
  await ended;
  expect(observer.lost).toBe(10);
});

test('a prepared text is sent once per observer, and again to the next', async () => {
  const { link, state } = linkWith();
  const prepared = state.names.prepare('s1', 'select prepared', { missingBytes: 0, reading: 0 });
  const runPrepared = () => {
    const execution = new Execution(false, { arrivedMs: 0, startMs: 0, flushGroup: 0, pipelineDepth: 0 });
    execution.prepared = prepared;
    execution.complete('SELECT', 1);
    link.statement(state, execution);
  };
  for (let generation = 0; generation < 2; generation++) {
    const [relaySide, observerSide] = await pair();
    const observer = new FakeObserver(observerSide);
    link.attach(relaySide);
    await until(() => link.live);
    for (let i = 0; i < 10; i++) runPrepared();
    await until(() => observer.observations.filter((o) => o.kind === 'statement').length === 10);
    expect(observer.observations.filter((o) => o.kind === 'text-defined')).toHaveLength(1);
    link.detach();
  }
});
