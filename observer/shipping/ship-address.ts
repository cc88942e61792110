// Reads where to ship from the options: the address, and how the store is to be made.
// Invariant: a parameter that is not known is refused. Not here: the form of an address (address.ts of
// storage/clickhouse/connection).

import type { Config } from '../../config/config.js';
import { UsageError } from '../../config/values/errors.js';
import { parseDuration } from '../../config/values/units.js';
import { parseStoreAddress, type StoreAddress } from '../../storage/clickhouse/connection/address.js';
import type { Layout } from '../../storage/clickhouse/schema/table.js';

const DAY_MS = 86_400_000;
/** Days, where the address names none. */
const KEPT = { minutes: '7d', hours: '90d', days: '400d' } as const;
const WHERE = '--ship';

/** Throws UsageError. */
export function shipAddress(
  { ship, cluster }: Pick<Config, 'ship' | 'cluster'>,
  env: NodeJS.ProcessEnv,
): { address: StoreAddress; layout: Layout } {
  const address = parseStoreAddress(ship, { where: WHERE, env });
  const { parameters } = address;
  for (const name of parameters.keys()) {
    if (name in KEPT || name === 'replicas') continue;
    throw new UsageError(`"${name}" is not known`, { where: WHERE, hint: 'known: ca, replicas, minutes, hours, days' });
  }
  const replicas = parameters.get('replicas') ?? 'yes';
  if (replicas !== 'yes' && replicas !== 'no') {
    throw new UsageError(`replicas is yes or no, not "${replicas}"`, { where: WHERE });
  }
  const daysOf = (name: keyof typeof KEPT) =>
    Math.ceil(parseDuration(parameters.get(name) ?? KEPT[name], WHERE) / DAY_MS);
  return {
    address,
    layout: {
      ...(cluster === '' ? {} : { cluster: { name: cluster, hasReplicas: replicas === 'yes' } }),
      retention: { minutes: daysOf('minutes'), hours: daysOf('hours'), days: daysOf('days') },
    },
  };
}
