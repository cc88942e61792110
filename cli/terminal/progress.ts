// Draws the progress of long work at a terminal.
// Invariant: it writes to standard error alone, only if that is a terminal, and leaves nothing on the screen. Not
// here: the work.

import { stripVTControlCharacters } from 'node:util';

export interface Progress {
  /** Names the current step, and how much of the work is done if that is known. */
  at(step: string, share?: { done: number; of: number }): void;
  /** Erases the line. Call it before anything else is printed. */
  end(): void;
}

/** The used part of a terminal's stream. */
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
    at(step, share) {
      const nowMs = performance.now();
      // The same step, a little further: redraw it now and then only.
      if (drawn === step && nowMs - drawnMs < REDRAW_MS) return;
      drawn = step;
      drawnMs = nowMs;
      const line = stripVTControlCharacters(share === undefined ? `${step} …` : `${barOf(share)} ${step}`);
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
