// Scrapes while the main thread is busy: never old, never of the start, never without end.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLog } from '../../config/log.js';
import { KeptMetrics } from '../../dashboards/threads/kept-metrics.js';
import { monotonicMs, type Rendered } from '../../dashboards/threads/messages.js';
import { MetricsRenderer } from '../../dashboards/threads/metrics-renderer.js';
import { useHttpThread } from './built-thread.js';

const SILENT = createLog({ level: 'silent' });

describe('metrics that are kept', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] }));
  afterEach(() => vi.useRealTimers());

  const rendered = (text: string): Rendered => ({ format: 'text', text, begunMs: monotonicMs() });

  /** What a scrape is given once so much time has passed without a word of the main thread; undefined = nothing yet. */
  async function givenAfter(kept: KeptMetrics, ms: number): Promise<string | undefined> {
    let given: string | undefined;
    kept.render('text').then(
      (text) => {
        given = text;
      },
      (error: Error) => {
        given = error.message;
      },
    );
    await vi.advanceTimersByTimeAsync(ms);
    return given;
  }

  test('are given while they are young', async () => {
    const kept = new KeptMetrics(() => {});
    kept.take(rendered('a'));
    await vi.advanceTimersByTimeAsync(9_000);
    expect(await givenAfter(kept, 30)).toBe('a');
  });

  test('are not given when they are old: the scrape waits for new ones', async () => {
    const kept = new KeptMetrics(() => {});
    kept.take(rendered('of the start'));
    await vi.advanceTimersByTimeAsync(433_000);
    const scrape = kept.render('text');
    await vi.advanceTimersByTimeAsync(5_000);
    kept.take(rendered('new'));
    expect(await scrape).toBe('new');
  });

  test('are not given when they are old, not even when no new ones come', async () => {
    const kept = new KeptMetrics(() => {});
    kept.take(rendered('of the start'));
    await vi.advanceTimersByTimeAsync(11_000);
    expect(await givenAfter(kept, 7_900)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(await givenAfter(kept, 8_100)).toBe('the observer is too busy to render its metrics');
  });

  test('whose rendering had begun before the scrape are not taken for new', async () => {
    const kept = new KeptMetrics(() => {});
    const before = rendered('before');
    await vi.advanceTimersByTimeAsync(1);
    const scrape = kept.render('text');
    kept.take(before);
    kept.take(rendered('after'));
    expect(await scrape).toBe('after');
  });

  test('nobody waits for a scraper that left', async () => {
    const kept = new KeptMetrics(() => {});
    const left = new AbortController();
    const scrape = kept.render('text', left.signal);
    left.abort();
    await expect(scrape).rejects.toThrow('left');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('rendering', () => {
  test('is shared by the scrapers that wait, and rests', async () => {
    const RENDERING_MS = 5;
    let renders = 0;
    const sent: Rendered[] = [];
    const metrics = {
      async render() {
        renders++;
        for (const until = performance.now() + RENDERING_MS; performance.now() < until; );
        return '';
      },
    };
    const renderer = new MetricsRenderer({ metrics, onRendered: (each) => sent.push(each), log: SILENT });
    onTestFinished(() => renderer.close());
    const begun = performance.now();
    while (performance.now() - begun < 500) {
      for (let n = 0; n < 100; n++) renderer.ask(n % 2 === 0 ? 'text' : 'openmetrics');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect((renders - 1) * 5 * RENDERING_MS).toBeLessThanOrEqual(performance.now() - begun);
    expect(new Set(sent.map(({ format }) => format))).toEqual(new Set(['text', 'openmetrics']));
    expect(sent).toHaveLength(renders);
  });

  test('goes on after one that failed', async () => {
    let renders = 0;
    const metrics = { render: async () => (renders++ === 0 ? Promise.reject(new Error('no')) : 'a') };
    const texts: string[] = [];
    const renderer = new MetricsRenderer({ metrics, onRendered: ({ text }) => texts.push(text), log: SILENT });
    onTestFinished(() => renderer.close());
    renderer.ask('text');
    renderer.ask('text');
    await vi.waitFor(() => expect(texts).toEqual(['a']));
  });
});

describe('a main thread that stalls', () => {
  const start = useHttpThread();

  /** Scrapes from another process, while this one does nothing but stall for so long. */
  async function scrapedDuring(url: string, stallMs: number): Promise<string> {
    const script = `fetch('${url}/metrics').then((a) => a.text()).then((t) => process.stdout.write(t))`;
    const scraper = promisify(execFile)(process.execPath, ['-e', script]);
    // It needs time to start.
    for (const until = Date.now() + stallMs; Date.now() < until; );
    return (await scraper).stdout;
  }

  test('the first scrape is not given what was there at the start', async () => {
    let count = 0;
    const { url } = await start({ render: async () => `a ${count}\n` });
    // Whatever is rendered at the start has been.
    await new Promise((resolve) => setTimeout(resolve, 100));
    count = 153_000;
    expect(await scrapedDuring(url, 2_000)).toBe('a 153000\n');
  });

  test('a later scrape is given the last second', async () => {
    let count = 0;
    const { url } = await start({ render: async () => `a ${count}\n` });
    await (await fetch(`${url}/metrics`)).text();
    count = 7;
    await vi.waitFor(async () => expect(await (await fetch(`${url}/metrics`)).text()).toBe('a 7\n'));
    count = 8;
    expect(await scrapedDuring(url, 2_000)).toMatch(/^a [78]\n$/);
  });
});
