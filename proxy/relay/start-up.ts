// What every start of relaying says and names alike, with one relay or with several. Not here: the start (relay.ts, supervisor.ts).

import { randomBytes } from 'node:crypto';
import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import { type Address, formatAddress } from '../../config/values/address.js';
import { RuntimeError } from '../../config/values/errors.js';

/** Names one relay process for good. */
export function randomRelayId(): string {
  return randomBytes(8).toString('hex');
}

/** The observer said at the first start that it cannot work. */
export function observerRefused(exitCode: number): RuntimeError {
  return new RuntimeError('the observer cannot work', {
    where: 'see its message above',
    hint: 'mend that and start again',
    cause: exitCode,
  });
}

/** A line per pair; `bound`: where each listens, in the order of the pairs. */
export function sayRelaying(config: Config, { bound, log }: { bound: readonly Address[]; log: Log }): void {
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
