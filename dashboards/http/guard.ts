// Decides whether a request may be answered, by its method, address, host name and token.
// Invariant: answers with SQL or names of users are given only on loopback or with the token; the decision reads no
// state and no clock.
// Not here: sockets (server.ts), routes (routes.ts).

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { limits } from '../../config/limits.js';
import { PAGE_PATHS } from './page.js';

export interface Policy {
  /** It listens on an address that only this machine can reach. */
  readonly loopback: boolean;
  /** The host name of the configured address. */
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
    return { status: 414, error: 'the address is too long', hint: `at most ${limits.urlBytesMax} bytes` };
  }
  if (!url.startsWith('/') || request.hasBody) {
    return { status: 400, error: 'not a plain GET', hint: 'ask for a path, without a body' };
  }
  const path = url.split('?', 1)[0];
  const authorised = policy.token !== '' && isToken(request.authorization, policy.token);
  // /metrics holds no SQL, and a scraper may use any name that the network has for this host.
  const anyHost = authorised || (path === METRICS_PATH && !policy.loopback);
  if (!anyHost && !isOwnHost(request.host, policy)) {
    return {
      status: 403,
      error: 'the Host header names another host',
      hint: 'use an IP address or localhost, or send the token: another name may belong to a page that attacks this address',
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

/** DNS rebinding needs a name, so IP addresses are safe, and so are the names that we know. */
function isOwnHost(header: string | undefined, policy: Policy): boolean {
  if (header === undefined) return false;
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::[0-9]{1,5})?$/.exec(header);
  if (parts === null) return false;
  const name = (parts[1] ?? parts[2]).toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || name === policy.host.toLowerCase();
}

/** Compares digests, so that the time it takes tells neither the content nor the length of the token. */
function isToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) return false;
  return timingSafeEqual(digestOf(given), digestOf(token));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
