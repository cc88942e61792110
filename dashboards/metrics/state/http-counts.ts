// Counts the HTTP requests that were refused, by the reason.
// Invariant: the reasons are a closed list, so that each is exported as 0 before the first.
// Not here: refusing (dashboards/http), how counts reach the main thread (dashboards/threads).

const HTTP_REFUSALS = [
  /** A method, an address or a body that pgwitness does not take. */
  'malformed',
  /** The Host header names another host. */
  'foreign_host',
  /** A page of another site asked. */
  'cross_site',
  /** Not on loopback, and no token is configured. */
  'not_loopback',
  'no_token',
  'wrong_token',
  /** The address had sent too many wrong tokens. */
  'too_many_wrong_tokens',
  /** Too many questions waited, or the observer was too busy to render its metrics. */
  'busy',
] as const;

export type HttpRefusal = (typeof HTTP_REFUSALS)[number];

export interface HttpCountsDelta {
  readonly wrongTokens: number;
  readonly refused: Readonly<Record<HttpRefusal, number>>;
}

export class HttpCounts {
  /** Tokens that were not the right one, whether or not the request needed one. */
  wrongTokens = 0;
  refused = nothing();

  add(delta: HttpCountsDelta): void {
    this.wrongTokens += delta.wrongTokens;
    for (const reason of HTTP_REFUSALS) this.refused[reason] += delta.refused[reason];
  }

  /** What was counted since the last call. */
  take(): HttpCountsDelta {
    const { wrongTokens, refused } = this;
    this.wrongTokens = 0;
    this.refused = nothing();
    return { wrongTokens, refused };
  }
}

function nothing(): Record<HttpRefusal, number> {
  return Object.fromEntries(HTTP_REFUSALS.map((reason) => [reason, 0])) as Record<HttpRefusal, number>;
}
