// Closes all connections for a shutdown: idle ones now, busy ones when they are done or time is up.
// Invariant: 57P01 is sent at a message boundary only. A session whose bytes are not followed is closed without a
// message. When drain() resolves, every connection has ended and was accounted for.
// Not here: when to drain (relay/relay.ts).

import { fatalError } from '../wire/error-message.js';
import type { Connection } from './forwarding.js';

const LOOK_EVERY_MS = 50;
const SHUTDOWN = fatalError('57P01', { message: 'terminating connection because pgwitness is shutting down' });

export interface DrainTimes {
  /** Time for busy sessions to finish. */
  timeoutMs: number;
  /** Time for the end of a message that is on its way, and for a client to take the last message. */
  closeMs: number;
}

/** `connections` is asked again each time, because clients that are connecting may still become connections. */
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
