// Closes sessions down in order: the idle ones now, the busy ones when they are done or time is up.
// Invariant: 57P01 is said at a message boundary only; a session whose bytes are not followed is closed without a word. When it resolves,
// every session has ended and was accounted for. Not here: when to drain (connection.ts).

import { fatalError } from '../wire/error-message.js';
import type { Connection } from './connection.js';

const LOOK_EVERY_MS = 50;
const SHUTDOWN = fatalError('57P01', { message: 'terminating connection because pgwitness is shutting down' });

export interface DrainTimes {
  /** How long busy sessions may finish. */
  timeoutMs: number;
  /** How long a message that is on its way may take to its end, and a client to take its last word. */
  closeMs: number;
}

/** `connections` is looked at anew each time: connecting clients may still become sessions. */
export async function drain(
  connections: () => Iterable<Connection>,
  { timeoutMs, closeMs }: DrainTimes,
): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  while (performance.now() < untilMs) {
    if (none(connections())) return;
    for (const connection of connections()) connection.closeWhenIdle(SHUTDOWN);
    await pause(LOOK_EVERY_MS);
  }
  for (const connection of connections()) connection.closeAtBoundary(SHUTDOWN);
  const closeUntilMs = performance.now() + closeMs;
  while (performance.now() < closeUntilMs && !none(connections())) await pause(LOOK_EVERY_MS);
  for (const connection of connections()) connection.destroy();
  while (!none(connections())) await pause(1);
}

function none(connections: Iterable<Connection>): boolean {
  for (const _ of connections) return false;
  return true;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
