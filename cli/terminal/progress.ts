// Says how far long work is, to who waits for it at a terminal.
// Invariant: writes to standard error only, nothing where that is no terminal, and nothing stays of it on the screen. Not here: the work.

import { stripVTControlCharacters } from 'node:util';

export interface Progress {
  /** What is being done; where `of` is known, how much of it is. */
  at(what: string, share?: { done: number; of: number }): void;
  /** Before anything else is printed. */
  end(): void;
}

/** The part of a terminal's stream that is used. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;
const REDRAW_MS = 100;
const ERASE = '\r\u001b[2K';

export function openProgress(stream: ProgressStream = process.stderr): Progress {
  if (stream.isTTY !== true || process.env.TERM === 'dumb') return { at() {}, end() {} };
  let drawn = '';
  let drawnMs = Number.NEGATIVE_INFINITY;
  return {
    at(what, share) {
      const nowMs = performance.now();
      // The same step again, a little further.
      if (drawn === what && nowMs - drawnMs < REDRAW_MS) return;
      drawn = what;
      drawnMs = nowMs;
      const line = stripVTControlCharacters(share === undefined ? `${what} …` : `${barOf(share)} ${what}`);
      stream.write(ERASE + line.slice(0, Math.max(20, (stream.columns || 80) - 1)));
    },
    end() {
      if (drawn !== '') stream.write(ERASE);
      drawn = '';
    },
  };
}

function barOf({ done, of }: { done: number; of: number }): string {
  const share = of <= 0 ? 1 : Math.max(0, Math.min(1, done / of));
  const filled = Math.round(share * BAR_WIDTH);
  return `[${'█'.repeat(filled)}${'·'.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(100 * share)).padStart(3)} %`;
}
