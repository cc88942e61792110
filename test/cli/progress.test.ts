// Progress on a terminal, and silence where nobody looks.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { openProgress } from '../../cli/terminal/progress.js';

function terminal(over: { isTTY?: boolean; columns?: number } = {}) {
  const written: string[] = [];
  return { isTTY: true, columns: 60, ...over, written, write: (text: string) => written.push(text) };
}

afterEach(() => vi.unstubAllEnvs());

describe('progress', () => {
  test('nothing is written where nobody looks', () => {
    for (const stream of [terminal({ isTTY: false })]) {
      const progress = openProgress(stream);
      progress.at('Reading');
      progress.end();
      expect(stream.written).toEqual([]);
    }
    vi.stubEnv('TERM', 'dumb');
    const dumb = terminal();
    openProgress(dumb).at('Reading');
    expect(dumb.written).toEqual([]);
  });

  test('steps follow each other on one line, which is gone at the end', () => {
    vi.stubEnv('TERM', 'xterm');
    const stream = terminal();
    const progress = openProgress(stream);
    progress.at('Reading before', { done: 0, of: 2 });
    progress.at('Reading after', { done: 1, of: 2 });
    progress.end();
    progress.end();
    expect(stream.written).toHaveLength(3);
    expect(stream.written.every((text) => text.startsWith('\r\u001b[2K') && !text.includes('\n'))).toBe(true);
    expect(stream.written[0]).toContain('  0 % Reading before');
    expect(stream.written[1]).toContain(' 50 % Reading after');
    expect(stream.written[2]).toBe('\r\u001b[2K');
  });

  test('a line is never wider than the terminal, and what it names cannot steer it', () => {
    vi.stubEnv('TERM', 'xterm');
    const stream = terminal({ columns: 40 });
    openProgress(stream).at(`Reading \u001b]0;owned\u0007 ${'x'.repeat(100)}`);
    const [line] = stream.written.map((text) => text.slice('\r\u001b[2K'.length));
    expect(line.length).toBeLessThan(40);
    expect(line).not.toContain('\u001b');
  });
});
