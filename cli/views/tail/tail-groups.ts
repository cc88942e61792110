// Groups executions by request or transaction; any other execution is a group of its own.
// Invariant: every execution is in one group, in order; a group is complete when its session sends something else or
// nothing.
// Not here: printing groups (tail.ts).

import type { TailExecutionJson } from '../../../reports/forms/tail-json.js';

export interface TailGroup {
  readonly kind: 'request' | 'transaction' | 'statement';
  readonly executions: TailExecutionJson[];
}

export class TailGroups {
  /** The group of each session that may still grow. */
  readonly #open = new Map<string, TailGroup>();

  /** Adds executions, and returns the groups that they completed. */
  add(executions: readonly TailExecutionJson[]): TailGroup[] {
    const ended: TailGroup[] = [];
    for (const one of executions) {
      const open = this.#open.get(one.session);
      if (open !== undefined && belongs(open, one)) {
        open.executions.push(one);
        continue;
      }
      if (open !== undefined) ended.push(open);
      this.#open.set(one.session, { kind: kindOf(one), executions: [one] });
    }
    return ended;
  }

  /** Removes and returns the groups that have not grown since `beforeMs`, Unix ms. */
  takeSilent(beforeMs: number): TailGroup[] {
    const silent: TailGroup[] = [];
    for (const [session, group] of this.#open) {
      if (Date.parse(group.executions.at(-1)!.at) >= beforeMs) continue;
      silent.push(group);
      this.#open.delete(session);
    }
    return silent.sort((a, b) => (a.executions[0].at < b.executions[0].at ? -1 : 1));
  }
}

function kindOf(one: TailExecutionJson): TailGroup['kind'] {
  if (one.request !== '') return 'request';
  return one.transaction_position > 0 ? 'transaction' : 'statement';
}

function belongs({ kind, executions }: TailGroup, one: TailExecutionJson): boolean {
  const last = executions.at(-1)!;
  if (kind === 'request') return one.request === last.request;
  if (one.request !== '') return false;
  return kind === 'transaction' && one.transaction_position > last.transaction_position;
}
