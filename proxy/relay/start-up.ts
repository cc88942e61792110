// Holds what the starts of one relay and of several have in common: ids, errors, log lines.
// Not here: the start itself (relay.ts, supervisor/supervisor.ts).

import { randomBytes } from 'node:crypto';
import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import { type Address, formatAddress } from '../../config/values/address.js';
import { RuntimeError } from '../../config/values/errors.js';

/** A new id for one relay process. */
export function randomRelayId(): string {
  return randomBytes(8).toString('hex');
}

/** The error for an observer that could not work at the first start. */
export function observerRefused(exitCode: number): RuntimeError {
  return new RuntimeError('the observer cannot work', {
    where: 'see its message above',
    hint: 'correct that and start again',
    cause: exitCode,
  });
}

/** Logs a line for each pair. `bound`: their listening addresses, in the order of the pairs. */
export function logRelaying(config: Config, { bound, log }: { bound: readonly Address[]; log: Log }): void {
  for (const [index, pair] of config.pairs.entries()) {
    log.info('relaying', {
      listen: formatAddress(bound[index]),
      upstream: formatAddress(pair.upstream),
      tls: config.tlsCert !== '',
      upstreamTls: pair.upstreamTls.mode,
      health: formatAddress(config.health),
      ...(config.relays > 1 ? { relays: config.relays } : {}),
    });
  }
}
