// Groups executions by unit of work, over all connections that it runs on.
// Invariant: every execution is in one group, in order. Groups come out in the order in which they ended.
// Not here: printing groups (tail.ts), finding units (analyzer/work/).

import type { TailExecutionJson } from '../../../reports/forms/tail-json.js';

export interface TailGroup {
  readonly executions: TailExecutionJson[];
  /** A part of it was shown before: it paused for long. */
  readonly goesOn: boolean;
}

interface OpenGroup extends TailGroup {
  grownMs: number;
}

/** Groups that are remembered after they were shown. */
const SHOWN_MAX = 5_000;

export class TailGroups {
  readonly #open = new Map<string, OpenGroup>();
  readonly #shown = new Set<string>();

  /** @param nowMs when they arrived, on the clock of takeSilent. `from` tells sidecars apart. */
  add(executions: readonly TailExecutionJson[], { nowMs, from = '' }: { nowMs: number; from?: string }): void {
    for (const one of executions) {
      const key = `${from} ${one.unit === '' ? one.session : one.unit}`;
      const open = this.#open.get(key);
      if (open === undefined) {
        this.#open.set(key, { executions: [one], goesOn: this.#shown.has(key), grownMs: nowMs });
      } else {
        open.executions.push(one);
        open.grownMs = nowMs;
      }
    }
  }

  /** Removes and returns the groups that have not grown since `beforeMs`, in the order of their ends. */
  takeSilent(beforeMs: number): TailGroup[] {
    const silent: TailGroup[] = [];
    for (const [key, group] of this.#open) {
      if (group.grownMs > beforeMs) continue;
      silent.push(group);
      this.#open.delete(key);
      this.#remember(key);
    }
    // Connections take turns: what they sent is in the order in which it ended.
    for (const { executions } of silent) executions.sort((a, b) => compare(a.at, b.at));
    return silent.sort((a, b) => compare(endOf(a), endOf(b)));
  }

  #remember(key: string): void {
    this.#shown.delete(key);
    this.#shown.add(key);
    if (this.#shown.size <= SHOWN_MAX) return;
    for (const oldest of this.#shown) {
      this.#shown.delete(oldest);
      return;
    }
  }
}

/** ISO 8601. */
export function endOf({ executions }: TailGroup): string {
  return executions[executions.length - 1].at;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
