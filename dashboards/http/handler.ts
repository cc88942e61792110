// Takes each HTTP request to its answer, with headers that restrict the browser.
// Invariant: the guard passes a request before a route sees it; every refusal is counted.
// Not here: connections and their time limits (server.ts), who may ask (guard.ts), what is answered (dispatch.ts).

import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { isLoopback, type TcpAddress } from '../../config/values/address.js';
import { HttpCounts } from '../metrics/state/http-counts.js';
import { type Answer, jsonAnswer } from './answer.js';
import type { ApiReader } from './api.js';
import { Dispatch, type MetricsReader } from './dispatch.js';
import { type Policy, type Refusal, refusalOf } from './guard.js';
import { TokenGate } from './token-gate.js';

export interface HandlerOptions {
  readonly address: TcpAddress;
  readonly hosts?: readonly string[];
  readonly token?: string;
  readonly metrics: MetricsReader;
  readonly api: ApiReader;
  readonly counts?: HttpCounts;
  readonly log: Log;
}

export class Handler {
  readonly #policy: Policy;
  readonly #tokens: TokenGate;
  readonly #dispatch: Dispatch;
  readonly #counts: HttpCounts;
  readonly #log: Log;

  constructor(options: HandlerOptions) {
    const { address, hosts = [], token = '', counts = new HttpCounts(), log } = options;
    this.#counts = counts;
    this.#log = log;
    this.#dispatch = new Dispatch(options);
    this.#tokens = new TokenGate({ token, counts, log });
    this.#policy = {
      loopback: isLoopback(address),
      hosts: { listen: address.host, named: hosts },
      hasToken: this.#tokens.hasToken,
    };
  }

  /** `gone` is aborted when the request is answered or its connection is gone. */
  take(request: IncomingMessage, { response, gone }: { response: ServerResponse; gone: AbortSignal }): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      this.#counts.refused[refusal.reason]++;
      // The body of a refused request is not read, so the connection ends with the answer.
      response.setHeader('connection', 'close');
      this.#send(response, answerOf(refusal));
      return;
    }
    const { method, headers } = request;
    this.#dispatch.answer(request.url!, { accept: headers.accept, sets: method === 'POST', gone }).then(
      (answer) => this.#send(response, answer),
      (error: unknown) => {
        this.#log.error('an HTTP request failed', { error });
        this.#send(response, FAILED);
      },
    );
  }

  #refusalOf({ method = '', url = '', headers, socket }: IncomingMessage): Refusal | undefined {
    return refusalOf(
      {
        method,
        url,
        host: headers.host,
        local: socket.localAddress ?? '',
        token: this.#tokens.read(headers.authorization, socket.remoteAddress ?? ''),
        fetch: {
          site: header(headers['sec-fetch-site']),
          mode: header(headers['sec-fetch-mode']),
          dest: header(headers['sec-fetch-dest']),
        },
        hasBody:
          (headers['content-length'] ?? empty(method)) !== empty(method) || headers['transfer-encoding'] !== undefined,
      },
      this.#policy,
    );
  }

  #send(response: ServerResponse, { status, contentType, body, retryAfterSeconds }: Answer): void {
    if (response.destroyed) return;
    if (status === 503 && retryAfterSeconds !== undefined) this.#counts.refused.busy++;
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
    response.writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    });
    response.end(body);
  }
}

function answerOf({ status, error, hint, reason }: Refusal): Answer {
  const answer = jsonAnswer(status, { error, hint });
  if (reason !== 'too_many_wrong_tokens') return answer;
  return { ...answer, retryAfterSeconds: limits.wrongTokenMs / 1_000 };
}

/** Some clients say of a POST that nothing comes. */
function empty(method: string): string | undefined {
  return method === 'POST' ? '0' : undefined;
}

/** node:http joins headers of this kind that come twice. */
function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

const FAILED = jsonAnswer(500, { error: 'the request failed', hint: 'see the log of pgwitness for the reason' });
