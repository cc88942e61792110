// Finds the read that caused a loop: it had about as many rows as the loop has rounds.
// Only the wire has both numbers.
// Invariant: a read that belongs to another loop causes none. Not here: what is a loop (n-plus-one.ts,
// repeated-pattern.ts).

import type { UnitStatement } from '../../../facts/work/unit.js';
import { isRead, REPEATED_MIN } from '../views/kind.js';
import { NumberSet } from '../views/number-set.js';
import type { UnitView } from '../views/unit-view.js';

/** Rows of the cause, as a share of the rounds: about as many. */
const ROWS_SHARE = { least: 0.8, most: 1.25 } as const;
/** Reads before the loop that are looked at. Beyond it a number that fits is chance. */
const READS_BEFORE_MAX = 3;

/** @param first of the executions that a loop repeats. */
export function causeOf(view: UnitView, first: UnitStatement): UnitStatement | undefined {
  const { own, groups, groupOf } = view;
  let left = READS_BEFORE_MAX;
  for (let at = own.indexOf(first) - 1; at >= 0 && left > 0; at--) {
    const before = own[at];
    if (!isRead(before) || isOfLoop(groups[groupOf[at]].statements)) continue;
    left--;
    if (isAbout(before.rows, roundsAfter(view, at, first))) return before;
  }
  return undefined;
}

/** True for executions that read what they had returned: each row but the first is asked for its children. */
export function isTreeWalk(repeated: readonly UnitStatement[]): boolean {
  let rows = 0;
  let leaves = 0;
  let branches = 0;
  for (const one of repeated) {
    rows += one.rows;
    if (one.rows === 0) leaves++;
    if (one.rows > 1) branches++;
  }
  return rows === repeated.length - 1 && leaves > 0 && branches > 0;
}

function isOfLoop(executions: readonly UnitStatement[]): boolean {
  return executions.length >= REPEATED_MIN;
}

/** Rounds, up to where the cause runs again. */
function roundsAfter({ own, groupOf }: UnitView, at: number, first: UnitStatement): { all: number; distinct: number } {
  const hashes = new NumberSet(own.length - at);
  const cause = groupOf[at];
  const looped = groupOf[own.indexOf(first)];
  let all = 0;
  for (let next = at + 1; next < own.length; next++) {
    if (groupOf[next] === cause) break;
    if (groupOf[next] !== looped) continue;
    all++;
    hashes.add(own[next].parameterHash);
  }
  return { all, distinct: hashes.size };
}

/** A row may lead to a round each, or those with the same key to one. */
function isAbout(rows: number, { all, distinct }: { all: number; distinct: number }): boolean {
  return isNear(rows, all) || isNear(rows, distinct);
}

function isNear(rows: number, rounds: number): boolean {
  const share = rounds === 0 ? 0 : rows / rounds;
  return share >= ROWS_SHARE.least && share <= ROWS_SHARE.most;
}
