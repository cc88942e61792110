// The observing share of a CPU: reports and HTTP do not count, observing does.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { holdCpuShare } from '../../observer/intake/cpu-share.js';
import { ObservingCpu } from '../../observer/intake/observing-cpu.js';

const hasThreadTimes = existsSync('/proc/thread-self/schedstat');

/** A thread that computes without end, as one that makes reports; gives its number in the system. */
async function busyThread(): Promise<number> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const { readlinkSync } = require('node:fs');
     parentPort.postMessage(Number(readlinkSync('/proc/thread-self').split('/').pop()));
     setImmediate(() => { for (let kept = []; ; kept = kept.length > 1000 ? [] : [...kept, {}]); });`,
    { eval: true },
  );
  onTestFinished(async () => {
    await worker.terminate();
  });
  const [thread] = await once(worker, 'message');
  return thread as number;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Computes for so much CPU time, in pieces that let timers run. */
async function compute(cpuMs: number, during: () => number): Promise<void> {
  for (let usedMs = 0; usedMs < cpuMs; usedMs += during()) {
    for (const end = performance.now() + 20; performance.now() < end; );
    await sleep(1);
  }
}

describe.skipIf(!hasThreadTimes)('the CPU time of observing', () => {
  test('is not that of another thread', async () => {
    const thread = await busyThread();
    const cpu = new ObservingCpu(() => [thread]);
    const all = process.cpuUsage();
    const allMs = () => (process.cpuUsage(all).user + process.cpuUsage(all).system) / 1_000;
    // On a busy machine the thread gets its time late.
    while (allMs() < 200) await sleep(50);
    const usedMs = cpu.usedMs();
    expect(1 - usedMs / allMs()).toBeGreaterThan(0.8);
  });

  test('is that of this thread, beside another one', async () => {
    const thread = await busyThread();
    const cpu = new ObservingCpu(() => [thread]);
    let usedMs = 0;
    await compute(200, () => {
      const piece = cpu.usedMs();
      usedMs += piece;
      return piece;
    });
    expect(usedMs).toBeGreaterThanOrEqual(200);
    expect(usedMs).toBeLessThan(400);
  });

  test('is all of it without other threads', async () => {
    const cpu = new ObservingCpu(() => []);
    const all = process.cpuUsage();
    for (const end = performance.now() + 200; performance.now() < end; );
    const { user, system } = process.cpuUsage(all);
    expect(cpu.usedMs()).toBeGreaterThan(0.9 * ((user + system) / 1_000) - 5);
  });

  test('goes on when a thread ended, and counts one that began from its beginning', async () => {
    let threads: number[] = [999_999_999];
    const cpu = new ObservingCpu(() => threads);
    expect(cpu.usedMs()).toBeGreaterThanOrEqual(0);
    threads = [await busyThread()];
    await sleep(300);
    expect(cpu.usedMs()).toBeGreaterThanOrEqual(0);
  });
});

describe.skipIf(!hasThreadTimes)('the link', () => {
  /** Counts how often the link is held while `work` goes on. */
  async function heldDuring(
    { threads, share }: { threads: number[]; share: number },
    work: () => Promise<unknown>,
  ): Promise<number> {
    let held = 0;
    const gate = { hold: () => held++, letGo: () => {} };
    const release = holdCpuShare(gate as Parameters<typeof holdCpuShare>[0], {
      share,
      otherThreads: () => threads,
    });
    await work();
    release();
    return held;
  }

  test('is read while reports take a whole CPU', async () => {
    const thread = await busyThread();
    expect(await heldDuring({ threads: [thread], share: 0.25 }, () => sleep(1_500))).toBe(0);
  });

  test('is held while observing takes more than its share, and no sooner', async () => {
    const cpu = new ObservingCpu(() => []);
    const work = () => compute(700, () => cpu.usedMs());
    // A busy machine gives this thread a part of a CPU alone: its share is half of that part.
    const beganMs = performance.now();
    await work();
    const part = 700 / (performance.now() - beganMs);
    expect(await heldDuring({ threads: [], share: part / 2 }, work)).toBeGreaterThan(0);
    // No thread takes more than one CPU, and helpers of V8 not much.
    expect(await heldDuring({ threads: [], share: 2 }, work)).toBe(0);
  });
});
