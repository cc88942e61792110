// Keeps the options that a reload cannot change.
// They are the addresses that listen, and the number of relays.
// Invariant: a change to them is logged, and the rest of the reload holds.
// Not here: what a reload changes (relay.ts, supervisor/supervisor.ts).

import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import type { Pair } from '../../config/pairs.js';
import { formatAddress } from '../../config/values/address.js';

/** Logs the options of `wanted` that hold only after a restart. */
export function warnOfFixed({ now, wanted, log }: { now: Config; wanted: Config; log: Log }): void {
  const listens = ({ pairs }: Config) => pairs.map(({ listen }) => formatAddress(listen)).join(', ');
  const fixed: Array<[option: string, textOf: (config: Config) => string]> = [
    ['listen', listens],
    ['health', ({ health }) => formatAddress(health)],
    ['socket', ({ socket }) => socket],
    ['relays', ({ relays }) => String(relays)],
  ];
  for (const [option, textOf] of fixed) {
    if (textOf(now) === textOf(wanted)) continue;
    log.warn('this option changes only with a restart', { option, now: textOf(now), wanted: textOf(wanted) });
  }
}

/**
 * The configuration in force after a reload: `wanted`, with the fixed options of `now`. A later reload is compared with
 * it.
 */
export function withFixed({ now, wanted }: { now: Config; wanted: Config }): Config {
  const { pairs, health, socket, relays } = now;
  return { ...wanted, pairs, health, socket, relays };
}

/** The index of the listener that a pair of a new configuration is for; -1 = there is none. */
export function listenerOf(pair: Pair, index: number, inForce: readonly Pair[]): number {
  const isSame = (other: Pair | undefined) =>
    other !== undefined && formatAddress(other.listen) === formatAddress(pair.listen);
  // The same place in the list first: several pairs may have asked for any free port.
  return isSame(inForce[index]) ? index : inForce.findIndex(isSame);
}
