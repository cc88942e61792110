// Tells a client that has not logged in why it is refused, and closes its connection.
// Invariant: the message arrives before the connection ends, unless the client does not read for limits.closeMs.
// Not here: deciding it (listener.ts, admission.ts), the bytes of the message (wire/error-message.ts).

import type { Socket } from 'node:net';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { type Address, formatAddress } from '../../config/values/address.js';
import type { UpstreamFailure } from '../connection/upstream.js';
import { fatalError, type OwnSqlstate } from '../wire/error-message.js';
import type { AdmissionLimits, Refusal } from './admission.js';

export interface RefusalLimits extends AdmissionLimits {
  /** The cap of all relays together, for the message to a refused client. undefined with one relay. */
  connectionsMaxOfAll?: number;
}

export function refuse(client: Socket, sqlstate: OwnSqlstate, text: { message: string; hint?: string }): void {
  client.end(fatalError(sqlstate, text));
  // Read on: closing a socket with unread bytes resets it, and the reset can overtake the message.
  client.resume();
  client.once('end', () => client.destroySoon());
  const timer = setTimeout(() => client.destroy(), limits.closeMs);
  client.once('close', () => clearTimeout(timer));
}

/** Refuses a client because a cap is reached. `address`: the client's. */
export function refuseFull(
  client: Socket,
  { refusal, address, limits: caps }: { refusal: Refusal; address: string; limits: RefusalLimits },
): void {
  switch (refusal) {
    case 'not_logged_in':
      refuse(client, '53300', { message: 'too many connections that have not logged in' });
      break;
    case 'max_connections':
      refuse(client, '53300', { message: `too many connections (${capOf(refusal, caps)})` });
      break;
    case 'max_connections_per_address':
      refuse(client, '53300', {
        message: `too many connections from ${address} (${capOf(refusal, caps)})`,
        hint: 'Close some, or raise --max-connections-per-address.',
      });
      break;
  }
}

/** The cap that was reached, as its user knows it. */
export function capOf(refusal: Refusal, limits: RefusalLimits): number {
  if (refusal === 'not_logged_in') return limits.connectionsPreAuthMax;
  if (refusal === 'max_connections_per_address') return limits.connectionsPerAddressMax;
  return limits.connectionsMaxOfAll ?? limits.connectionsMax;
}

/** Refuses a client because its connection to the upstream at `address` failed. */
export function refuseUnreached(
  client: Socket,
  { address, failure, log }: { address: Address; failure: UpstreamFailure; log: Log },
): void {
  const upstream = formatAddress(address);
  const { why, hint } = failure;
  switch (failure.kind) {
    case 'exhausted':
      log.error('descriptors have run out: a client was refused', { error: why });
      refuse(client, '53300', { message: `too many open files (${why})`, hint: 'Raise the limit (ulimit -n).' });
      break;
    // A client that asks the server itself is told 57P03 while it restarts, and drivers know that it passes.
    case 'not-ready':
      log.warn('the upstream is not ready', { upstream, error: why, hint });
      refuse(client, '57P03', { message: `the upstream ${upstream} is not ready: ${why}`, hint });
      break;
    case 'unreachable':
      log.warn('the upstream cannot be reached', { upstream, error: why, hint });
      refuse(client, '08001', { message: `cannot connect to the upstream ${upstream}: ${why}`, hint });
      break;
  }
}
