// Asks the API of a running pgwitness for one answer, and reads it.
// Invariant: an answer of another version is an error, never a wrong report.
// Not here: the request itself (http-get.ts).

import { RuntimeError } from '../../config/values/errors.js';
import { httpGet } from './http-get.js';

const TIMEOUT_MS = 60_000;

export interface JsonQuestion<T> {
  readonly parameters: URLSearchParams;
  readonly decode: (json: unknown) => T;
  readonly token?: string;
}

/** Throws RuntimeError. */
export async function askJson<T>(base: URL, path: string, { parameters, decode, token }: JsonQuestion<T>): Promise<T> {
  const url = new URL(base);
  url.pathname = base.pathname.replace(/\/+$/, '') + path;
  url.search = parameters.toString();
  const { status, body } = await httpGet(url, { token, timeoutMs: TIMEOUT_MS });
  if (status !== 200) throw refusedBy(url, { status, body });
  try {
    return decode(JSON.parse(body));
  } catch (error) {
    const what = 'the answer is not a report of this version of pgwitness';
    throw new RuntimeError(what, { where: url.origin, hint: 'use the same version at both ends', cause: error });
  }
}

/** The error that an answer other than 200 is. */
export function refusedBy(url: URL, answer: { status: number; body: string }): RuntimeError {
  let told: { error?: unknown; hint?: unknown } = {};
  try {
    told = JSON.parse(answer.body) as typeof told;
  } catch {
    // The answer is not from pgwitness, so the status is all there is to report.
  }
  const what = typeof told?.error === 'string' ? told.error : `the answer is ${answer.status}`;
  const hint =
    answer.status === 401
      ? 'give --token-file'
      : typeof told?.hint === 'string'
        ? told.hint
        : 'check that pgwitness runs there';
  return new RuntimeError(what, { where: url.origin, hint });
}
