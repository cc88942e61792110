// Explains why a port or a socket cannot be listened on, with what the user can do.
// Not here: listening (listening.ts).

import type { Pair } from '../../config/pairs.js';
import { type Address, formatAddress } from '../../config/values/address.js';
import { RuntimeError } from '../../config/values/errors.js';

/** `place`: the flag, or the place in the config file, that gave the address. */
export function cannotListen(error: Error & { code?: string }, place: string, address: Address): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const where = `${place} ${formatAddress(address)}`;
  const unix = address.kind === 'unix';
  switch (error.code) {
    case 'EADDRINUSE':
      return new RuntimeError('the port is in use', {
        where,
        hint: 'stop the process that listens there, or give another address',
      });
    case 'EACCES': {
      const hint = unix ? 'give a path where this user may write' : 'use a port from 1024 up';
      return new RuntimeError('listening is not allowed', { where, hint });
    }
    default: {
      const hint = unix ? 'give a short path in a directory that exists' : 'give an address of this machine';
      return new RuntimeError(`cannot listen: ${error.code ?? error.message}`, { where, hint });
    }
  }
}

/** Returns a handler that throws the RuntimeError for the pair's listener. */
export function cannotListenFor({ listen, origin }: Pair): (error: Error) => never {
  return (error) => {
    throw cannotListen(error, origin.listen === 'default' ? '--listen' : origin.listen, listen);
  };
}
