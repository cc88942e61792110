// Decides whether a request may be answered, by its method, its site, its host name and its token.
// Invariant: answers with SQL or names of users are given only on loopback or with the token, and to no page of
// another site; what writes (a mark) needs the token everywhere; the decision reads no state and no clock.
// Not here: sockets (server.ts), routes (dispatch.ts), reading tokens (token-gate.ts).

import { limits } from '../../config/limits.js';
import type { HttpRefusal } from '../metrics/state/http-counts.js';
import { isOwnHost, type OwnHosts } from './own-hosts.js';
import { PAGE_PATHS } from './page.js';
import type { TokenState } from './token-gate.js';

export interface Policy {
  /** It listens on an address that only this machine can reach. */
  readonly loopback: boolean;
  readonly hosts: OwnHosts;
  /** A bearer token is configured. */
  readonly hasToken: boolean;
}

export interface RequestFacts {
  readonly method: string;
  readonly url: string;
  /** The Host header. */
  readonly host: string | undefined;
  /** The address of this machine that the request came to. */
  readonly local: string;
  readonly token: TokenState;
  /** The Sec-Fetch headers. Browsers send them to loopback and over HTTPS; other programs do not. */
  readonly fetch: {
    readonly site: string | undefined;
    readonly mode: string | undefined;
    readonly dest: string | undefined;
  };
  readonly hasBody: boolean;
}

export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 414 | 429;
  readonly reason: HttpRefusal;
  readonly error: string;
  readonly hint: string;
}

const METRICS_PATH = '/metrics';
export const MARKS_PATH = '/api/v1/marks';

/** undefined = answer it. */
export function refusalOf(request: RequestFacts, policy: Policy): Refusal | undefined {
  const path = request.url.split('?', 1)[0];
  return (
    malformed(request, path) ??
    crossSite(request, path) ??
    foreignHost(request, { policy, path }) ??
    closed(request, { policy, path })
  );
}

function malformed({ method, url, hasBody }: RequestFacts, path: string): Refusal | undefined {
  const reason = 'malformed';
  if (method !== 'GET' && method !== 'HEAD' && !(method === 'POST' && path === MARKS_PATH)) {
    const hint = `use GET; POST sets a mark at ${MARKS_PATH}`;
    return { status: 405, reason, error: `${method} is not answered`, hint };
  }
  if (url.length > limits.urlBytesMax) {
    return { status: 414, reason, error: 'the address is too long', hint: `at most ${limits.urlBytesMax} bytes` };
  }
  if (url.startsWith('/') && !hasBody) return undefined;
  return { status: 400, reason, error: 'not a plain request', hint: 'ask for a path, without a body' };
}

/** A page of another site cannot read an answer, but asking alone costs a report. A link to the page is welcome. */
function crossSite({ fetch }: RequestFacts, path: string): Refusal | undefined {
  if (fetch.site === undefined || fetch.site === 'same-origin' || fetch.site === 'none') return undefined;
  if (path === '/' && fetch.mode === 'navigate' && fetch.dest === 'document') return undefined;
  return {
    status: 403,
    reason: 'cross_site',
    error: 'a page of another site asked',
    hint: 'open the page of pgwitness itself, or ask with a program that is no browser',
  };
}

interface Asked {
  readonly policy: Policy;
  readonly path: string;
}

function foreignHost({ host, local, token }: RequestFacts, { policy, path }: Asked): Refusal | undefined {
  // /metrics holds no SQL, and a scraper may use any name that the network has for this host. A page that attacks this
  // address by a name of its own has no token.
  if (token === 'right' || (path === METRICS_PATH && !policy.loopback)) return undefined;
  if (isOwnHost(host, { own: policy.hosts, local })) return undefined;
  return {
    status: 403,
    reason: 'foreign_host',
    error: 'the Host header names another host',
    hint: 'use localhost or the address that pgwitness listens on, name the host with --http-host, or send the token',
  };
}

function closed({ method, token }: RequestFacts, { policy, path }: Asked): Refusal | undefined {
  if (path === METRICS_PATH || token === 'right') return undefined;
  // What writes needs the token on loopback too: any program of the machine may ask there.
  if (method === 'POST' && !policy.hasToken) return NO_MARKS;
  if (policy.hasToken) return PAGE_PATHS.has(path) ? undefined : NEEDS_TOKEN[token];
  if (policy.loopback) return undefined;
  return {
    status: 403,
    reason: 'not_loopback',
    error: 'only /metrics is answered on this address',
    hint: 'listen on loopback (--http 127.0.0.1:6434), or give --http-token-file to answer the rest with a token',
  };
}

const NO_MARKS: Refusal = {
  status: 403,
  reason: 'no_token',
  error: 'a mark is set only with a token',
  hint: 'run pgwitness with --http-token-file, or set the mark with --data on its machine',
};

const NEEDS_TOKEN: Readonly<Record<Exclude<TokenState, 'right'>, Refusal>> = {
  none: {
    status: 401,
    reason: 'no_token',
    error: 'a token is needed',
    hint: 'send Authorization: Bearer with the token of --http-token-file',
  },
  wrong: {
    status: 401,
    reason: 'wrong_token',
    error: 'the token is wrong',
    hint: 'send Authorization: Bearer with the token of --http-token-file',
  },
  unread: {
    status: 429,
    reason: 'too_many_wrong_tokens',
    error: 'too many wrong tokens came from this address',
    hint: 'wait, then send the token of --http-token-file',
  },
};
