// Reads the bearer token of a request, and limits how many wrong ones an address may try.
// Invariant: beyond the limit an address's tokens are not read for a while, unless it showed the right one lately.
// What is remembered of addresses is bounded. A wrong token is counted and logged, never its text.
// Not here: what the token opens (guard.ts), the file it comes from (config/token.ts).

import { createHash, timingSafeEqual } from 'node:crypto';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import type { HttpCounts } from '../metrics/state/http-counts.js';

/** 'unread': the address sent too many wrong ones. 'none': no token was sent, or none is configured. */
export type TokenState = 'right' | 'wrong' | 'unread' | 'none';

export interface TokenGateOptions {
  /** '' = none is configured. */
  readonly token: string;
  readonly counts: HttpCounts;
  readonly log: Log;
  /** A monotonic clock. */
  readonly nowMs?: () => number;
}

interface Known {
  /** When all its wrong tokens are forgotten: each moves it on by wrongTokenMs. */
  forgottenMs: number;
  /** It showed the right token before this moment. */
  trustedUntilMs: number;
}

export class TokenGate {
  readonly #options: TokenGateOptions;
  readonly #nowMs: () => number;
  readonly #digest: Buffer;
  /** By address; the one that was heard of longest ago first. */
  readonly #known = new Map<string, Known>();

  constructor(options: TokenGateOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#digest = digestOf(options.token);
  }

  get hasToken(): boolean {
    return this.#options.token !== '';
  }

  /** `authorization`: the header, as sent. `address`: where the request comes from. */
  read(authorization: string | undefined, address: string): TokenState {
    if (!this.hasToken || authorization === undefined) return 'none';
    const nowMs = this.#nowMs();
    const client = clientOf(address);
    const known = this.#known.get(client) ?? { forgottenMs: 0, trustedUntilMs: 0 };
    const openMs = Math.max(0, known.forgottenMs - nowMs);
    const isSpent = openMs > (limits.wrongTokensMax - 1) * limits.wrongTokenMs;
    if (isSpent && known.trustedUntilMs <= nowMs) return 'unread';
    const isRight = this.#isToken(authorization);
    if (isRight) known.trustedUntilMs = nowMs + limits.tokenTrustedMs;
    else if (!isSpent) known.forgottenMs = nowMs + openMs + limits.wrongTokenMs;
    this.#remember(client, known);
    if (isRight) return 'right';
    this.#options.counts.wrongTokens++;
    this.#options.log.warn('an HTTP request had a wrong token', { address });
    return isSpent ? 'unread' : 'wrong';
  }

  #remember(client: string, known: Known): void {
    this.#known.delete(client);
    this.#known.set(client, known);
    if (this.#known.size <= limits.tokenAddressesMax) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest);
  }

  /** Compares digests, so that the time it takes tells neither the content nor the length of the token. */
  #isToken(authorization: string): boolean {
    const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
    return given !== undefined && timingSafeEqual(digestOf(given), this.#digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** An IPv6 client has a whole /64 to send from, so that is what is known of it. */
function clientOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head, tail = ''] = address.split('%', 1)[0].split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === '' ? [] : tail.split(':');
  if (address.includes('::')) while (groups.length + behind.length < 8) groups.push('0');
  return `${[...groups, ...behind].slice(0, 4).join(':')}::/64`;
}
