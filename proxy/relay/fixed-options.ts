// What a reload cannot change: who listens where, and how many relays there are. It is said, and the rest of the reload holds.
// Not here: what a reload does change (relay.ts, supervisor.ts).

import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import type { Pair } from '../../config/pairs.js';
import { formatAddress } from '../../config/values/address.js';

/** Says which options of `wanted` hold only after a restart. */
export function warnOfFixed({ now, wanted, log }: { now: Config; wanted: Config; log: Log }): void {
  const listens = ({ pairs }: Config) => pairs.map(({ listen }) => formatAddress(listen)).join(', ');
  const fixed: Array<[option: string, of: (config: Config) => string]> = [
    ['listen', listens],
    ['health', ({ health }) => formatAddress(health)],
    ['socket', ({ socket }) => socket],
    ['relays', ({ relays }) => String(relays)],
  ];
  for (const [option, of] of fixed) {
    if (of(now) === of(wanted)) continue;
    log.warn('this option changes only with a restart', { option, now: of(now), wanted: of(wanted) });
  }
}

/**
 * The configuration in force after a reload: what listens and the way to the observer stay as they were started, and a later reload is
 * compared with that.
 */
export function withFixed({ now, wanted }: { now: Config; wanted: Config }): Config {
  const { pairs, health, socket, relays } = now;
  return { ...wanted, pairs, health, socket, relays };
}

/** Which listener a pair of a configuration that is read again means; -1 = none that there is. */
export function listenerOf(pair: Pair, index: number, inForce: readonly Pair[]): number {
  const isSame = (other: Pair | undefined) =>
    other !== undefined && formatAddress(other.listen) === formatAddress(pair.listen);
  // By place in the list first: several may have asked for any free port.
  return isSame(inForce[index]) ? index : inForce.findIndex(isSame);
}
