// Closes sessions down in order: the idle ones now, the busy ones when they are done or time is up.
// Invariant: 57P01 is said at a message boundary only; a session whose bytes are not followed is closed without a word. When it resolves,
// every session has ended and was accounted for. Not here: when to drain (relay-service.ts).

import type { Relay } from './relay.js';
import { fatalError } from './wire/error-message.js';

const LOOK_EVERY_MS = 50;
const SHUTDOWN = fatalError('57P01', { message: 'terminating connection because pgwitness is shutting down' });

export interface DrainTimes {
  /** How long busy sessions may finish. */
  timeoutMs: number;
  /** How long a client has to take its last word. */
  closeMs: number;
}

/** `relays` is looked at anew each time: connecting clients may still become sessions. */
export async function drain(relays: () => Iterable<Relay>, { timeoutMs, closeMs }: DrainTimes): Promise<void> {
  const closed = new Set<Relay>();
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const open = [...relays()];
    if (open.length === 0) return;
    const late = performance.now() >= untilMs;
    for (const relay of open) {
      if (closed.has(relay) || !(late || relay.tap.idle)) continue;
      closed.add(relay);
      relay.close(relay.tap.atBoundary ? SHUTDOWN : undefined);
    }
    if (late) break;
    await pause(LOOK_EVERY_MS);
  }
  const closeUntilMs = performance.now() + closeMs;
  while (performance.now() < closeUntilMs && !none(relays())) await pause(LOOK_EVERY_MS);
  for (const relay of relays()) relay.destroy();
  while (!none(relays())) await pause(1);
}

function none(relays: Iterable<Relay>): boolean {
  for (const _ of relays) return false;
  return true;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
