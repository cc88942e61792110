// Reads the bearer token of the HTTP API from its file.
// Invariant: a token that could be guessed is refused. Not here: checking requests (dashboards/http/guard.ts).

import { readFileSync } from 'node:fs';
import { UsageError } from './values/errors.js';

const LENGTH_MIN = 16;

/** Returns the token without white space around it. Throws UsageError naming `where` and the file, never the token. */
export function readToken(path: string, where: string): string {
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(`the token file ${path} cannot be read (${reason})`, {
      where,
      hint: 'check its path and mode',
      cause: error,
    });
  }
  if (token.length >= LENGTH_MIN && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`the token in ${path} is not ${LENGTH_MIN} or more printable characters`, {
    where,
    hint: 'make one with: openssl rand -hex 32',
  });
}
