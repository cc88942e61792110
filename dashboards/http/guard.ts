// Whether a request may be answered at all: method, address form, host name, token.
// Invariant: what holds SQL or names of users is answered only on loopback or with the token; the judgement reads no state and no clock.
// Not here: sockets and routes (server.ts, routes.ts).

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { limits } from '../../config/limits.js';
import { PAGE_PATHS } from './page.js';

export interface Policy {
  /** Bound to an address only this machine can reach. */
  readonly loopback: boolean;
  /** The host name the server was told to listen on. */
  readonly host: string;
  /** Bearer token; '' = none configured. */
  readonly token: string;
}

export interface RequestFacts {
  readonly method: string;
  readonly url: string;
  readonly host: string | undefined;
  readonly authorization: string | undefined;
  readonly hasBody: boolean;
}

export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 414;
  readonly error: string;
  readonly hint: string;
}

const METRICS_PATH = '/metrics';

/** undefined = answer it. */
export function refusalOf(request: RequestFacts, policy: Policy): Refusal | undefined {
  const { url } = request;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, error: `${request.method} is not answered`, hint: 'pgwitness only reads: use GET' };
  }
  if (url.length > limits.urlBytesMax) {
    return { status: 414, error: 'the address is too long', hint: `at most ${limits.urlBytesMax} octets` };
  }
  if (!url.startsWith('/') || request.hasBody) {
    return { status: 400, error: 'not a plain GET', hint: 'ask for a path, without a body' };
  }
  const path = url.split('?', 1)[0];
  const authorised = policy.token !== '' && isToken(request.authorization, policy.token);
  // Names of the network reach /metrics by whatever name the operator gave this host; it holds no SQL.
  const anyHost = authorised || (path === METRICS_PATH && !policy.loopback);
  if (!anyHost && !isOwnHost(request.host, policy)) {
    return {
      status: 403,
      error: 'the Host header names another host',
      hint: 'a page elsewhere may be rebinding its name to this address: ask by IP address or localhost, or send the token',
    };
  }
  if (path === METRICS_PATH || authorised) return undefined;
  if (policy.token !== '') {
    if (PAGE_PATHS.has(path)) return undefined;
    return {
      status: 401,
      error: 'a token is needed',
      hint: 'send Authorization: Bearer with the token of --http-token-file',
    };
  }
  if (policy.loopback) return undefined;
  return {
    status: 403,
    error: 'only /metrics is answered on this address',
    hint: 'listen on loopback (--http 127.0.0.1:6434), or give --http-token-file to answer the rest with a token',
  };
}

/** A page cannot rebind an IP address, only a name: addresses and the names we know are ours. */
function isOwnHost(header: string | undefined, policy: Policy): boolean {
  if (header === undefined) return false;
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::[0-9]{1,5})?$/.exec(header);
  if (parts === null) return false;
  const name = (parts[1] ?? parts[2]).toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || name === policy.host.toLowerCase();
}

/** Compares digests, so that neither content nor length of the token shows in the time it takes. */
function isToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) return false;
  return timingSafeEqual(digestOf(given), digestOf(token));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
