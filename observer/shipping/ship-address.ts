// Reads where to ship from the options: the address, and how the store is to be made.
// Invariant: a parameter that is not known is refused. Not here: the form of an address (address.ts of
// storage/clickhouse/connection).

import type { Config } from '../../config/config.js';
import { UsageError } from '../../config/values/errors.js';
import { parseDuration } from '../../config/values/units.js';
import { parseStoreAddress, type StoreAddress } from '../../storage/clickhouse/connection/address.js';
import type { WantedLayout } from '../../storage/clickhouse/connection/prepare.js';

const DAY_MS = 86_400_000;
const LEVELS = ['minutes', 'hours', 'days'] as const;
const KNOWN: ReadonlySet<string> = new Set([...LEVELS, 'replicas']);
const WHERE = '--ship';

/** Throws UsageError. */
export function shipAddress(
  { ship, cluster }: Pick<Config, 'ship' | 'cluster'>,
  env: NodeJS.ProcessEnv,
): { address: StoreAddress; layout: WantedLayout } {
  const address = parseStoreAddress(ship, { where: WHERE, env });
  const { parameters } = address;
  for (const name of parameters.keys()) {
    if (KNOWN.has(name)) continue;
    throw new UsageError(`"${name}" is not known`, { where: WHERE, hint: 'known: ca, replicas, minutes, hours, days' });
  }
  const replicas = parameters.get('replicas') ?? 'yes';
  if (replicas !== 'yes' && replicas !== 'no') {
    throw new UsageError(`replicas is yes or no, not "${replicas}"`, { where: WHERE });
  }
  const named = LEVELS.flatMap((level) => {
    const text = parameters.get(level);
    return text === undefined ? [] : [[level, daysOf(text, level)] as const];
  });
  return {
    address,
    layout: {
      ...(cluster === '' ? {} : { cluster: { name: cluster, hasReplicas: replicas === 'yes' } }),
      retention: Object.fromEntries(named),
    },
  };
}

/** Elsewhere 0 is no limit; here it would drop everything that is stored. */
function daysOf(text: string, level: string): number {
  const days = Math.ceil(parseDuration(text, WHERE) / DAY_MS);
  if (days > 0) return days;
  throw new UsageError(`${level}=${text} would keep nothing`, { where: WHERE, hint: 'give a day at least: 1d' });
}
