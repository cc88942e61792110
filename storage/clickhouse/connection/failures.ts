// Translates errors of ClickHouse and of the network into StoreErrors that a person can act on.
// Invariant: no message holds a password or a row. Not here: trying again.

import { ClickHouseError } from '@clickhouse/client';
import { StoreError, type StoreErrorCode } from '../../store-error.js';

/** Numbers of ClickHouse's errors (src/Common/ErrorCodes.cpp). */
const CODES: ReadonlyMap<string, StoreErrorCode> = new Map([
  ['516', 'denied'], // AUTHENTICATION_FAILED
  ['194', 'denied'], // REQUIRED_PASSWORD
  ['193', 'denied'], // WRONG_PASSWORD
  ['192', 'denied'], // UNKNOWN_USER
  ['497', 'denied'], // ACCESS_DENIED
  ['164', 'denied'], // READONLY
  ['60', 'missing'], // UNKNOWN_TABLE
  ['81', 'missing'], // UNKNOWN_DATABASE
  ['243', 'full'], // NOT_ENOUGH_SPACE
  ['241', 'busy'], // MEMORY_LIMIT_EXCEEDED
  ['252', 'busy'], // TOO_MANY_PARTS
  ['202', 'busy'], // TOO_MANY_SIMULTANEOUS_QUERIES
  ['159', 'busy'], // TIMEOUT_EXCEEDED
  ['210', 'unreachable'], // NETWORK_ERROR, of a shard
  ['279', 'unreachable'], // ALL_CONNECTION_TRIES_FAILED
  ['209', 'unreachable'], // SOCKET_TIMEOUT
  ['242', 'busy'], // TABLE_IS_READ_ONLY: the keeper is away
]);

const HINTS: Partial<Record<StoreErrorCode, string>> = {
  denied: 'Check user and password: PGWITNESS_STORE_USER, PGWITNESS_STORE_PASSWORD or PGWITNESS_STORE_PASSWORD_FILE.',
  missing: 'A sidecar with --ship makes database and tables; check the name of the database.',
  full: 'Free some space on the disks of ClickHouse.',
  busy: 'ClickHouse has too much to do; it is tried again by itself.',
  unreachable: 'Check that ClickHouse runs and that this address reaches it.',
};
const OTHERS = 'Look into the log of ClickHouse.';
/** Of ACCESS_DENIED: the user is known. */
const RIGHTS = 'Give its user the rights that docs/FLEET.md names.';
const TLS = 'Name the authority of its certificate: clickhouses://host/database?ca=FILE.';
const MESSAGE_MAX = 300;

/** `doing` names the attempt and the node. Throws what is no failure of ClickHouse or the network as it is. */
export function clickhouseError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  if (!(error instanceof Error)) throw error;
  if (error instanceof ClickHouseError) {
    const code = CODES.get(error.code) ?? 'io';
    const hint = error.code === '497' ? RIGHTS : undefined;
    return made(code, `${doing}: ${firstLine(error.message)} (code ${error.code})`, { hint, cause: error });
  }
  const { code } = error as NodeJS.ErrnoException;
  const isTls = typeof code === 'string' && /CERT|SSL|TLS|SELF_SIGNED|ISSUER|LEAF/.test(code);
  if (isTls) return made('denied', `${doing}: ${firstLine(error.message)}`, { hint: TLS, cause: error });
  const isNetwork = code !== undefined || /time|socket|connect|abort/i.test(error.message);
  if (!isNetwork) throw error;
  return made('unreachable', `${doing}: ${firstLine(error.message) || code}`, { cause: error });
}

/** The number of ClickHouse's error; undefined where ClickHouse said nothing. */
export function engineCode({ cause }: StoreError): string | undefined {
  return cause instanceof ClickHouseError ? cause.code : undefined;
}

function made(code: StoreErrorCode, message: string, { hint, cause }: { hint?: string; cause: unknown }): StoreError {
  return new StoreError(code, message, { hint: hint ?? HINTS[code] ?? OTHERS, cause });
}

/** A message may go on with a trace, or with rows that it does not like. */
function firstLine(message: string): string {
  const [line] = message.split(/\n|: While executing|: \(at row|\(at row| before: /);
  return line.length > MESSAGE_MAX ? `${line.slice(0, MESSAGE_MAX)}…` : line;
}
