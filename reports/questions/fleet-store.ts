// Opens the store of a fleet that --store names.
// Invariant: credentials come from the environment of this process, never from a message between threads.
// Not here: what is asked of it (reports/).

import type { IdentityFilter } from '../../facts/fleet/identity.js';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { openClickhouseReader } from '../../storage/clickhouse/read/reader.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { takeIdentity } from './identity-query.js';

/** `store`: clickhouse://…; its query names the part of the fleet that is read. Throws UsageError, StoreError. */
export function openFleetStore(store: string): StoreReader {
  const address = parseStoreAddress(store, { where: '--store', env: process.env });
  const scope: IdentityFilter = takeIdentity(new URLSearchParams([...address.parameters]));
  return openClickhouseReader(address, { scope });
}
