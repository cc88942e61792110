// Says when a unit is over or rests, and which of its sessions wait for their application.
// Invariant: a unit with a statement in flight is not over; nothing is waited for for ever.
// Not here: ending it (units.ts).

import type { Unit } from './unit.js';

/** A unit has ended when it is quiet for so long … */
const QUIET_MS = 1_000;
/** … or, while it holds its only connection, for so long … */
const QUIET_CONNECTED_MS = 30_000;
/** … or, while it holds a transaction, for so long: one that is forgotten is seen, and nothing waits for ever. */
const QUIET_OPEN_MS = 3_600_000;
/** From then on it keeps what its pause needs … */
const REST_MS = 30_000;
/** … if it has more. */
const RESTING_KEPT_MAX = 16;
/** An execution whose session never settles must not keep its unit. */
const UNSETTLED_MS = 10_000;

/** It began so lately that it is neither over nor long. Most open units are: they are passed over at once. */
export function isYoung({ firstMs, boundary, sessions }: Unit, nowMs: number): boolean {
  return nowMs - firstMs <= QUIET_MS && (boundary === 'tags' || sessions.length > 0);
}

/** @param nowMs of the relays' clocks. */
export function isOver(unit: Unit, nowMs: number): boolean {
  const quietMs = nowMs - unit.lastMs;
  if (unit.unsettled > 0 && quietMs < UNSETTLED_MS) return false;
  let patienceMs = QUIET_MS;
  for (const session of unit.sessions) {
    if (session.member.running) return false;
    if (session.inTransaction) patienceMs = QUIET_OPEN_MS;
    else if (unit.boundary === 'connection') patienceMs = Math.max(patienceMs, QUIET_CONNECTED_MS);
  }
  // What only its connections held together ends with them.
  if (unit.boundary !== 'tags' && unit.sessions.length === 0) return true;
  return quietMs > patienceMs;
}

/** Nothing can lead to it any more, so it is over at once. */
export function isLeft({ ended, boundary, holders, unsettled, sessions }: Unit): boolean {
  return !ended && boundary !== 'tags' && holders === 0 && unsettled === 0 && sessions.length === 0;
}

/** It waits in a transaction, most likely for long, and its statements would take the room of others. */
export function rests({ kept, unsettled, restedMs, lastMs, sessions }: Unit, nowMs: number): boolean {
  if (kept <= RESTING_KEPT_MAX || unsettled > 0 || restedMs === lastMs || nowMs - lastMs <= REST_MS) return false;
  for (const { member } of sessions) if (member.running) return false;
  return true;
}

/** Sessions that hold a transaction, and of which nothing is known to be in flight. */
export function idleIn(unit: Unit): ReadonlySet<string> {
  const idle = new Set<string>();
  for (const { name, inTransaction, member } of unit.sessions) if (inTransaction && !member.running) idle.add(name);
  return idle;
}
