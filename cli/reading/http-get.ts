// Sends one request to another pgwitness process: to its API or its health listener.
// Invariant: the answer is bounded in time and size, and its connection is closed, so that the command can exit.
// Not here: the meaning of the answer.

import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { RuntimeError } from '../../config/values/errors.js';

const ANSWER_BYTES_MAX = 512 * 1024 * 1024;

export interface AskOptions {
  /** Without a body. */
  readonly method?: 'GET' | 'POST';
  readonly token?: string;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export type GetOptions = Omit<AskOptions, 'method'>;

/** Throws RuntimeError when there is no answer. */
export function httpGet(url: URL, options: GetOptions): Promise<HttpAnswer> {
  return httpAsk(url, options);
}

/** Throws RuntimeError when there is no answer. */
export function httpAsk(url: URL, options: AskOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (what: string, cause?: unknown): void => {
      const hint = 'check the address, and that pgwitness runs there';
      reject(new RuntimeError(what, { where: `${url.origin}${url.pathname}`, hint, cause }));
    };
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const request = send(url, { agent: false, headers, method: options.method ?? 'GET' }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > ANSWER_BYTES_MAX) request.destroy(new Error('the answer is too large'));
      });
      response.on('error', (error) => fail(`the answer broke off (${error.message})`, error));
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer in ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(`no answer (${error.code ?? error.message})`, error);
    });
    request.end();
  });
}
