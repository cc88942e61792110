// The words of `compare --old … --new …`: what one use of a set costs, and how that changed.
// Invariant: terminal and page say the same. Not here: comparing (reports/compare/noise/sets.ts), the tables.

import { type ChangeInterval, type ChangeWords, changeWords, intervalText, type JudgedChange } from './changes.js';
import { count, duration } from './format.js';

/** One use of a set: a request, or an execution of its first statement. */
export interface UseCost {
  readonly uses: number;
  readonly by: 'requests' | 'executions';
  /** Per use. */
  readonly calls: number;
  readonly rows: number;
  readonly ms: number;
}

export interface SetsWords {
  /** "per use 12.4 ms → 3.10 ms: ", or which side did not run. */
  readonly lead: string;
  readonly change: ChangeWords;
  /** Behind the change; '' where there is none. */
  readonly interval: string;
}

/** "9,000 requests, for each 3.0 executions, 12.0 rows, 4.20 ms", or "none of them ran". */
export function useText({ uses, by, calls, rows, ms }: UseCost): string {
  if (uses === 0) return 'none of them ran';
  const each = `${rows.toFixed(1)} rows, ${duration(ms)}`;
  if (by === 'executions' && calls === 1) return `${count(uses)} executions, each ${each}`;
  const counted = by === 'requests' ? 'requests' : 'executions of its first statement';
  return `${count(uses)} ${counted}, for each ${calls.toFixed(1)} executions, ${each}`;
}

/** `within`: what both sets were narrowed to; '' = nothing. */
export function setsWords(
  compared: JudgedChange & ChangeInterval & { readonly old: UseCost; readonly new: UseCost },
  { within, verbose = false }: { within: string; verbose?: boolean },
): SetsWords {
  const { old, new: now, judgement } = compared;
  if (judgement === 'new' || judgement === 'gone') {
    const side = judgement === 'new' ? 'old' : 'new';
    const lead = `The ${side} statements did not run in this window${within === '' ? '' : ` with ${within}`}`;
    return { lead, change: { text: '', aside: '' }, interval: '' };
  }
  const lead = `${within === '' ? '' : `${within}: `}per use ${duration(old.ms)} → ${duration(now.ms)}: `;
  return { lead, change: changeWords(compared, { verbose }), interval: intervalText(compared) };
}
