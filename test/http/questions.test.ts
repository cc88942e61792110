// Questions for the thread of reports: abandoned, too many, and equal ones.

import { connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../config/limits.js';
import { type Answer, jsonAnswer } from '../../dashboards/http/answer.js';
import { QuestionQueue } from '../../dashboards/threads/question-queue.js';
import { writeManyStatements } from '../web/kit.js';
import { useHttpThread } from './built-thread.js';

/** A thread of reports whose answers the test gives. */
class HandMade {
  readonly asked: string[] = [];
  readonly #open = new Map<string, { resolve(answer: Answer): void; reject(error: Error): void }>();

  readonly ask = (url: string): Promise<Answer> => {
    this.asked.push(url);
    return new Promise((resolve, reject) => this.#open.set(url, { resolve, reject }));
  };

  async answer(url: string): Promise<void> {
    this.#open.get(url)!.resolve(jsonAnswer(200, url));
    await new Promise(setImmediate);
  }

  async fail(url: string): Promise<void> {
    this.#open.get(url)!.reject(new Error('a defect'));
    await new Promise(setImmediate);
  }
}

const statuses = async (answers: Array<Promise<Answer>>) => (await Promise.all(answers)).map(({ status }) => status);

describe('the queue of questions', () => {
  afterEach(() => vi.useRealTimers());

  test('asks one after the other, in the order in which they came', async () => {
    const thread = new HandMade();
    const queue = new QuestionQueue({ ask: thread.ask });
    const answers = ['/a', '/b', '/c'].map((url) => queue.answer(url));
    expect(thread.asked).toEqual(['/a']);
    for (const url of ['/a', '/b', '/c']) await thread.answer(url);
    expect(thread.asked).toEqual(['/a', '/b', '/c']);
    expect(await statuses(answers)).toEqual([200, 200, 200]);
  });

  test('never asks what nobody waits for any more', async () => {
    const thread = new HandMade();
    const queue = new QuestionQueue({ ask: thread.ask });
    const stays = queue.answer('/first');
    const leaving = Array.from({ length: 20 }, (_, n) => {
      const left = new AbortController();
      void queue.answer(`/abandoned?n=${n}`, left.signal);
      return left;
    });
    const last = queue.answer('/last');
    for (const left of leaving) left.abort();
    await thread.answer('/first');
    await thread.answer('/last');
    expect(await statuses([stays, last])).toEqual([200, 200]);
    expect(thread.asked).toEqual(['/first', '/last']);
  });

  test('does not ask for somebody who had left before', async () => {
    const thread = new HandMade();
    await new QuestionQueue({ ask: thread.ask }).answer('/a', AbortSignal.abort());
    expect(thread.asked).toEqual([]);
  });

  test('asks equal questions once, also when the first who asked left', async () => {
    const thread = new HandMade();
    const queue = new QuestionQueue({ ask: thread.ask });
    const running = [queue.answer('/a'), queue.answer('/a')];
    const left = new AbortController();
    void queue.answer('/b', left.signal);
    const waiting = [queue.answer('/b'), queue.answer('/b')];
    left.abort();
    await thread.answer('/a');
    await thread.answer('/b');
    expect(await statuses([...running, ...waiting])).toEqual([200, 200, 200, 200]);
    expect(thread.asked).toEqual(['/a', '/b']);
    void queue.answer('/a');
    expect(thread.asked).toEqual(['/a', '/b', '/a']);
  });

  test('refuses more than it may hold with 503, and says when to ask again', async () => {
    const thread = new HandMade();
    const queue = new QuestionQueue({ ask: thread.ask, waitingMax: 2 });
    void queue.answer('/running');
    const left = new AbortController();
    void queue.answer('/a', left.signal);
    void queue.answer('/b');
    expect(await queue.answer('/c')).toMatchObject({
      status: 503,
      retryAfterSeconds: limits.questionAgainSeconds,
    });
    // One that waits already costs nothing, and a place that is free again is given.
    const equal = queue.answer('/b');
    left.abort();
    const later = queue.answer('/c');
    for (const url of ['/running', '/b', '/c']) await thread.answer(url);
    expect(await statuses([equal, later])).toEqual([200, 200]);
  });

  test('refuses a question that waited too long, and not one that is being answered', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const thread = new HandMade();
    const queue = new QuestionQueue({ ask: thread.ask });
    const running = queue.answer('/running');
    const waiting = queue.answer('/waiting');
    await vi.advanceTimersByTimeAsync(limits.questionWaitMs);
    expect(await waiting).toMatchObject({ status: 503 });
    await thread.answer('/running');
    expect((await running).status).toBe(200);
    expect(thread.asked).toEqual(['/running']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('goes on after a question that failed', async () => {
    const thread = new HandMade();
    const queue = new QuestionQueue({ ask: thread.ask });
    const failing = queue.answer('/a');
    const next = queue.answer('/b');
    const failed = expect(failing).rejects.toThrow('a defect');
    await thread.fail('/a');
    await failed;
    await thread.answer('/b');
    expect((await next).status).toBe(200);
  });
});

describe('over HTTP', () => {
  const startThread = useHttpThread();
  const start = () => startThread({ fill: (dataDir) => writeManyStatements(dataDir, 1_000) });

  /** Asks, and closes the connection as soon as the question is sent. */
  function abandon(port: number, path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, () => socket.destroy()),
      );
      socket.on('error', reject).on('close', () => resolve());
    });
  }

  test('400 abandoned questions keep nobody waiting', async () => {
    const { url, address } = await start();
    // The thread of reports is there already, and the time that one report takes is known.
    const report = async (hours: number) => (await fetch(`${url}/api/v1/statements?since=${hours}h&limit=0`)).text();
    await report(900);
    const begun = performance.now();
    await report(901);
    const reportMs = performance.now() - begun;
    for (let n = 0; n < 400; n += 20) {
      const some = Array.from({ length: 20 }, (_, k) =>
        abandon(address.port, `/api/v1/statements?since=${1 + n + k}h&limit=0`),
      );
      await Promise.all(some);
    }
    const asked = performance.now();
    const marks = await fetch(`${url}/api/v1/marks`);
    expect(marks.status).toBe(200);
    await marks.text();
    // A question may be abandoned while it is being answered; behind it comes this one.
    expect(performance.now() - asked).toBeLessThan(20 * reportMs + 500);
  });

  test('what does not fit gets 503 with Retry-After, and equal questions all get the report', async () => {
    const { url } = await start();
    await (await fetch(`${url}/api/v1/status`)).text();
    const ask = async (hours: number) => {
      const answer = await fetch(`${url}/api/v1/statements?since=${hours}h&limit=0`);
      await answer.arrayBuffer();
      return { status: answer.status, again: answer.headers.get('retry-after') };
    };
    const different = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(1 + n)));
    const refused = different.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ again }) => again === String(limits.questionAgainSeconds))).toBe(true);
    const answered = different.filter(({ status }) => status === 200);
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.length + refused.length).toBe(different.length);
    const equal = await Promise.all(Array.from({ length: 50 }, () => ask(7)));
    expect(equal.every(({ status }) => status === 200)).toBe(true);
  });
});
